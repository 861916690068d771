package vips_test

import (
	"bytes"
	"image"
	"image/png"
	"testing"

	"pixmill/internal/imaging"
)

// TestRender_HairlinesStayAPixelWide: shrinking while loading must not shrink a
// side away.
func TestRender_HairlinesStayAPixelWide(t *testing.T) {
	for _, size := range []image.Point{{X: 1000, Y: 1}, {X: 1, Y: 1000}, {X: 3000, Y: 3}} {
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewGray(image.Rectangle{Max: size})); err != nil {
			t.Fatal(err)
		}
		e := newEngine(t, imaging.Limits{})
		line := renderOne(t, e, b.Bytes(), imaging.Spec{Width: 100, Height: 100, Format: imaging.FormatWebP})
		for name, src := range map[string][]byte{"png": b.Bytes(), "webp": renderOne(t, e, b.Bytes(), imaging.Spec{Format: imaging.FormatWebP}).Data} {
			out := renderOne(t, e, src, imaging.Spec{Width: 100, Height: 100, Format: imaging.FormatPNG})
			if out.Width != line.Width || out.Height != line.Height || min(out.Width, out.Height) != 1 {
				t.Errorf("%v of %s became %d×%d", size, name, out.Width, out.Height)
			}
		}
	}
}
