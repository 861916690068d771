package vips_test

import (
	"image/color"
	"math"
	"os"
	"path/filepath"
	"testing"

	"pixmill/internal/imaging"
	"pixmill/internal/imaging/imagingtest"
)

// TestDrawing_EdgesAreSharp: of an upright edge at most one pixel is mixed, however
// large the drawing, and wherever the edge.
func TestDrawing_EdgesAreSharp(t *testing.T) {
	withoutRaceDetector(t)
	e := newEngine(t, imaging.Limits{})
	ink := color.NRGBA{20, 40, 160, 255}
	of := func(w, h float64) scene { return scene{w, h, []block{{w * 0.25, h * 0.25, w * 0.5, h * 0.5, ink}}} }
	for _, c := range []struct {
		name  string
		scene scene
		spec  imaging.Spec
		edge  int // px
	}{
		{"icon", of(24, 24), imaging.Spec{Width: 1600}, 1},
		{"icon at an odd size", of(24, 24), imaging.Spec{Width: 1597}, 1},
		{"a fraction more", of(24.4, 10.4), imaging.Spec{Width: 1601}, 1},
		{"a fraction less", of(15.86, 24), imaging.Spec{Width: 1601}, 1},
		{"A4", of(595.276, 841.89), imaging.Spec{Width: 4000}, 1},
		{"cut to a square", of(24.4, 10.4), imaging.Spec{Width: 601, Height: 601, Fit: imaging.FitCover}, 1},
		{"on its side", of(24.4, 10.4), imaging.Spec{Rotate: 90, Width: 601}, 1},
		{"a part", of(24, 24), imaging.Spec{Extract: &imaging.Rect{X: 3, Y: 3, Width: 18, Height: 18}, Width: 900}, 1},
		{"a part at an odd size", of(24, 24), imaging.Spec{Extract: &imaging.Rect{X: 3, Y: 3, Width: 17, Height: 17}, Width: 901}, 3},
		{"stretched", of(24, 24), imaging.Spec{Width: 900, Height: 400, Fit: imaging.FitFill}, 3},
	} {
		for kind, source := range map[string][]byte{"svg": c.scene.svg(), "pdf": c.scene.pdf()} {
			t.Run(c.name+" "+kind, func(t *testing.T) {
				reads(t, e, kind)
				c.spec.Format = imaging.FormatPNG
				m := pixels(t, e, renderOne(t, e, source, c.spec))
				b := m.Bounds()
				across := mixed(b.Dx(), func(i int) color.Color { return m.At(i, b.Dy()/2) })
				down := mixed(b.Dy(), func(i int) color.Color { return m.At(b.Dx()/2, i) })
				if worst := max(across, down); worst > c.edge {
					t.Errorf("of an edge %d px are mixed across and %d down, want %d at most", across, down, c.edge)
				}
			})
		}
	}
}

// mixed is the longest run of pixels that are neither paper nor ink; there must be ink.
func mixed(n int, at func(int) color.Color) int {
	longest, run, inked := 0, 0, false
	for i := range n {
		c := color.NRGBAModel.Convert(at(i)).(color.NRGBA)
		paper := c.A < 3 || (c.A > 252 && min(c.R, c.G, c.B) > 252)
		ink := c.A > 252 && c.R < 24 && c.G < 44
		inked = inked || ink
		run++
		if paper || ink {
			run = 0
		}
		longest = max(longest, run)
	}
	if !inked {
		return n
	}
	return longest
}

// TestDrawing_CurvesAreDrawn compares a disc with one that Go draws.
func TestDrawing_CurvesAreDrawn(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	reads(t, e, "svg")
	const side, centre, radius = 1600, 800, 800 * 9 / 12.0
	disc := imagingtest.SVG(`viewBox="0 0 24 24"`, `<circle cx="12" cy="12" r="9"/>`)
	m := pixels(t, e, renderOne(t, e, disc, imaging.Spec{Width: side, Format: imaging.FormatPNG}))
	worst := 0.0
	for y := range side {
		for x := range side {
			// Within a pixel the edge is straight: how much of it is covered follows from the distance.
			distance := math.Hypot(float64(x)+0.5-centre, float64(y)+0.5-centre) - radius
			want := max(0, min(1, 0.5-distance))
			_, _, _, a := m.At(x, y).RGBA()
			worst = max(worst, math.Abs(float64(a)/0xffff-want))
		}
	}
	// A quarter of a circle as one cubic curve is off by 0.03 % of the radius.
	if t.Logf("off by %.3f", worst); worst > 0.25 {
		t.Errorf("a pixel's opacity is off by %.3f", worst)
	}
}

// reducedSSIM is how much a variant that is made from the drawing of a larger one is
// like one that is drawn for itself.
const reducedSSIM = 0.99

// TestDrawing_SmallFromLarge: drawing once for all costs small variants little.
func TestDrawing_SmallFromLarge(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	reads(t, e, "svg")
	mill, err := os.ReadFile(filepath.Join("..", "imagingtest", "testdata", "drawings", "mill.svg"))
	if err != nil {
		t.Fatal(err)
	}
	wide := func(w int) imaging.Spec { return imaging.Spec{Width: w, Format: imaging.FormatPNG} }
	_, both := renderAll(t, e, mill, wide(1600), wide(400))
	like(t, e, both[1], renderOne(t, e, mill, wide(400)), reducedSSIM)
}
