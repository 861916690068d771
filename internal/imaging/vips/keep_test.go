package vips_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"pixmill/internal/imaging"
)

// segment puts an application segment behind a JPEG's first marker.
func segment(jpeg []byte, marker byte, body string) []byte {
	out := append([]byte{}, jpeg[:2]...)
	out = append(out, 0xff, marker)
	out = binary.BigEndian.AppendUint16(out, uint16(2+len(body)))
	return append(append(out, body...), jpeg[2:]...)
}

// TestRender_CopyrightInIPTCAndXMP: of the two, only who made the picture and
// whose it is goes through, in every format that libvips writes them into.
func TestRender_CopyrightInIPTCAndXMP(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	src := renderOne(t, e, photo(t, "coffee.png"), imaging.Spec{Width: 100, Format: imaging.FormatJPEG}).Data
	src = segment(src, 0xed, "Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x1e"+
		"\x1c\x02\x5a\x00\x06London"+"\x1c\x02\x74\x00\x0eOwned by Ada 1!")
	src = segment(src, 0xe1, "http://ns.adobe.com/xap/1.0/\x00"+
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">`+
		`<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="51,30N">`+
		`<dc:rights>Rights of Ada</dc:rights><dc:title>a secret title</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>`)
	for _, c := range []struct {
		metadata     string
		kept, hidden []string
	}{
		{"", nil, []string{"Owned by Ada", "London", "Rights of Ada", "secret title", "51,30N"}},
		{"copyright", []string{"Owned by Ada", "Rights of Ada"}, []string{"London", "secret title", "51,30N"}},
		{"all", []string{"Owned by Ada", "London", "Rights of Ada", "secret title"}, []string{"51,30N"}},
	} {
		got := renderOne(t, e, src, imaging.Spec{Width: 50, Format: imaging.FormatJPEG, Metadata: c.metadata}).Data
		for _, text := range c.kept {
			if !bytes.Contains(got, []byte(text)) {
				t.Errorf("metadata %q: %q is gone", c.metadata, text)
			}
		}
		for _, text := range c.hidden {
			if bytes.Contains(got, []byte(text)) {
				t.Errorf("metadata %q: %q is still there", c.metadata, text)
			}
		}
	}
}

// TestRender_AutoKeepsFrames: where frames are wanted, FormatAuto chooses among
// the formats that have them.
func TestRender_AutoKeepsFrames(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	src := animation(t, 60, 4)
	moving := renderOne(t, e, src, imaging.Spec{Width: 40, Format: imaging.FormatAuto, Animated: true})
	if moving.Frames != 4 || moving.Format != imaging.FormatWebP {
		t.Errorf("got %s with %d frames, want webp with 4", moving.Format, moving.Frames)
	}
	still := renderOne(t, e, src, imaging.Spec{Width: 40, Format: imaging.FormatAuto, Formats: []imaging.Format{imaging.FormatJPEG, imaging.FormatPNG}, Animated: true})
	if still.Frames != 1 {
		t.Errorf("got %s with %d frames from formats that have none", still.Format, still.Frames)
	}
}

// TestRender_EqualQuality: FormatAuto's quality is on JPEG's scale.
func TestRender_EqualQuality(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	for _, format := range []imaging.Format{imaging.FormatJPEG, imaging.FormatWebP, imaging.FormatAVIF} {
		low := renderOne(t, e, photo(t, "chelsea.png"), imaging.Spec{Width: 200, Format: imaging.FormatAuto, Formats: []imaging.Format{format}, Quality: 40})
		high := renderOne(t, e, photo(t, "chelsea.png"), imaging.Spec{Width: 200, Format: imaging.FormatAuto, Formats: []imaging.Format{format}, Quality: 85})
		if low.Quality >= high.Quality || len(low.Data) >= len(high.Data) {
			t.Errorf("%s: quality 40 became %d with %d bytes, 85 became %d with %d bytes", format, low.Quality, len(low.Data), high.Quality, len(high.Data))
		}
		if format == imaging.FormatJPEG && (low.Quality != 40 || high.Quality != 85) {
			t.Errorf("JPEG's own qualities became %d and %d", low.Quality, high.Quality)
		}
	}
}
