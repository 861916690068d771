package vips_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"testing"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// pageWith is a white page with a black box on it, as PNG.
func pageWith(t *testing.T, w, h int, ink image.Rectangle) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			if !image.Pt(x, y).In(ink) {
				m.SetGray(x, y, color.Gray{255})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestRender_HostileHairlineAfterTrim: what a trim leaves cannot blow a variant up
// beyond what was admitted; the other variants are made.
func TestRender_HostileHairlineAfterTrim(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	_, out := renderAll(t, e, pageWith(t, 900, 900, image.Rect(100, 10, 103, 890)),
		imaging.Spec{Trim: 10, Width: 300, Enlarge: true, Format: imaging.FormatPNG},
		imaging.Spec{Trim: 10, Width: 300, Format: imaging.FormatPNG})
	limit, ok := errors.AsType[*fault.LimitError](out[0].Err)
	if !ok || limit.Field != "variant pixels after trim" || limit.Value != 300*100*880 || limit.Limit >= limit.Value || fault.KindOf(out[0].Err) != fault.Rejected {
		t.Errorf("got %v, want %d px over the limit", out[0].Err, 300*100*880)
	}
	if out[1].Err != nil || out[1].Width != 3 || out[1].Height != 880 {
		t.Errorf("without enlargement: %d×%d, %v", out[1].Width, out[1].Height, out[1].Err)
	}
}
