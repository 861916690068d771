package imagingtest

import (
	"image"
	"image/color"
	"testing"

	"pixmill/internal/imaging"
)

// trim checks that a border of the corner's colour is removed, whatever that
// colour is, and nothing else.
func (s *suite) trim(t *testing.T) {
	e := s.engine(t)
	framed := func(border color.NRGBA) *image.NRGBA {
		m := image.NewNRGBA(image.Rect(0, 0, 400, 300))
		fill(m, m.Bounds(), border)
		inner := card(200, 100)
		for y := range 100 {
			for x := range 200 {
				m.SetNRGBA(x+50, y+120, inner.NRGBAAt(x, y))
			}
		}
		return m
	}
	for _, c := range []struct {
		name   string
		border color.NRGBA
	}{
		{"white", inks['W']},
		{"black", inks['K']},
		{"navy", inks['N']},
		{"transparent", color.NRGBA{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := s.one(t, e, pngOf(t, framed(c.border)), imaging.Spec{Trim: 10, Format: imaging.FormatPNG})
			size(t, v, 200, 100)
			s.looks(t, e, v, "RG/BY")
		})
	}
	t.Run("a noisy border within the threshold", func(t *testing.T) {
		m := framed(color.NRGBA{200, 200, 200, 255})
		fill(m, image.Rect(0, 100, 30, 140), color.NRGBA{206, 196, 200, 255})
		v := s.one(t, e, pngOf(t, m), imaging.Spec{Trim: 20, Format: imaging.FormatPNG})
		size(t, v, 200, 100)
	})
	t.Run("then resize", func(t *testing.T) {
		v := s.one(t, e, pngOf(t, framed(inks['W'])), imaging.Spec{Trim: 10, Width: 100, Format: imaging.FormatPNG})
		size(t, v, 100, 50)
		s.looks(t, e, v, "RG/BY")
	})
	t.Run("a large jpeg, reduced", func(t *testing.T) {
		m := image.NewNRGBA(image.Rect(0, 0, 1600, 1200))
		fill(m, m.Bounds(), inks['W'])
		inner := card(800, 400)
		for y := range 400 {
			for x := range 800 {
				m.SetNRGBA(x+80, y+640, inner.NRGBAAt(x, y))
			}
		}
		v := s.one(t, e, jpegOf(t, m), imaging.Spec{Trim: 30, Width: 80, Format: imaging.FormatPNG})
		if v.Width != 80 || v.Height < 39 || v.Height > 41 {
			t.Errorf("the variant is %d×%d px, want 80×40", v.Width, v.Height)
		}
		s.looks(t, e, v, "RG/BY")
	})
	t.Run("nothing to trim", func(t *testing.T) {
		v := s.one(t, e, pngOf(t, card(300, 200)), imaging.Spec{Trim: 10, Format: imaging.FormatPNG})
		size(t, v, 300, 200)
	})
	t.Run("all of one colour", func(t *testing.T) {
		m := image.NewNRGBA(image.Rect(0, 0, 60, 40))
		fill(m, m.Bounds(), inks['N'])
		v := s.one(t, e, pngOf(t, m), imaging.Spec{Trim: 10, Format: imaging.FormatPNG})
		size(t, v, 60, 40) // there is no border: nothing is inside it
	})
}
