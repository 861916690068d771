package imagingtest

import (
	"bytes"
	"encoding/binary"
	"errors"

	"pixmill/internal/imaging"
)

// webpHeader reads the chunks of a WebP file, RFC 9649.
func webpHeader(data []byte) (header, error) {
	h := header{Format: imaging.FormatWebP, Loop: -1}
	still := 0
	for i := 12; i+8 <= len(data); {
		length := int(binary.LittleEndian.Uint32(data[i+4:]))
		if i+8+length > len(data) {
			return header{}, errors.New("a WebP chunk is cut off")
		}
		body := data[i+8 : i+8+length]
		switch string(data[i : i+4]) {
		case "VP8X":
			h.Width, h.Height = 1+uint24(body[4:]), 1+uint24(body[7:])
		case "ANIM":
			h.Loop = int(binary.LittleEndian.Uint16(body[4:]))
		case "ANMF":
			h.Frames++
		case "VP8 ":
			still++
			if h.Width == 0 {
				h.Width = int(binary.LittleEndian.Uint16(body[6:])) & 0x3fff
				h.Height = int(binary.LittleEndian.Uint16(body[8:])) & 0x3fff
			}
		case "VP8L":
			still++
			h.Lossless = true
			if h.Width == 0 {
				bits := binary.LittleEndian.Uint32(body[1:])
				h.Width, h.Height = 1+int(bits&0x3fff), 1+int(bits>>14&0x3fff)
			}
		case "EXIF":
			h.EXIF = bytes.TrimPrefix(body, []byte("Exif\x00\x00"))
		case "ICCP":
			h.ICC = true
		case "XMP ":
			h.XMP = true
		}
		i += 8 + length + length&1
	}
	h.Frames += still
	if h.Frames == 0 {
		return header{}, errors.New("the WebP has no image")
	}
	return h, nil
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

// avifHeader finds the largest image spatial extent of an AVIF still. It looks
// for the boxes by name and does not walk the tree, which is enough for files
// that an encoder has just made.
func avifHeader(data []byte) (header, error) {
	h := header{Format: imaging.FormatAVIF, Frames: 1, Loop: -1}
	for rest := data; ; {
		_, after, found := bytes.Cut(rest, []byte("ispe"))
		if !found {
			break
		}
		if len(after) >= 12 {
			h.Width = max(h.Width, int(binary.BigEndian.Uint32(after[4:])))
			h.Height = max(h.Height, int(binary.BigEndian.Uint32(after[8:])))
		}
		rest = after
	}
	if h.Width == 0 {
		return header{}, errors.New("the AVIF has no ispe box")
	}
	h.ICC = bytes.Contains(data, []byte("colrprof")) || bytes.Contains(data, []byte("colrrICC"))
	for _, order := range []string{"II\x2a\x00", "MM\x00\x2a"} {
		if i := bytes.Index(data, []byte(order)); i >= 0 {
			h.EXIF = data[i:]
		}
	}
	return h, nil
}
