package imagingtest

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"testing"

	"pixmill/internal/imaging"
)

// fit checks the size of every fit, and that all fits show what they should.
// The source is a card of 600 × 400 px.
func (s *suite) fit(t *testing.T) {
	e := s.engine(t)
	src := pngOf(t, card(600, 400))
	const grow = true
	for _, c := range []struct {
		fit           imaging.Fit
		width, height int
		enlarge       bool
		wantW, wantH  int
	}{
		{"", 0, 0, false, 600, 400},
		{"", 300, 0, false, 300, 200},
		{imaging.FitInside, 0, 200, false, 300, 200},
		{imaging.FitInside, 300, 300, false, 300, 200},
		{imaging.FitInside, 500, 100, false, 150, 100},
		{imaging.FitInside, 600, 400, false, 600, 400},
		{imaging.FitInside, 1200, 0, false, 600, 400},
		{imaging.FitInside, 0, 500, false, 600, 400},
		{imaging.FitInside, 900, 900, false, 600, 400},
		{imaging.FitInside, 1200, 0, grow, 1200, 800},
		{imaging.FitInside, 900, 900, grow, 900, 600},
		{imaging.FitOutside, 300, 300, false, 450, 300},
		{imaging.FitOutside, 300, 100, false, 300, 200},
		{imaging.FitOutside, 300, 0, false, 300, 200},
		{imaging.FitOutside, 900, 900, false, 600, 400},
		{imaging.FitOutside, 900, 900, grow, 1350, 900},
		{imaging.FitCover, 200, 200, false, 200, 200},
		{imaging.FitCover, 300, 100, false, 300, 100},
		{imaging.FitCover, 100, 300, false, 100, 300},
		{imaging.FitCover, 300, 0, false, 300, 200},
		{imaging.FitCover, 1000, 1000, false, 400, 400},
		{imaging.FitCover, 1200, 300, false, 600, 150},
		{imaging.FitCover, 800, 800, grow, 800, 800},
		{imaging.FitContain, 300, 300, false, 300, 300},
		{imaging.FitContain, 500, 100, false, 500, 100},
		{imaging.FitContain, 0, 200, false, 300, 200},
		{imaging.FitContain, 800, 800, false, 800, 800},
		{imaging.FitContain, 900, 900, grow, 900, 900},
		{imaging.FitFill, 100, 300, false, 100, 300},
		{imaging.FitFill, 500, 50, false, 500, 50},
		{imaging.FitFill, 300, 0, false, 300, 200},
		{imaging.FitFill, 1000, 100, false, 600, 100},
		{imaging.FitFill, 1000, 100, grow, 1000, 100},
	} {
		t.Run(fmt.Sprintf("%s %d×%d enlarge %v", c.fit, c.width, c.height, c.enlarge), func(t *testing.T) {
			v := s.one(t, e, src, imaging.Spec{Width: c.width, Height: c.height, Fit: c.fit, Enlarge: c.enlarge, Format: imaging.FormatPNG})
			size(t, v, c.wantW, c.wantH)
			if c.fit != imaging.FitContain {
				s.looks(t, e, v, "RG/BY")
			}
		})
	}
	t.Run("odd sizes keep the aspect ratio", func(t *testing.T) { s.aspect(t, e) })
	t.Run("one pixel high", func(t *testing.T) {
		v := s.one(t, e, pngOf(t, card(600, 2)), imaging.Spec{Width: 100, Format: imaging.FormatPNG})
		size(t, v, 100, 1)
	})
	t.Run("density", func(t *testing.T) { s.density(t, e, src) })
	t.Run("contain", func(t *testing.T) { s.contain(t, e, src) })
}

