package vips

import (
	"encoding/binary"
	"slices"
)

// maxThumbnails bounds what is remembered of a file; cameras write one or two.
const maxThumbnails = 16

// thumbnails returns the numbers of the items that are nothing but thumbnails of
// other items (ISO/IEC 23008-12, reference type "thmb"). libheif decodes the
// primary item and what it is made of, and a thumbnail only when it is asked to,
// which no loader of this package does. An item with any other part in a
// reference, as an alpha plane or a tile, is not among them; and none is where
// there are too many, or where the references are not laid out as they must be,
// since a reader that takes them otherwise would see other ones.
func thumbnails(data []byte) []uint32 {
	var found []uint32
	sound := references(data, func(kind string, from uint32, _ itemNumbers) {
		if kind == "thmb" && len(found) <= maxThumbnails && !slices.Contains(found, from) {
			found = append(found, from)
		}
	})
	if !sound || len(found) > maxThumbnails {
		return nil
	}
	strike := func(used func(uint32) bool) { found = slices.DeleteFunc(found, used) }
	references(data, func(kind string, from uint32, to itemNumbers) {
		strike(func(id uint32) bool { return kind != "thmb" && id == from || to.contain(id) })
	})
	for kind, box := range metaBoxes(data) {
		if kind != "pitm" {
			continue
		}
		version, body := box.full()
		primary := itemNumbers{body, numberWidth(version)}
		strike(func(id uint32) bool { return primary.len() == 0 || primary.at(0) == id })
	}
	return found
}

// references walks all item references of the file (ISO/IEC 14496-12, "iref") and
// is false where one of their boxes is longer or shorter than what is in it, or may
// be read in more than one way.
func references(data []byte, each func(kind string, from uint32, to itemNumbers)) (sound bool) {
	for kind, box := range metaBoxes(data) {
		if kind != "iref" {
			continue
		}
		version, inner := box.full()
		width := numberWidth(version)
		read := 0
		for kind, ref := range boxes(inner) {
			// The body of a box of an extended type begins with 16 bytes of that type.
			if ref.cut || kind == "uuid" || len(ref.body) < width+2 {
				return false
			}
			from := itemNumbers{ref.body[:width], width}
			to := itemNumbers{ref.body[width+2:], width}
			if int(binary.BigEndian.Uint16(ref.body[width:]))*width != len(to.raw) {
				return false
			}
			each(kind, from.at(0), to)
			read += 8 + len(ref.body)
		}
		if box.cut || read != len(inner) {
			return false
		}
	}
	return true
}

// numberWidth is how many bytes an item's number has in a box of a version.
func numberWidth(version byte) int {
	if version == 0 {
		return 2
	}
	return 4
}

// itemNumbers are item numbers where they lie in the file.
type itemNumbers struct {
	raw   []byte
	width int // bytes of one
}

func (n itemNumbers) len() int { return len(n.raw) / n.width }

func (n itemNumbers) at(i int) uint32 {
	if n.width == 2 {
		return uint32(binary.BigEndian.Uint16(n.raw[2*i:]))
	}
	return binary.BigEndian.Uint32(n.raw[4*i:])
}

func (n itemNumbers) contain(id uint32) bool {
	for i := range n.len() {
		if n.at(i) == id {
			return true
		}
	}
	return false
}
