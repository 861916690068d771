package vips

import (
	"bytes"

	"pixmill/internal/imaging"
)

// sniff names the format by its first bytes; "" for none that Pixmill knows.
// Names, extensions and media types are never believed.
func sniff(data []byte) imaging.Format {
	for _, m := range magics {
		if len(data) >= m.offset && bytes.HasPrefix(data[m.offset:], []byte(m.bytes)) &&
			(m.also == "" || bytes.HasPrefix(data, []byte(m.also))) {
			return m.format
		}
	}
	if f := sniffISOBMFF(data); f != "" {
		return f
	}
	return sniffDrawing(data)
}

// magics are the signatures, from the formats' specifications.
var magics = []struct {
	format imaging.Format
	offset int
	bytes  string
	also   string // at offset 0
}{
	{imaging.FormatJPEG, 0, "\xff\xd8\xff", ""},
	{imaging.FormatPNG, 0, "\x89PNG\r\n\x1a\n", ""},
	{imaging.FormatGIF, 0, "GIF87a", ""},
	{imaging.FormatGIF, 0, "GIF89a", ""},
	{imaging.FormatWebP, 8, "WEBP", "RIFF"},
	{imaging.FormatTIFF, 0, "II*\x00", ""},
	{imaging.FormatTIFF, 0, "MM\x00*", ""},
	{imaging.FormatTIFF, 0, "II+\x00", ""}, // BigTIFF
	{imaging.FormatTIFF, 0, "MM\x00+", ""},
	{imaging.FormatJXL, 0, "\xff\x0a", ""},
	{imaging.FormatJXL, 0, "\x00\x00\x00\x0cJXL \r\n\x87\n", ""},
}

// sniffISOBMFF looks at the brands of an "ftyp" box (ISO/IEC 14496-12): AVIF
// and HEIC are told apart by them alone. A generic brand ("mif1") names neither,
// so that all compatible brands are read.
func sniffISOBMFF(data []byte) imaging.Format {
	if len(data) < 16 || string(data[4:8]) != "ftyp" {
		return ""
	}
	size := int(data[2])<<8 | int(data[3])
	if data[0] != 0 || data[1] != 0 || size > len(data) {
		size = min(len(data), 64)
	}
	found := imaging.Format("")
	for i := 8; i+4 <= size; i += 4 {
		switch string(data[i : i+4]) {
		case "avif", "avis":
			return imaging.FormatAVIF
		case "heic", "heix", "hevc", "hevx", "heim", "heis":
			found = imaging.FormatHEIC
		}
	}
	return found
}