// aspect checks that the free side is the nearest whole pixel, and that inside
// never leaves its box.
func (s *suite) aspect(t *testing.T, e imaging.Engine) {
	const w, h = 451, 299
	src := pngOf(t, card(w, h))
	for width := 40; width < 440; width += 37 {
		spec := imaging.Spec{Width: width, Format: imaging.FormatPNG}
		v := s.one(t, e, src, spec)
		if want := float64(h) * float64(width) / w; v.Width != width || math.Abs(float64(v.Height)-want) > 0.5001 {
			t.Errorf("width %d gave %d×%d, want a height of %.2f", width, v.Width, v.Height, want)
		}
		spec = imaging.Spec{Width: width, Height: width / 2, Format: imaging.FormatPNG}
		if v := s.one(t, e, src, spec); v.Width > width || v.Height > width/2 || (v.Width != width && v.Height != width/2) {
			t.Errorf("a box of %d×%d gave %d×%d", width, width/2, v.Width, v.Height)
		}
	}
}

// density checks that DPR multiplies the size and not what is seen.
func (s *suite) density(t *testing.T, e imaging.Engine, src []byte) {
	for _, c := range []struct {
		dpr          float64
		wantW, wantH int
	}{{0, 100, 80}, {1, 100, 80}, {2, 200, 160}, {1.5, 150, 120}, {3, 300, 240}} {
		v := s.one(t, e, src, imaging.Spec{Width: 100, Height: 80, DPR: c.dpr, Fit: imaging.FitCover, Format: imaging.FormatPNG})
		size(t, v, c.wantW, c.wantH)
		s.looks(t, e, v, "RG/BY")
	}
}

// contain checks where the image is put, and what is around it.
func (s *suite) contain(t *testing.T, e imaging.Engine, src []byte) {
	for _, c := range []struct {
		name, background string
		format           imaging.Format
		gravity          imaging.Gravity
		width, height    int
		top, middle, end string // at the top left, the centre's left, and the bottom right corner
	}{
		{"transparent by default", "", imaging.FormatPNG, "", 300, 400, "-", "R", "-"},
		{"white by default without alpha", "", imaging.FormatJPEG, "", 300, 400, "W", "R", "W"},
		{"coloured", "#204060", imaging.FormatPNG, "", 300, 400, "N", "R", "N"},
		{"coloured jpeg", "#204060", imaging.FormatJPEG, "", 300, 400, "N", "R", "N"},
		{"coloured clear", "#20406000", imaging.FormatPNG, "", 300, 400, "-", "R", "-"},
		{"north", "#204060", imaging.FormatPNG, imaging.GravityNorth, 300, 400, "R", "B", "N"},
		{"south", "#204060", imaging.FormatPNG, imaging.GravitySouth, 300, 400, "N", "N", "Y"},
		{"not enlarged", "#204060", imaging.FormatPNG, "", 1200, 800, "N", "N", "N"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := s.one(t, e, src, imaging.Spec{Width: c.width, Height: c.height, Fit: imaging.FitContain, Gravity: c.gravity, Background: c.background, Format: c.format})
			size(t, v, c.width, c.height)
			m := s.decode(t, e, v.Data)
			if got := ink(m, 0.1, 0.04) + ink(m, 0.1, 0.45) + ink(m, 0.9, 0.96); got != c.top+c.middle+c.end {
				t.Errorf("top left, middle left, bottom right are %s, want %s", got, c.top+c.middle+c.end)
			}
			if c.gravity == "" {
				if got := ink(m, 0.45, 0.45) + ink(m, 0.55, 0.55); got != "RY" {
					t.Errorf("around the centre are %s, want RY", got)
				}
			}
		})
	}
	t.Run("a coloured pad leaves transparency", func(t *testing.T) {
		m := card(600, 400)
		fill(m, image.Rect(0, 0, 300, 200), color.NRGBA{})
		v := s.one(t, e, pngOf(t, m), imaging.Spec{Width: 300, Height: 400, Fit: imaging.FitContain, Background: "#204060", Format: imaging.FormatPNG})
		out := s.decode(t, e, v.Data)
		if got := ink(out, 0.5, 0.1) + ink(out, 0.25, 0.4) + ink(out, 0.75, 0.6); got != "N-Y" {
			t.Errorf("pad, clear quarter and opaque quarter are %s, want N-Y", got)
		}
	})
}
