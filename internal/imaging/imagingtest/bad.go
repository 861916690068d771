package imagingtest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// badSpec checks that a spec that cannot be made fails alone, is not retried,
// and says why.
func (s *suite) badSpec(t *testing.T) {
	e := s.engine(t)
	src := pngOf(t, card(240, 160))
	good := imaging.Spec{Width: 120, Format: imaging.FormatPNG}
	for _, c := range []struct {
		name  string
		spec  imaging.Spec
		names string // is in the error
	}{
		{"extract outside", imaging.Spec{Extract: &imaging.Rect{X: 200, Y: 0, Width: 100, Height: 100}}, "extract"},
		{"extract of nothing", imaging.Spec{Extract: &imaging.Rect{X: 10, Y: 10, Width: 0, Height: 10}}, "extract"},
		{"extract at a negative place", imaging.Spec{Extract: &imaging.Rect{X: -1, Y: 0, Width: 10, Height: 10}}, "extract"},
		{"negative width", imaging.Spec{Width: -1}, "width"},
		{"negative height", imaging.Spec{Height: -5}, "height"},
		{"huge", imaging.Spec{Width: 2_000_000, Enlarge: true}, ""},
		{"unknown fit", imaging.Spec{Width: 100, Fit: "squeeze"}, "squeeze"},
		{"unknown gravity", imaging.Spec{Width: 100, Height: 100, Fit: imaging.FitCover, Gravity: "up"}, "up"},
		{"unknown format", imaging.Spec{Width: 100, Format: "bmp"}, "bmp"},
		{"format that is input only", imaging.Spec{Width: 100, Format: imaging.FormatPDF}, "pdf"},
		{"quality over 100", imaging.Spec{Width: 100, Format: imaging.FormatJPEG, Quality: 101}, "101"},
		{"effort over 10", imaging.Spec{Width: 100, Format: imaging.FormatWebP, Effort: 11}, "11"},
		{"rotate by 45", imaging.Spec{Rotate: 45}, "45"},
		{"unknown colour", imaging.Spec{Width: 100, Height: 100, Fit: imaging.FitContain, Background: "navy"}, "navy"},
		{"unknown colour space", imaging.Spec{Width: 100, ColourSpace: "adobe"}, "adobe"},
		{"unknown metadata", imaging.Spec{Width: 100, Metadata: "some"}, "some"},
		{"unknown chroma", imaging.Spec{Width: 100, Format: imaging.FormatJPEG, Chroma: "4:1:1"}, "4:1:1"},
		{"focal point outside", imaging.Spec{Width: 100, Height: 100, Fit: imaging.FitCover, Focal: &imaging.Point{X: 1.5, Y: 0.5}}, "focal"},
		{"negative density", imaging.Spec{Width: 100, DPR: -1}, ""},
		{"palette of one", imaging.Spec{Width: 100, Format: imaging.FormatPNG, Palette: 1}, "palette"},
		{"trim over 255", imaging.Spec{Trim: 300}, "300"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, out := s.render(t, e, src, good, c.spec, good)
			if out[1].Err == nil {
				t.Fatalf("a variant of %d×%d px was made", out[1].Width, out[1].Height)
			}
			if kind := fault.KindOf(out[1].Err); kind != fault.Permanent && kind != fault.Rejected {
				t.Errorf("the kind of %q is %v, want permanent or rejected", out[1].Err, kind)
			}
			if !strings.Contains(strings.ToLower(out[1].Err.Error()), c.names) {
				t.Errorf("%q does not name %q", out[1].Err, c.names)
			}
			if out[1].Data != nil {
				t.Error("a failed variant has bytes")
			}
			for _, i := range []int{0, 2} {
				s.made(t, good, out[i])
			}
		})
	}
}

