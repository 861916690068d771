package vips

import (
	"encoding/binary"
	"iter"
	"slices"

	"pixmill/internal/imaging"
)

// boxes walks the boxes of ISO/IEC 14496-12 that data consists of: their type,
// and what is in them. The last one is shorter than it says where data is cut off:
// cut is true then.
func boxes(data []byte) iter.Seq2[string, isoBox] {
	return func(yield func(string, isoBox) bool) {
		for len(data) >= 8 {
			size, head := uint64(binary.BigEndian.Uint32(data)), 8
			switch {
			case size == 1 && len(data) >= 16:
				size, head = binary.BigEndian.Uint64(data[8:]), 16
			case size == 0: // to the end
				size = uint64(len(data))
			}
			if size < uint64(head) {
				return // no box: the decoder judges it
			}
			cut := size > uint64(len(data))
			end := len(data)
			if !cut {
				end = int(size)
			}
			if !yield(string(data[4:8]), isoBox{body: data[min(head, end):end], cut: cut}) {
				return
			}
			data = data[end:]
		}
	}
}

type isoBox struct {
	body []byte
	cut  bool
}

// full returns a FullBox's version and what follows its flags.
func (b isoBox) full() (version byte, body []byte) {
	if len(b.body) < 4 {
		return 0, nil
	}
	return b.body[0], b.body[4:]
}

// metaBoxes walks what is in the file's "meta" boxes.
func metaBoxes(data []byte) iter.Seq2[string, isoBox] {
	return func(yield func(string, isoBox) bool) {
		for kind, meta := range boxes(data) {
			if kind != "meta" {
				continue
			}
			_, inner := meta.full()
			for kind, box := range boxes(inner) {
				if !yield(kind, box) {
					return
				}
			}
		}
	}
}

// itemTypes walks the numbers and types of all items that the file describes (ISO/IEC
// 23008-12): "av01" is an image in AV1, "hvc1" one in HEVC, "Exif" is metadata.
// What is not described cannot be decoded either. A file may describe millions:
// keep none of them.
func itemTypes(data []byte) iter.Seq2[uint32, string] {
	return func(yield func(uint32, string) bool) {
		for kind, info := range metaBoxes(data) {
			if kind != "iinf" {
				continue
			}
			version, entries := info.full()
			count := 2 // bytes of the number of entries
			if version > 0 {
				count = 4
			}
			for kind, entry := range boxes(entries[min(count, len(entries)):]) {
				if id, t := itemType(entry); kind == "infe" && t != "" && !yield(id, t) {
					return
				}
			}
		}
	}
}

// itemType reads an "infe" box; versions 0 and 1 have no type, and libheif takes
// later ones for version 3.
func itemType(entry isoBox) (id uint32, kind string) {
	version, body := entry.full()
	width := 2 // bytes of the item's number
	if version > 2 {
		width = 4
	}
	at := width + 2 // after the number, and the protection
	if version < 2 || len(body) < at+4 {
		return 0, ""
	}
	return itemNumbers{body, width}.at(0), string(body[at : at+4])
}

// codingOf maps the types of items that are images to the format that stands for
// their codec; "" for a codec that no format of Pixmill has. Grids and overlays
// are made of other items, and all other types are no images.
var codingOf = map[string]imaging.Format{
	"av01": imaging.FormatAVIF,
	"hvc1": imaging.FormatHEIC, "hev1": imaging.FormatHEIC, "lhv1": imaging.FormatHEIC,
	"avc1": "", "vvc1": "", "evc1": "", "jpeg": "", "j2k1": "", "unci": "", "mski": "",
}

// codings returns the formats, each once, whose decoders the images in an AVIF or
// HEIC file need, whatever its brand says, and the type of an item that none of
// them has. Thumbnails, which some cameras write as JPEG, are not decoded.
func codings(data []byte) (formats []imaging.Format, unknown string) {
	unused := thumbnails(data)
	for id, t := range itemTypes(data) {
		if slices.Contains(unused, id) {
			continue
		}
		f, image := codingOf[t]
		if image && f == "" {
			return formats, t
		}
		if image && !slices.Contains(formats, f) {
			formats = append(formats, f)
		}
	}
	return formats, ""
}
