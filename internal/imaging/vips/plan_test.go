package vips

import (
	"testing"

	"pgregory.net/rapid"

	"pixmill/internal/imaging"
)

// sourceOf is a source that is known by its header alone.
func sourceOf(f imaging.Format, w, h, orientation int) *source {
	c, _ := codecOf(f)
	return &source{codec: c, width: w, height: h, frames: 1, orientation: orientation, bands: 3, bitDepth: 8}
}

func TestPlan_EarlyShrink(t *testing.T) {
	wide := func(w int) imaging.Spec { return imaging.Spec{Width: w} }
	square := imaging.Spec{Width: 200, Height: 200, Fit: imaging.FitCover}
	for _, c := range []struct {
		name        string
		format      imaging.Format
		orientation int
		specs       []imaging.Spec
		shrink, box int
		load        float64
	}{
		{"jpeg for 1600", imaging.FormatJPEG, 1, []imaging.Spec{wide(1600), wide(200)}, 2, 1, 1},
		{"jpeg just above half", imaging.FormatJPEG, 1, []imaging.Spec{wide(2600)}, 1, 1, 1},
		{"jpeg for 800", imaging.FormatJPEG, 1, []imaging.Spec{wide(800)}, 4, 1, 1},
		{"jpeg for 400: an eighth is too near", imaging.FormatJPEG, 1, []imaging.Spec{wide(400)}, 4, 1, 1},
		{"jpeg for 200", imaging.FormatJPEG, 1, []imaging.Spec{wide(200)}, 8, 1, 1},
		{"a cover box counts by its tight side", imaging.FormatJPEG, 1, []imaging.Spec{square}, 4, 1, 1},
		{"on its side the width is the stored height", imaging.FormatJPEG, 6, []imaging.Spec{wide(800)}, 2, 1, 1},
		{"density counts", imaging.FormatJPEG, 1, []imaging.Spec{{Width: 400, DPR: 4}}, 2, 1, 1},
		{"an extract counts by itself", imaging.FormatJPEG, 1, []imaging.Spec{{Extract: &imaging.Rect{Width: 500, Height: 500}, Width: 400}}, 1, 1, 1},
		{"a rotation turns the box", imaging.FormatJPEG, 1, []imaging.Spec{{Rotate: 90, Width: 1500}}, 1, 1, 1},
		{"a trim needs every pixel", imaging.FormatJPEG, 1, []imaging.Spec{{Trim: 10, Width: 100}}, 1, 1, 1},
		{"no resize", imaging.FormatJPEG, 1, []imaging.Spec{{}}, 1, 1, 1},
		{"not beyond the source", imaging.FormatJPEG, 1, []imaging.Spec{wide(9000)}, 1, 1, 1},
		{"a bad spec does not count", imaging.FormatJPEG, 1, []imaging.Spec{{Width: 5000, Rotate: 45}, wide(200)}, 8, 1, 1},
		{"png for 400", imaging.FormatPNG, 1, []imaging.Spec{wide(400)}, 1, 6, 1},
		{"png for 3000", imaging.FormatPNG, 1, []imaging.Spec{wide(3000)}, 1, 1, 1},
		{"webp for 500", imaging.FormatWebP, 1, []imaging.Spec{wide(500)}, 1, 1, 0.2},
		{"webp for 3000", imaging.FormatWebP, 1, []imaging.Spec{wide(3000)}, 1, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := planAll(sourceOf(c.format, 5000, 3000, c.orientation), imaging.Request{Specs: c.specs}, imaging.DefaultLimits())
			if p.shrink != c.shrink || p.box != c.box || p.load != c.load {
				t.Errorf("shrink %d, box %d, load %v; want %d, %d, %v", p.shrink, p.box, p.load, c.shrink, c.box, c.load)
			}
		})
	}
}

// TestPlace_Properties checks what holds for every fit of every size.
func TestPlace_Properties(t *testing.T) {
	side := rapid.IntRange(0, 3000)
	rapid.Check(t, func(t *rapid.T) {
		s := imaging.Spec{
			Width:   side.Draw(t, "width"),
			Height:  side.Draw(t, "height"),
			Fit:     rapid.SampledFrom([]imaging.Fit{"", imaging.FitInside, imaging.FitOutside, imaging.FitCover, imaging.FitContain, imaging.FitFill}).Draw(t, "fit"),
			Enlarge: rapid.Bool().Draw(t, "enlarge"),
		}
		w, h := rapid.IntRange(1, 4000).Draw(t, "w"), rapid.IntRange(1, 4000).Draw(t, "h")
		g := place(&s, region{extract: imaging.Rect{Width: w, Height: h}}, w, h)
		if g.scaledW < 1 || g.scaledH < 1 || g.cropW < 1 || g.cropH < 1 {
			t.Fatalf("%+v has an empty side", g)
		}
		if g.cropW > g.scaledW || g.cropH > g.scaledH || g.cropW > g.canvasW || g.cropH > g.canvasH {
			t.Fatalf("%+v: the crop is larger than what it is of or on", g)
		}
		if !s.Enlarge && (g.scaledW > w || g.scaledH > h) {
			t.Fatalf("%+v: enlarged from %d×%d unasked", g, w, h)
		}
		if s.Width == 0 || s.Height == 0 {
			return
		}
		switch s.Fit {
		case imaging.FitContain:
			if g.canvasW != s.Width || g.canvasH != s.Height {
				t.Fatalf("%+v: contain is not the box %d×%d", g, s.Width, s.Height)
			}
		case imaging.FitCover, imaging.FitInside, imaging.FitFill, "":
			if g.canvasW > s.Width || g.canvasH > s.Height {
				t.Fatalf("%+v: outside the box %d×%d", g, s.Width, s.Height)
			}
		case imaging.FitOutside:
		}
		if s.Fit == imaging.FitCover && s.Enlarge && (g.canvasW != s.Width || g.canvasH != s.Height) {
			t.Fatalf("%+v: an enlarging cover is not the box %d×%d", g, s.Width, s.Height)
		}
	})
}

func TestFocalInRegion(t *testing.T) {
	px := &regionPixels{sourceW: 400, sourceH: 200, trimW: 200, trimH: 100}
	r := region{extract: imaging.Rect{X: 100, Y: 50, Width: 200, Height: 100}}
	for _, c := range []struct {
		rotate     int
		at, wanted imaging.Point
	}{
		{0, imaging.Point{X: 0.5, Y: 0.5}, imaging.Point{X: 0.5, Y: 0.5}},
		{0, imaging.Point{X: 0.25, Y: 0.75}, imaging.Point{X: 0, Y: 1}},
		{0, imaging.Point{X: 0, Y: 0}, imaging.Point{X: 0, Y: 0}}, // outside the region: its nearest corner
		{90, imaging.Point{X: 0.25, Y: 0.25}, imaging.Point{X: 1, Y: 0}},
		{180, imaging.Point{X: 0.25, Y: 0.25}, imaging.Point{X: 1, Y: 1}},
		{270, imaging.Point{X: 0.25, Y: 0.25}, imaging.Point{X: 0, Y: 1}},
	} {
		r.rotate = c.rotate
		if got := focalInRegion(c.at, r, px); got != c.wanted {
			t.Errorf("%v turned by %d is at %v, want %v", c.at, c.rotate, got, c.wanted)
		}
	}
}
