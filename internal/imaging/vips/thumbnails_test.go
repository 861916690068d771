package vips

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"pixmill/internal/imaging"
)

// isoOf is a box of ISO/IEC 14496-12.
func isoOf(kind string, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), []byte(kind), body)
}

// reference is one of items of 16 bits.
func reference(kind string, from uint16, to ...uint16) []byte {
	body := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, from), uint16(len(to)))
	for _, id := range to {
		body = binary.BigEndian.AppendUint16(body, id)
	}
	return isoOf(kind, body)
}

// withItem is an AVIF file of one item, number 1, with a second one of a type, whose
// data are the same, and references between them.
func withItem(t *testing.T, data []byte, kind string, references ...[]byte) []byte {
	t.Helper()
	full := make([]byte, 4) // version and flags
	infe := isoOf("infe", []byte{2, 0, 0, 0, 0, 2, 0, 0}, []byte(kind), []byte{0})
	iref := isoOf("iref", full, slices.Concat(references...))
	const head, base, entry = 8, 4, 18 // bytes of the iloc box: before the first item, to its offset, of one item
	grown := uint32(len(infe) + entry + len(iref))
	var meta, out []byte
	for name, box := range metaBoxes(data) {
		body := box.body
		switch name {
		case "iinf":
			body = slices.Concat(full, []byte{0, 2}, body[6:], infe)
		case "iloc":
			first := bytes.Clone(body[head:])
			binary.BigEndian.PutUint32(first[base:], binary.BigEndian.Uint32(first[base:])+grown)
			second := bytes.Clone(first)
			second[1] = 2
			body = slices.Concat(body[:head-1], []byte{2}, first, second)
		}
		meta = append(meta, isoOf(name, body)...)
	}
	for name, box := range boxes(data) {
		body := box.body
		if name == "meta" {
			body = slices.Concat(full, meta, iref)
		}
		out = append(out, isoOf(name, body)...)
	}
	if got := len(out) - len(data); got != int(grown) {
		t.Fatalf("the file has grown by %d bytes, want %d", got, grown)
	}
	return out
}

// TestCodings_Thumbnails: only what is decoded counts, and a hostile file cannot
// call something a thumbnail that is more than that.
func TestCodings_Thumbnails(t *testing.T) {
	avif := testdata(t, "formats/still.avif")
	thumb := reference("thmb", 2, 1)
	longer := bytes.Clone(thumb) // hides what a reader that goes by the count would see
	binary.BigEndian.PutUint32(longer, uint32(len(thumb)+1+len(reference("dimg", 1, 2))))
	var many [][]byte
	for id := range uint16(maxThumbnails + 1) {
		many = append(many, reference("thmb", id+2, 1))
	}
	primary := withItem(t, avif, "jpeg", thumb)
	at := bytes.Index(primary, []byte("pitm")) + 8
	primary[at+1] = 2
	// With its extended type this is a reference to nothing, then "dimg" from 1 to 2 and
	// "cdsc" to nothing; without, one from 9 to twelve items, none of which is 2.
	extended := isoOf("uuid", []byte{0, 0, 0, 9, 0, 12}, make([]byte, 10+6),
		isoOf("dimg", []byte{0, 0, 0, 1, 0, 1, 0, 0, 0, 2}), isoOf("cdsc", make([]byte, 6)))
	wide := withItem(t, avif, "jpeg", isoOf("thmb", []byte{0, 0, 0, 2, 0, 1, 0, 0, 0, 1}), extended)
	wide[bytes.Index(wide, []byte("iref"))+4] = 1 // items of 32 bits
	for name, c := range map[string]struct {
		data    []byte
		unknown string
	}{
		"a thumbnail":                {withItem(t, avif, "jpeg", thumb), ""},
		"a thumbnail with metadata":  {withItem(t, avif, "jpeg", thumb, reference("cdsc", 7, 1)), ""},
		"not referred to":            {withItem(t, avif, "jpeg"), "jpeg"},
		"an alpha plane":             {withItem(t, avif, "jpeg", reference("auxl", 2, 1)), "jpeg"},
		"a thumbnail and alpha":      {withItem(t, avif, "jpeg", thumb, reference("auxl", 2, 1)), "jpeg"},
		"a thumbnail and a tile":     {withItem(t, avif, "jpeg", thumb, reference("dimg", 1, 2)), "jpeg"},
		"a tile first":               {withItem(t, avif, "jpeg", reference("dimg", 1, 9, 2), thumb), "jpeg"},
		"the primary item":           {primary, "jpeg"},
		"a reference that is longer": {withItem(t, avif, "jpeg", longer, []byte{0}, reference("dimg", 1, 2)), "jpeg"},
		"what is no box behind it":   {withItem(t, avif, "jpeg", thumb, []byte{0, 0, 0, 1}), "jpeg"},
		"an extended type":           {wide, "jpeg"},
		"too many":                   {withItem(t, avif, "jpeg", many...), "jpeg"},
	} {
		t.Run(name, func(t *testing.T) {
			formats, unknown := codings(c.data)
			if unknown != c.unknown {
				t.Errorf("the codings are %v and %q, want %q", formats, unknown, c.unknown)
			}
			for n := range c.data {
				codings(c.data[:n])
			}
		})
	}
}

// TestCodings_EveryVersionOfADescription: libheif reads what is later than version 3, too.
func TestCodings_EveryVersionOfADescription(t *testing.T) {
	full := make([]byte, 4) // version and flags
	for version, number := range map[byte][]byte{2: {0, 1}, 3: {0, 0, 0, 1}, 4: {0, 0, 0, 1}, 255: {0, 0, 0, 1}} {
		infe := isoOf("infe", []byte{version, 0, 0, 0}, number, []byte{0, 0}, []byte("hvc1"), []byte{0})
		formats, _ := codings(isoOf("meta", full, isoOf("iinf", full, []byte{0, 1}, infe)))
		if !slices.Equal(formats, []imaging.Format{imaging.FormatHEIC}) {
			t.Errorf("version %d: the codings are %v, want HEVC's", version, formats)
		}
	}
}

// TestProbe_ThumbnailOfAnotherCodec reads the picture that it is of.
func TestProbe_ThumbnailOfAnotherCodec(t *testing.T) {
	e, err := New(imaging.Limits{}, Options{Inputs: []imaging.Format{imaging.FormatAVIF}})
	if err != nil {
		t.Fatal(err)
	}
	_, work := decodedBy(t, e, withItem(t, testdata(t, "formats/still.avif"), "jpeg", reference("thmb", 2, 1)), imaging.Spec{})
	_, want := decoded(t, testdata(t, "formats/still.avif"), imaging.Spec{})
	if !bytes.Equal(work.tall.rgb().Pix, want.tall.rgb().Pix) {
		t.Error("with a thumbnail in JPEG other pixels are decoded")
	}
}
