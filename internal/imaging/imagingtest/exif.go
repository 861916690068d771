package imagingtest

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// EXIF tags of the first directory, CIPA DC-008 section 4.6.
const (
	tagMake        = 0x010f
	tagOrientation = 0x0112
	tagArtist      = 0x013b
	tagCopyright   = 0x8298
	tagGPS         = 0x8825
)

// What a tagged source says in its EXIF and XMP. The texts are found again in
// whatever form an engine writes them.
const (
	exifMake      = "Pixcam Instruments"
	exifArtist    = "Ada Photographer"
	exifCopyright = "2026 Ada Photographer, all rights reserved"
	gpsDatum      = "TOKYO-97"
	xmpLatitude   = "35,39.517N"
)

// exif is a little-endian EXIF block: the orientation, and, if full, the maker,
// the author, the copyright and a position.
func exif(orientation int, full bool) []byte {
	type entry struct {
		tag, kind uint16
		count     uint32
		value     []byte
	}
	ascii := func(tag uint16, s string) entry { return entry{tag, 2, uint32(len(s) + 1), append([]byte(s), 0)} }
	entries := []entry{{tagOrientation, 3, 1, []byte{byte(orientation), 0, 0, 0}}}
	if full {
		entries = append(entries, ascii(tagMake, exifMake), ascii(tagArtist, exifArtist), ascii(tagCopyright, exifCopyright), entry{tagGPS, 4, 1, make([]byte, 4)})
	}
	slices.SortFunc(entries, func(a, b entry) int { return int(a.tag) - int(b.tag) })

	le := binary.LittleEndian
	directory := func(base int, entries []entry) []byte {
		out := le.AppendUint16(nil, uint16(len(entries)))
		var far []byte
		at := base + 2 + 12*len(entries) + 4
		for _, e := range entries {
			out = le.AppendUint32(le.AppendUint16(le.AppendUint16(out, e.tag), e.kind), e.count)
			if len(e.value) <= 4 {
				out = append(out, append(slices.Clone(e.value), make([]byte, 4-len(e.value))...)...)
				continue
			}
			out = le.AppendUint32(out, uint32(at+len(far)))
			far = append(far, e.value...)
			far = append(far, make([]byte, len(far)%2)...)
		}
		return append(le.AppendUint32(out, 0), far...)
	}
	const base = 8
	if full {
		size := len(directory(base, entries))
		for i := range entries {
			if entries[i].tag == tagGPS {
				le.PutUint32(entries[i].value, uint32(base+size))
			}
		}
	}
	out := le.AppendUint32([]byte("II\x2a\x00"), base)
	out = append(out, directory(base, entries)...)
	if full {
		degrees := func(d, m uint32) []byte {
			var b []byte
			for _, v := range []uint32{d, 1, m, 1, 0, 1} {
				b = le.AppendUint32(b, v)
			}
			return b
		}
		out = append(out, directory(len(out), []entry{
			{0, 1, 4, []byte{2, 3, 0, 0}},
			{1, 2, 2, []byte("N\x00")},
			{2, 5, 3, degrees(35, 39)},
			{3, 2, 2, []byte("E\x00")},
			{4, 5, 3, degrees(139, 44)},
			ascii(18, gpsDatum),
		})...)
	}
	return out
}

// xmp is an XMP packet with a rating and a position.
func xmp() []byte {
	return []byte(`<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
		`<rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4" exif:GPSLatitude="` + xmpLatitude + `" exif:GPSLongitude="139,44.45E"/>` +
		`</rdf:RDF></x:xmpmeta><?xpacket end="w"?>`)
}

// ifd0 reads the tags of a block's first directory: the value's bytes as far as
// they stand in the entry, or the text that it points at. An empty block has none.
func ifd0(block []byte) map[uint16][]byte {
	tags := map[uint16][]byte{}
	if len(block) < 8 {
		return tags
	}
	var order binary.ByteOrder = binary.LittleEndian
	if bytes.HasPrefix(block, []byte("MM")) {
		order = binary.BigEndian
	}
	at := int(order.Uint32(block[4:]))
	if at+2 > len(block) {
		return tags
	}
	for i := range int(order.Uint16(block[at:])) {
		e := at + 2 + 12*i
		if e+12 > len(block) {
			break
		}
		value := block[e+8 : e+12]
		kind, count := order.Uint16(block[e+2:]), int(order.Uint32(block[e+4:]))
		if from := int(order.Uint32(value)); kind == 2 && count > 4 && from+count <= len(block) {
			value = block[from : from+count]
		}
		if kind == 3 {
			value = []byte{byte(order.Uint16(value))}
		}
		tags[order.Uint16(block[e:])] = value
	}
	return tags
}
