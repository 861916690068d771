package vips

import (
	"testing"

	"pixmill/internal/imaging"
)

func TestSniff(t *testing.T) {
	ftyp := func(brands string) string {
		size := 8 + len(brands)
		return string([]byte{0, 0, 0, byte(size)}) + "ftyp" + brands
	}
	for _, c := range []struct {
		name string
		data string
		want imaging.Format
	}{
		{"nothing", "", ""},
		{"text", "hello, world: no image", ""},
		{"jpeg", "\xff\xd8\xff\xe0", imaging.FormatJPEG},
		{"half of jpeg's magic", "\xff\xd8", ""},
		{"png", "\x89PNG\r\n\x1a\n", imaging.FormatPNG},
		{"gif 87", "GIF87a", imaging.FormatGIF},
		{"gif 88", "GIF88a", ""},
		{"webp", "RIFF\x00\x00\x00\x00WEBPVP8 ", imaging.FormatWebP},
		{"riff that is a sound", "RIFF\x00\x00\x00\x00WAVEfmt ", ""},
		{"tiff", "II*\x00", imaging.FormatTIFF},
		{"tiff, big endian", "MM\x00*", imaging.FormatTIFF},
		{"jxl codestream", "\xff\x0a\x00", imaging.FormatJXL},
		{"jxl container", "\x00\x00\x00\x0cJXL \r\n\x87\n", imaging.FormatJXL},
		{"avif", ftyp("avif\x00\x00\x00\x00mif1avif"), imaging.FormatAVIF},
		{"heic", ftyp("heic\x00\x00\x00\x00mif1heic"), imaging.FormatHEIC},
		{"avif under a generic brand", ftyp("mif1\x00\x00\x00\x00avif"), imaging.FormatAVIF},
		{"heic under a generic brand", ftyp("mif1\x00\x00\x00\x00heic"), imaging.FormatHEIC},
		{"a film", ftyp("isom\x00\x00\x00\x00mp42"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := sniff([]byte(c.data)); got != c.want {
				t.Errorf("sniff(%q) = %q, want %q", c.data, got, c.want)
			}
		})
	}
}

// sof returns the start of a JPEG up to its frame header.
func sof(marker, precision byte, width, height uint16, sampling ...byte) []byte {
	out := []byte{
		0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, marker, 0, byte(8 + 3*len(sampling)), precision,
		byte(height >> 8), byte(height), byte(width >> 8), byte(width), byte(len(sampling)),
	}
	for i, s := range sampling {
		out = append(out, byte(i+1), s, 0)
	}
	return out
}

// sos returns the header of a scan of so many components.
func sos(components byte) []byte {
	return append([]byte{0xff, 0xda, 0, 6 + 2*components, components}, make([]byte, 2*int(components)+3)...)
}

func TestReadJPEGHead(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		want jpegHead
	}{
		{"baseline 4:2:0", append(sof(0xc0, 8, 16, 16, 0x22, 0x11, 0x11), sos(3)...), jpegHead{precision: 8, components: 3, width: 16, height: 16, coefficients: (4 + 1 + 1) * 64 * 2}},
		{"progressive 4:4:4", append(sof(0xc2, 8, 9, 8, 0x11, 0x11, 0x11), sos(3)...), jpegHead{precision: 8, progressive: true, buffered: true, components: 3, width: 9, height: 8, coefficients: 3 * 2 * 64 * 2}},
		{"baseline in several scans", append(sof(0xc0, 8, 8, 8, 0x11, 0x11, 0x11), sos(1)...), jpegHead{precision: 8, buffered: true, components: 3, width: 8, height: 8, coefficients: 3 * 64 * 2}},
		{"cut off before its first scan", sof(0xc1, 12, 8, 8, 0x11), jpegHead{precision: 12, buffered: true, components: 1, width: 8, height: 8, coefficients: 64 * 2}},
		{
			"a frame header that libjpeg sees, before one that it does not",
			append([]byte{0xff, 0xd8, 0xff, 0x00, 0, 40}, append(sof(0xc2, 8, 8, 8, 0x11)[2:], sos(1)...)...),
			jpegHead{precision: 8, progressive: true, buffered: true, components: 1, width: 8, height: 8, coefficients: 64 * 2},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := readJPEGHead(c.data)
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

func TestReadJPEGHead_CutAnywhere(t *testing.T) {
	whole := sof(0xc0, 8, 16, 16, 0x22, 0x11, 0x11)
	for n := range len(whole) {
		if h, err := readJPEGHead(whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes gave %+v, want an error", n, len(whole), h)
		}
	}
}