// badSource checks that what is no whole image is rejected, as a whole and with
// nothing made.
func (s *suite) badSource(t *testing.T) {
	e := s.engine(t)
	whole := map[string][]byte{
		"jpeg":             jpegOf(t, card(640, 480)),
		"progressive jpeg": file(t, "formats/progressive.jpg"),
		"png":              file(t, "photos/chelsea.png"),
		"webp":             file(t, "formats/still.webp"),
		"gif":              flipbook(t, 200, 200, "RGBY"),
		"tiff":             file(t, "formats/still.tiff"),
		"avif":             file(t, "formats/still.avif"),
		"svg":              SVGCard("", "RGBY"),
		"pdf":              PDFCard(),
	}
	sources := map[string][]byte{
		"nil":           nil,
		"empty":         {},
		"one byte":      {0xff},
		"text":          []byte("To whom it may concern: this is not an image.\n"),
		"html":          []byte("<!doctype html><html><body>404</body></html>"),
		"zeros":         make([]byte, 4096),
		"jpeg's magic":  {0xff, 0xd8, 0xff, 0xe0},
		"png's magic":   []byte("\x89PNG\r\n\x1a\n"),
		"gif's magic":   []byte("GIF89a"),
		"broken svg":    []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><g></svg>`),
		"svg of 0 × 10": SVG(`width="0" height="10"`, ""),
		"another xml":   []byte(`<?xml version="1.0"?><note>buy milk</note>`),
		"html with svg": []byte("<!DOCTYPE html><html><body><svg width=\"9\" height=\"9\"></svg></body></html>"),
		"pdf's magic":   []byte("%PDF-1.7\n"),
		"broken pdf":    []byte("%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"),
		"12-bit jpeg":   twelveBit(t),
		"png of 0 × 10": pngHead(0, 10),
	}
	for _, in := range drawings() {
		if !slices.Contains(e.Capability().Inputs, in.want.Format) {
			sources[in.name+", not read here"] = in.data
		}
	}
	for name, data := range sources {
		t.Run(name, func(t *testing.T) {
			_, err := e.Probe(t.Context(), data)
			rejected(t, "Probe", err)
			if s.nothingMade(t, e, data) == nil {
				t.Error("Render found nothing wrong")
			}
			if name == "12-bit jpeg" && err != nil && !strings.Contains(err.Error(), "12") {
				t.Errorf("%q does not name the 12 bits", err)
			}
		})
	}
	for name, data := range whole {
		t.Run("truncated "+name, func(t *testing.T) {
			if err := s.nothingMade(t, e, data[:len(data)*6/10]); err == nil {
				s.lacks(t, "rejecting a truncated "+name)
			}
		})
	}
}

// nothingMade renders data and returns the error. If there is one, it is
// Rejected and no variant came before it.
func (s *suite) nothingMade(t *testing.T, e imaging.Engine, data []byte) error {
	t.Helper()
	made := 0
	_, err := e.Render(t.Context(), data, imaging.Request{Specs: webSet()}, func(_ int, v imaging.Encoded) error {
		if v.Err == nil {
			made++
		}
		return nil
	})
	if err == nil {
		return nil
	}
	rejected(t, "Render", err)
	if made > 0 {
		t.Errorf("%d variants were made before %q", made, err)
	}
	return err
}

func rejected(t *testing.T, op string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s found nothing wrong", op)
		return
	}
	if fault.KindOf(err) != fault.Rejected {
		t.Errorf("the kind of %s's %q is %v, want rejected", op, err, fault.KindOf(err))
	}
	if _, unread := errors.AsType[*imaging.UnsupportedError](err); !unread { // which names the engine
		plainWords(t, err)
	}
}

// plainWords fails t if an error, which stands in a manifest, is more than a line or
// has a library's own words.
func plainWords(t *testing.T, err error) {
	t.Helper()
	if text := strings.ToLower(err.Error()); strings.Contains(text, "vips") || strings.Contains(text, "\n") {
		t.Errorf("%q is not in plain words", err)
	}
}

// twelveBit is a JPEG whose header says 12 bits a sample.
func twelveBit(t *testing.T) []byte {
	data := bytes.Clone(jpegOf(t, card(64, 64)))
	sof := bytes.Index(data, []byte{0xff, 0xc0})
	if sof < 0 {
		t.Fatal("the JPEG has no SOF0")
	}
	data[sof+1], data[sof+4] = 0xc1, 12
	return data
}

// overLimit fails t unless err is a *fault.LimitError of one of the fields with
// the value in it.
func overLimit(t *testing.T, op string, err error, fields map[string]int64) {
	t.Helper()
	limit, ok := asLimit(err)
	if !ok {
		t.Errorf("%s: %v, want a limit error", op, err)
		return
	}
	want, known := fields[limit.Field]
	if !known || limit.Value != want || limit.Limit <= 0 || limit.Limit >= limit.Value {
		t.Errorf("%s: %+v, want one of %v over its limit", op, *limit, fields)
	}
	if fault.KindOf(err) != fault.Rejected {
		t.Errorf("%s: the kind is %v, want rejected", op, fault.KindOf(err))
	}
	for _, part := range []string{limit.Field, fmt.Sprint(limit.Value), fmt.Sprint(limit.Limit)} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %q does not name %q", op, err, part)
		}
	}
}
