package imagingtest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/gif"
	_ "image/jpeg" // image.DecodeConfig
	_ "image/png"  // image.DecodeConfig

	"pixmill/internal/imaging"
)

// header is what a file says of itself, read without any engine.
type header struct {
	Format      imaging.Format
	Width       int
	Height      int
	Frames      int
	Loop        int  // times to repeat; 0 is for ever; -1 where there is none
	Progressive bool // JPEG SOF2, PNG Adam7
	EXIF        []byte
	ICC         bool
	XMP         bool
	Chroma      string // of a JPEG: "4:2:0", "4:4:4", or else the sampling factors
	Palette     int    // colours of a PNG palette; 0 where there is none
	Lossless    bool   // WebP VP8L
}

// readHeader reads the header of an output format.
func readHeader(data []byte) (header, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return jpegHeader(data)
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return pngHeader(data)
	case bytes.HasPrefix(data, []byte("GIF8")):
		g, err := gif.DecodeAll(bytes.NewReader(data))
		if err != nil {
			return header{}, err
		}
		return header{Format: imaging.FormatGIF, Width: g.Config.Width, Height: g.Config.Height, Frames: len(g.Image), Loop: g.LoopCount}, nil
	case len(data) > 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return webpHeader(data)
	case len(data) > 12 && string(data[4:12]) == "ftypavif":
		return avifHeader(data)
	}
	return header{}, fmt.Errorf("%d bytes of no known format, beginning % x", len(data), data[:min(len(data), 12)])
}

func jpegHeader(data []byte) (header, error) {
	h := header{Format: imaging.FormatJPEG, Frames: 1, Loop: -1}
	err := jpegSegments(data, func(marker byte, body []byte) {
		switch {
		case marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")):
			h.EXIF = body[6:]
		case marker == 0xe1 && bytes.HasPrefix(body, []byte("http://ns.adobe.com/xap/1.0/\x00")):
			h.XMP = true
		case marker == 0xe2 && bytes.HasPrefix(body, []byte("ICC_PROFILE\x00")):
			h.ICC = true
		case marker >= 0xc0 && marker <= 0xc2 && len(body) >= 6:
			h.Height = int(binary.BigEndian.Uint16(body[1:]))
			h.Width = int(binary.BigEndian.Uint16(body[3:]))
			h.Progressive = marker == 0xc2
			h.Chroma = jpegChroma(body[5:])
		}
	})
	return h, err
}

// jpegChroma names the subsampling in the component table of a SOF segment.
func jpegChroma(body []byte) string {
	if body[0] != 3 || len(body) < 10 {
		return ""
	}
	switch factors := [3]byte{body[2], body[5], body[8]}; factors {
	case [3]byte{0x22, 0x11, 0x11}:
		return "4:2:0"
	case [3]byte{0x11, 0x11, 0x11}:
		return "4:4:4"
	default:
		return fmt.Sprintf("% x", factors)
	}
}

// jpegSegments calls f for each segment before the first scan.
func jpegSegments(data []byte, f func(marker byte, body []byte)) error {
	for i := 2; i+4 <= len(data); {
		if data[i] != 0xff {
			return fmt.Errorf("byte %d is %#x, want a JPEG marker", i, data[i])
		}
		marker, length := data[i+1], int(binary.BigEndian.Uint16(data[i+2:]))
		if marker == 0xda {
			return nil
		}
		if i+2+length > len(data) || length < 2 {
			return errors.New("a JPEG segment is cut off")
		}
		f(marker, data[i+4:i+2+length])
		i += 2 + length
	}
	return errors.New("the JPEG has no scan")
}

func pngHeader(data []byte) (header, error) {
	c, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return header{}, err
	}
	h := header{Format: imaging.FormatPNG, Width: c.Width, Height: c.Height, Frames: 1, Loop: -1}
	for i := 8; i+12 <= len(data); {
		length := int(binary.BigEndian.Uint32(data[i:]))
		if i+12+length > len(data) {
			return header{}, errors.New("a PNG chunk is cut off")
		}
		body := data[i+8 : i+8+length]
		switch string(data[i+4 : i+8]) {
		case "IHDR":
			h.Progressive = body[12] == 1
		case "PLTE":
			h.Palette = length / 3
		case "iCCP":
			h.ICC = true
		case "eXIf":
			h.EXIF = body
		}
		i += 12 + length
	}
	return h, nil
}
