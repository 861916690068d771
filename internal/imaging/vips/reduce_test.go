package vips_test

import (
	"image"
	"image/color"
	"testing"

	"pixmill/internal/imaging"
)

// TestRender_APixelBesideTheWhole: what is decoded for a large variant is not too
// large for a tiny one.
func TestRender_APixelBesideTheWhole(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	halves := scene{100, 2, []block{{0, 0, 50, 2, color.NRGBA{20, 40, 160, 255}}, {50, 0, 50, 2, color.NRGBA{220, 40, 160, 255}}}}
	_, out := renderAll(t, e, halves.png(t, 50, color.NRGBA{}),
		imaging.Spec{Format: imaging.FormatPNG},
		imaging.Spec{Width: 2, Format: imaging.FormatPNG},
		imaging.Spec{Width: 1, Height: 100, Fit: imaging.FitFill, Format: imaging.FormatPNG})
	for i, want := range []image.Point{{5000, 100}, {2, 1}, {1, 100}} {
		if v := out[i]; v.Err != nil || v.Width != want.X || v.Height != want.Y {
			t.Fatalf("variant %d: %d×%d px, %v; want %d×%d", i, v.Width, v.Height, v.Err, want.X, want.Y)
		}
	}
	m := pixels(t, e, out[2])
	if r, _, _, _ := m.At(0, 50).RGBA(); r>>8 < 110 || r>>8 > 130 {
		t.Errorf("the mean is %v, want 120 of red", m.At(0, 50))
	}
}
