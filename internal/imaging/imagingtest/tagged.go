package imagingtest

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"slices"
	"testing"
)

// withSegment returns a JPEG with an APP1 segment put in at its start.
func withSegment(jpeg []byte, signature string, body []byte) []byte {
	body = append([]byte(signature), body...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2))
	return slices.Concat(jpeg[:2], segment, body, jpeg[2:])
}

// withPNGChunk returns a PNG with a chunk put in after its IHDR.
func withPNGChunk(png []byte, kind string, body []byte) []byte {
	const afterIHDR = 8 + 12 + 13
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	chunk = append(append(chunk, kind...), body...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	return slices.Concat(png[:afterIHDR], chunk, png[afterIHDR:])
}

// withWebPEXIF puts the image chunk of a still WebP of width × height px into
// an extended file with an EXIF chunk, RFC 9649 section 2.7.
func withWebPEXIF(t *testing.T, webp []byte, width, height int, block []byte) []byte {
	t.Helper()
	at := bytes.Index(webp, []byte("VP8 "))
	if at < 0 {
		t.Fatal("the WebP has no VP8 chunk")
	}
	le := binary.LittleEndian
	chunk := func(kind string, body []byte) []byte {
		return slices.Concat([]byte(kind), le.AppendUint32(nil, uint32(len(body))), body, make([]byte, len(body)%2))
	}
	const hasEXIF = 0x08
	w, h := width-1, height-1
	extended := []byte{hasEXIF, 0, 0, 0, byte(w), byte(w >> 8), byte(w >> 16), byte(h), byte(h >> 8), byte(h >> 16)}
	pixels := webp[at+8 : at+8+int(le.Uint32(webp[at+4:]))]
	body := slices.Concat([]byte("WEBP"), chunk("VP8X", extended), chunk("VP8 ", pixels), chunk("EXIF", block))
	return chunk("RIFF", body)
}

// orientedJPEG stores display so that it looks the same again once orientation
// (1 to 8) is applied.
func orientedJPEG(t *testing.T, display *image.NRGBA, orientation int) []byte {
	t.Helper()
	return withSegment(jpegOf(t, stored(display, orientation)), "Exif\x00\x00", exif(orientation, false))
}

// stored undoes an orientation: applying it to the result shows display.
func stored(display *image.NRGBA, orientation int) *image.NRGBA {
	width, height := display.Bounds().Dx(), display.Bounds().Dy()
	if orientation >= 5 {
		width, height = height, width
	}
	out := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range display.Bounds().Dy() {
		for x := range display.Bounds().Dx() {
			sx, sy := x, y
			switch orientation {
			case 2:
				sx = width - 1 - x
			case 3:
				sx, sy = width-1-x, height-1-y
			case 4:
				sy = height - 1 - y
			case 5:
				sx, sy = y, x
			case 6:
				sx, sy = y, height-1-x
			case 7:
				sx, sy = width-1-y, height-1-x
			case 8:
				sx, sy = width-1-y, x
			}
			out.SetNRGBA(sx, sy, display.NRGBAAt(x, y))
		}
	}
	return out
}
