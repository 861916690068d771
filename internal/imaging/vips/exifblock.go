package vips

import "encoding/binary"

// Tags of EXIF's first directory (Exif 2.32, 4.6.4).
const (
	tagArtist    = 0x013b
	tagCopyright = 0x8298
)

// exifBlock is a block with who made the picture and whose it is; nil where
// neither is known. libvips writes EXIF into PNG only for an image that has one.
func exifBlock(artist, copyright string) []byte {
	type entry struct {
		tag  uint16
		text string
	}
	var entries []entry
	for _, e := range []entry{{tagArtist, artist}, {tagCopyright, copyright}} {
		if e.text != "" {
			entries = append(entries, e)
		}
	}
	if len(entries) == 0 {
		return nil
	}
	le := binary.LittleEndian
	out := []byte("Exif\x00\x00")
	const base = 6 // offsets count from the TIFF header
	out = append(out, "II*\x00\x08\x00\x00\x00"...)
	out = le.AppendUint16(out, uint16(len(entries)))
	texts := base + 8 + 2 + 12*len(entries) + 4
	var tail []byte
	for _, e := range entries {
		value := append([]byte(e.text), 0)
		out = le.AppendUint16(out, e.tag)
		out = le.AppendUint16(out, 2) // ASCII
		out = le.AppendUint32(out, uint32(len(value)))
		if len(value) <= 4 {
			out = append(out, append(value, make([]byte, 4-len(value))...)...)
			continue
		}
		out = le.AppendUint32(out, uint32(texts-base+len(tail)))
		tail = append(tail, value...)
	}
	return append(append(out, 0, 0, 0, 0), tail...)
}
