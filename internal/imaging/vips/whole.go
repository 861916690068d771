package vips

import (
	"bytes"
	"encoding/binary"

	"pixmill/internal/imaging"
)

// endsEarly is whether data is the beginning of a longer file, by the structure
// of its format and not by what a decoder says, which differs from one version to
// the next. It may miss a cut; it finds none in a whole file.
func endsEarly(f imaging.Format, data []byte) bool {
	switch f {
	case imaging.FormatJPEG:
		return jpegEndsEarly(data)
	case imaging.FormatPNG:
		return pngEndsEarly(data)
	case imaging.FormatWebP: // RIFF: the size of all that follows
		return len(data) < 12 || uint64(len(data)) < 8+uint64(binary.LittleEndian.Uint32(data[4:]))
	case imaging.FormatGIF:
		return gifEndsEarly(data)
	case imaging.FormatTIFF:
		return tiffEndsEarly(data)
	case imaging.FormatPDF:
		return pdfEndsEarly(data)
	case imaging.FormatSVG:
		return !bytes.HasSuffix(bytes.TrimRight(data, " \t\r\n\x00"), []byte(">"))
	case imaging.FormatAVIF, imaging.FormatHEIC, imaging.FormatJXL:
		if bytes.HasPrefix(data, []byte("\xff\x0a")) {
			return false // a bare JPEG XL codestream does not say how long it is
		}
		return boxesEndEarly(data)
	}
	return false
}

// pdfEndsEarly looks for the end marker near the end, where readers look for it, too
// (ISO 32000-1, 7.5.5, annex H.3.4.4): poppler draws what it finds of a file without
// its end.
func pdfEndsEarly(data []byte) bool {
	const window = 2048
	return !bytes.Contains(data[max(0, len(data)-window):], []byte("%%EOF"))
}

// jpegEndsEarly looks for the end marker (ITU-T T.81, B.1.1.3).
func jpegEndsEarly(data []byte) bool {
	for i := 2; i+1 < len(data); {
		switch marker := data[i+1]; {
		case data[i] != 0xff: // coded data, or noise
			next := bytes.IndexByte(data[i:], 0xff)
			if next < 0 {
				return true
			}
			i += next
		case marker == 0xff: // a fill byte
			i++
		case marker == 0xd9:
			return false
		case marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8): // nothing follows
			i += 2
		case i+4 > len(data):
			return true
		default:
			i += 2 + int(binary.BigEndian.Uint16(data[i+2:]))
		}
	}
	return true
}

// pngEndsEarly walks the chunks to IEND.
func pngEndsEarly(data []byte) bool {
	for at := uint64(8); at+12 <= uint64(len(data)); {
		if string(data[at+4:at+8]) == "IEND" {
			return false
		}
		at += 12 + uint64(binary.BigEndian.Uint32(data[at:]))
	}
	return true
}

// boxesEndEarly is true where a box reaches beyond the end, or where items are
// described and nothing is there that could hold their data.
func boxesEndEarly(data []byte) bool {
	media := false
	for kind, box := range boxes(data) {
		if box.cut {
			return true
		}
		media = media || kind == "mdat" || kind == "jxlc" || kind == "jxlp"
	}
	for kind := range metaBoxes(data) {
		media = media || kind == "idat" // small items may lie beside their description
	}
	if media {
		return false
	}
	for range itemTypes(data) {
		return true
	}
	return false
}

// tiffEndsEarly looks for strips and tiles of the first directory that lie beyond
// the end (TIFF 6.0, section 2).
func tiffEndsEarly(data []byte) bool {
	var order binary.ByteOrder = binary.LittleEndian
	if bytes.HasPrefix(data, []byte("MM")) {
		order = binary.BigEndian
	}
	if len(data) < 8 || order.Uint16(data[2:]) != 42 {
		return false // BigTIFF
	}
	size := uint64(len(data))
	directory := uint64(order.Uint32(data[4:]))
	if directory+2 > size {
		return true
	}
	count := uint64(order.Uint16(data[directory:]))
	if directory+2+12*count > size {
		return true
	}
	var offsets, lengths tiffValues // the last ones: thousands of entries may name the same long array
	for i := range count {
		entry := data[directory+2+12*i:][:12]
		switch order.Uint16(entry) {
		case 273, 324: // StripOffsets, TileOffsets
			offsets = newTIFFValues(data, entry, order)
		case 279, 325: // StripByteCounts, TileByteCounts
			lengths = newTIFFValues(data, entry, order)
		}
	}
	for i := range min(offsets.len(), lengths.len()) {
		if offsets.at(i)+lengths.at(i) > size {
			return true
		}
	}
	return false
}

// tiffValues are the values of a directory's entry, SHORT or LONG, where they lie
// in the file; the zero value has none.
type tiffValues struct {
	raw   []byte
	width int // bytes of one
	order binary.ByteOrder
}

// newTIFFValues finds them; there are none where they lie outside.
func newTIFFValues(data, entry []byte, order binary.ByteOrder) tiffValues {
	v := tiffValues{width: map[uint16]int{3: 2, 4: 4}[order.Uint16(entry[2:])], order: order}
	total := uint64(order.Uint32(entry[4:])) * uint64(v.width)
	if total <= 4 {
		v.raw = entry[8:][:total]
		return v
	}
	at := uint64(order.Uint32(entry[8:]))
	if at+total <= uint64(len(data)) {
		v.raw = data[at : at+total]
	}
	return v
}

func (v tiffValues) len() int {
	if v.width == 0 {
		return 0
	}
	return len(v.raw) / v.width
}

func (v tiffValues) at(i int) uint64 {
	if v.width == 2 {
		return uint64(v.order.Uint16(v.raw[2*i:]))
	}
	return uint64(v.order.Uint32(v.raw[4*i:]))
}
