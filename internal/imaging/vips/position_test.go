package vips_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"testing"

	"pixmill/internal/imaging"
	"pixmill/internal/imaging/imagingtest"
)

// TestRender_PositionIsRemoved: where metadata are kept, the place goes, in every
// format that metadata are written into. With GPS it stays, so that the test can
// fail.
func TestRender_PositionIsRemoved(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	fromJPEG, fromPNG := imagingtest.LocatedJPEG(t), imagingtest.LocatedPNG(t)
	for _, c := range []struct {
		name   string
		source imagingtest.Located
		format imaging.Format
	}{
		{"exif to avif", fromJPEG, imaging.FormatAVIF},
		{"exif to jxl", fromJPEG, imaging.FormatJXL},
		{"exif to webp", fromJPEG, imaging.FormatWebP},
		{"exif to jpeg", fromJPEG, imaging.FormatJPEG},
		{"texts to png", fromPNG, imaging.FormatPNG},
	} {
		t.Run(c.name, func(t *testing.T) {
			needs(t, e, c.format)
			kept := imaging.Spec{Width: 60, Format: c.format, Metadata: "all", GPS: true}
			if c.format == imaging.FormatJXL && !bytes.Contains(renderOne(t, e, c.source.Data, kept).Data, []byte(c.source.Maker)) {
				t.Skip("this libvips writes no metadata into jxl")
			}
			for _, gps := range []bool{false, true} {
				kept.GPS = gps
				data := withTexts(t, renderOne(t, e, c.source.Data, kept).Data)
				if !bytes.Contains(data, []byte(c.source.Maker)) {
					t.Errorf("with GPS %v: what is no secret is gone", gps)
				}
				found := false
				for _, text := range c.source.Position {
					found = found || bytes.Contains(data, []byte(text))
				}
				if found != gps {
					t.Errorf("with GPS %v: the place is there: %v", gps, found)
				}
			}
		})
	}
}

// withTexts appends what is in the compressed texts of a PNG; other data stay as
// they are.
func withTexts(t *testing.T, data []byte) []byte {
	t.Helper()
	if !bytes.HasPrefix(data, []byte("\x89PNG")) {
		return data
	}
	out := bytes.Clone(data)
	for at := 8; at+12 <= len(data); {
		size := int(binary.BigEndian.Uint32(data[at:]))
		if body := data[at+8:][:size]; string(data[at+4:at+8]) == "zTXt" {
			_, packed, _ := bytes.Cut(body, []byte{0})
			z, err := zlib.NewReader(bytes.NewReader(packed[1:])) // behind the method
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, text...)
		}
		at += 12 + size
	}
	return out
}
