package imagingtest

import (
	"image"
	"image/color"
	"testing"

	"pixmill/internal/imaging"
)

// geometry checks extract, rotate, flip and flop, alone and in their order.
func (s *suite) geometry(t *testing.T) {
	e := s.engine(t)
	src := pngOf(t, card(600, 400))
	for _, c := range []struct {
		name          string
		spec          imaging.Spec
		width, height int
		want          string
	}{
		{"extract", imaging.Spec{Extract: &imaging.Rect{X: 0, Y: 0, Width: 300, Height: 400}}, 300, 400, "RR/BB"},
		{"extract off the middle", imaging.Spec{Extract: &imaging.Rect{X: 350, Y: 250, Width: 200, Height: 100}}, 200, 100, "YY/YY"},
		{"extract and resize", imaging.Spec{Extract: &imaging.Rect{X: 300, Y: 0, Width: 300, Height: 200}, Width: 90}, 90, 60, "GG/GG"},
		{"extract and enlarge", imaging.Spec{Extract: &imaging.Rect{X: 250, Y: 150, Width: 100, Height: 100}, Width: 200, Enlarge: true}, 200, 200, "RG/BY"},
		{"extract is not enlarged", imaging.Spec{Extract: &imaging.Rect{X: 250, Y: 150, Width: 100, Height: 100}, Width: 200}, 100, 100, "RG/BY"},
		{"extract the whole", imaging.Spec{Extract: &imaging.Rect{Width: 600, Height: 400}, Width: 300}, 300, 200, "RG/BY"},
		{"rotate 90", imaging.Spec{Rotate: 90}, 400, 600, "BR/YG"},
		{"rotate 180", imaging.Spec{Rotate: 180}, 600, 400, "YB/GR"},
		{"rotate 270", imaging.Spec{Rotate: 270}, 400, 600, "GY/RB"},
		{"rotate before resize", imaging.Spec{Rotate: 90, Width: 200}, 200, 300, "BR/YG"},
		{"flip", imaging.Spec{Flip: true}, 600, 400, "BY/RG"},
		{"flop", imaging.Spec{Flop: true}, 600, 400, "GR/YB"},
		{"flip and flop", imaging.Spec{Flip: true, Flop: true, Width: 300}, 300, 200, "YB/GR"},
		{"rotate, then flop", imaging.Spec{Rotate: 90, Flop: true, Width: 200}, 200, 300, "RB/GY"},
		{"crop, then flop", imaging.Spec{Flop: true, Width: 100, Height: 400, Fit: imaging.FitCover, Gravity: imaging.GravityWest}, 100, 400, "RR/BB"},
		{"extract, then rotate", imaging.Spec{Extract: &imaging.Rect{Width: 300, Height: 400}, Rotate: 90, Width: 200}, 200, 150, "BR/BR"},
		{"rotate, then crop", imaging.Spec{Rotate: 90, Width: 100, Height: 50, Fit: imaging.FitCover, Gravity: imaging.GravityNorth}, 100, 50, "BR/BR"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.spec.Format = imaging.FormatPNG
			v := s.one(t, e, src, c.spec)
			size(t, v, c.width, c.height)
			s.looks(t, e, v, c.want)
		})
	}
	t.Run("the same from a large jpeg", func(t *testing.T) { s.shrunkExtract(t, e) })
	t.Run("many sizes from one decode", func(t *testing.T) { s.manySizes(t, e) })
}

// shrunkExtract extracts and reduces far, so that an engine which decodes at a
// fraction of the size has to convert the region.
func (s *suite) shrunkExtract(t *testing.T, e imaging.Engine) {
	m := card(1600, 1200)
	fill(m, image.Rect(1000, 800, 1200, 1000), color.NRGBA{32, 64, 96, 255})
	v := s.one(t, e, jpegOf(t, m), imaging.Spec{Extract: &imaging.Rect{X: 1000, Y: 800, Width: 200, Height: 200}, Width: 20, Format: imaging.FormatPNG})
	size(t, v, 20, 20)
	s.looks(t, e, v, "NN/NN")
}

// manySizes asks for sizes from tiny to whole at once: each is right, whatever
// it was made from.
func (s *suite) manySizes(t *testing.T, e imaging.Engine) {
	src := jpegOf(t, card(1600, 1200))
	var specs []imaging.Spec
	for _, width := range []int{16, 1600, 100, 800, 400, 1200, 1599} {
		specs = append(specs, imaging.Spec{Width: width, Format: imaging.FormatJPEG})
	}
	specs = append(specs, imaging.Spec{Width: 80, Height: 80, Fit: imaging.FitCover, Format: imaging.FormatPNG}, imaging.Spec{Rotate: 90, Width: 120, Format: imaging.FormatPNG})
	_, out := s.render(t, e, src, specs...)
	for i, v := range out {
		s.made(t, specs[i], v)
		want := "RG/BY"
		if specs[i].Rotate == 90 {
			want = "BR/YG"
		}
		if v.Width != specs[i].Width {
			t.Errorf("asked for a width of %d, got %d", specs[i].Width, v.Width)
		}
		s.looks(t, e, v, want)
	}
}
