package imagingtest

import (
	"image"
	"image/color"
	"math/rand/v2"
	"strings"
	"testing"

	"pixmill/internal/imaging"
)

// crop checks which part FitCover keeps. The source is a card of 600 × 400 px;
// boxes of 100 × 400 and 600 × 100 px keep one column or one row of it.
func (s *suite) crop(t *testing.T) {
	e := s.engine(t)
	src := pngOf(t, card(600, 400))
	for _, c := range []struct {
		gravity imaging.Gravity
		column  string // top and bottom ink of what a tall box keeps
		row     string // left and right ink of what a wide box keeps
	}{
		{"", "", ""},
		{imaging.GravityCentre, "", ""},
		{imaging.GravityNorth, "", "RG"},
		{imaging.GravityNorthEast, "GY", "RG"},
		{imaging.GravityEast, "GY", ""},
		{imaging.GravitySouthEast, "GY", "BY"},
		{imaging.GravitySouth, "", "BY"},
		{imaging.GravitySouthWest, "RB", "BY"},
		{imaging.GravityWest, "RB", ""},
		{imaging.GravityNorthWest, "RB", "RG"},
	} {
		t.Run("gravity "+string(c.gravity), func(t *testing.T) {
			tall := s.one(t, e, src, imaging.Spec{Width: 100, Height: 400, Fit: imaging.FitCover, Gravity: c.gravity, Format: imaging.FormatPNG})
			size(t, tall, 100, 400)
			want := c.column
			if want == "" { // the middle column: all four quarters
				s.looks(t, e, tall, "RG/BY")
			} else {
				s.looks(t, e, tall, want[:1]+want[:1]+"/"+want[1:]+want[1:])
			}
			wide := s.one(t, e, src, imaging.Spec{Width: 600, Height: 100, Fit: imaging.FitCover, Gravity: c.gravity, Format: imaging.FormatPNG})
			size(t, wide, 600, 100)
			if c.row == "" {
				s.looks(t, e, wide, "RG/BY")
			} else {
				s.looks(t, e, wide, c.row+"/"+c.row)
			}
		})
	}
	t.Run("to the very edge", func(t *testing.T) { s.edges(t, e) })
	t.Run("crop and reduce", func(t *testing.T) {
		v := s.one(t, e, src, imaging.Spec{Width: 50, Height: 100, Fit: imaging.FitCover, Gravity: imaging.GravityEast, Format: imaging.FormatPNG})
		size(t, v, 50, 100)
		s.looks(t, e, v, "GG/YY")
	})
	t.Run("focal point", func(t *testing.T) { s.focal(t, e, src) })
	for _, gravity := range []imaging.Gravity{imaging.GravitySmart, imaging.GravityEntropy} {
		t.Run(string(gravity), func(t *testing.T) { s.interest(t, e, gravity) })
	}
	t.Run("smart keeps the face", func(t *testing.T) { s.face(t, e) })
}

// edges crops a framed picture: a crop shows the frame exactly on the sides
// that its gravity, or its focal point in a corner, pulls it to.
func (s *suite) edges(t *testing.T, e imaging.Engine) {
	const frame = 4
	m := card(300, 300)
	for _, r := range []image.Rectangle{
		image.Rect(0, 0, 300, frame), image.Rect(0, 300-frame, 300, 300),
		image.Rect(0, 0, frame, 300), image.Rect(300-frame, 0, 300, 300),
	} {
		fill(m, r, inks['K'])
	}
	src := pngOf(t, m)
	for _, c := range []struct {
		name  string
		spec  imaging.Spec
		sides string // of n, e, s, w, those with the frame
	}{
		{"centre", imaging.Spec{}, ""},
		{"north", imaging.Spec{Gravity: imaging.GravityNorth}, "n"},
		{"northeast", imaging.Spec{Gravity: imaging.GravityNorthEast}, "ne"},
		{"east", imaging.Spec{Gravity: imaging.GravityEast}, "e"},
		{"southeast", imaging.Spec{Gravity: imaging.GravitySouthEast}, "es"},
		{"south", imaging.Spec{Gravity: imaging.GravitySouth}, "s"},
		{"southwest", imaging.Spec{Gravity: imaging.GravitySouthWest}, "sw"},
		{"west", imaging.Spec{Gravity: imaging.GravityWest}, "w"},
		{"northwest", imaging.Spec{Gravity: imaging.GravityNorthWest}, "nw"},
		{"focal point at the top left", imaging.Spec{Focal: &imaging.Point{X: 0, Y: 0}}, "nw"},
		{"focal point at the bottom right", imaging.Spec{Focal: &imaging.Point{X: 1, Y: 1}}, "es"},
		{"focal point near the middle", imaging.Spec{Focal: &imaging.Point{X: 0.55, Y: 0.45}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.spec.Fit, c.spec.Format = imaging.FitCover, imaging.FormatPNG
			for _, along := range []string{"we", "ns"} { // the axis on which the crop can move
				c.spec.Width, c.spec.Height = 100, 300
				if along == "ns" {
					c.spec.Width, c.spec.Height = 300, 100
				}
				got := framedSides(s.decode(t, e, s.one(t, e, src, c.spec).Data), along, frame)
				want := strings.Map(func(side rune) rune {
					if strings.ContainsRune(along, side) {
						return side
					}
					return -1
				}, c.sides)
				if got != want {
					t.Errorf("a crop of %d×%d px shows the frame at %q, want %q", c.spec.Width, c.spec.Height, got, want)
				}
			}
		})
	}
}

// framedSides names the sides of m, out of n, e, s and w, that are black.
func framedSides(m image.Image, sides string, frame int) string {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	places := map[rune]image.Point{
		'n': {w / 3, frame / 2},
		'e': {w - frame/2 - 1, h / 3},
		's': {w / 3, h - frame/2 - 1},
		'w': {frame / 2, h / 3},
	}
	return strings.Map(func(side rune) rune {
		at := places[side]
		c, _ := color.NRGBAModel.Convert(m.At(at.X, at.Y)).(color.NRGBA)
		if apart(c, inks['K']) > 24 {
			return -1
		}
		return side
	}, sides)
}

// focal checks that the focal point is kept, as near to the middle as the edges
// allow, that it overrides the gravity, and that it is a place in the oriented
// source whatever is extracted and turned before the crop.
func (s *suite) focal(t *testing.T, e imaging.Engine, src []byte) {
	middle := &imaging.Rect{X: 150, Y: 0, Width: 300, Height: 400}
	for _, c := range []struct {
		name string
		x, y float64
		spec imaging.Spec
		want string
	}{
		{"left edge", 0, 0.5, imaging.Spec{Width: 100, Height: 400}, "RR/BB"},
		{"right edge", 1, 0.5, imaging.Spec{Width: 100, Height: 400}, "GG/YY"},
		{"middle", 0.5, 0.5, imaging.Spec{Width: 100, Height: 400}, "RG/BY"},
		{"left of the middle", 0.4, 0.5, imaging.Spec{Width: 100, Height: 400}, "RR/BB"},
		{"top", 0.5, 0.1, imaging.Spec{Width: 600, Height: 100}, "RG/RG"},
		{"bottom", 0.5, 0.9, imaging.Spec{Width: 600, Height: 100}, "BY/BY"},
		{"left, turned to the top", 0, 0.5, imaging.Spec{Rotate: 90, Width: 400, Height: 100}, "BR/BR"},
		{"right, turned to the bottom", 1, 0.5, imaging.Spec{Rotate: 90, Width: 400, Height: 100}, "YG/YG"},
		{"top, turned to the right", 0.5, 0, imaging.Spec{Rotate: 90, Width: 100, Height: 600}, "RR/GG"},
		{"left, turned to the right", 0, 0.5, imaging.Spec{Rotate: 180, Width: 100, Height: 400}, "BB/RR"},
		{"left, turned to the bottom", 0, 0.5, imaging.Spec{Rotate: 270, Width: 400, Height: 100}, "RB/RB"},
		{"left of an extract", 0.25, 0.5, imaging.Spec{Extract: middle, Width: 100, Height: 400}, "RR/BB"},
		{"right of an extract", 0.75, 0.5, imaging.Spec{Extract: middle, Width: 100, Height: 400}, "GG/YY"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.spec.Fit, c.spec.Gravity, c.spec.Format = imaging.FitCover, imaging.GravityNorthWest, imaging.FormatPNG
			c.spec.Focal = &imaging.Point{X: c.x, Y: c.y}
			v := s.one(t, e, src, c.spec)
			size(t, v, c.spec.Width, c.spec.Height)
			s.looks(t, e, v, c.want)
		})
	}
}

// interest puts one patch of saturated noise on a flat grey picture, at either
// end, and checks that the crop holds it.
func (s *suite) interest(t *testing.T, e imaging.Engine, gravity imaging.Gravity) {
	for name, left := range map[string]int{"at the left": 30, "at the right": 470} {
		t.Run(name, func(t *testing.T) {
			m := image.NewNRGBA(image.Rect(0, 0, 600, 200))
			fill(m, m.Bounds(), color.NRGBA{150, 150, 150, 255})
			rng := rand.New(rand.NewPCG(7, 7))
			for y := 50; y < 150; y += 4 {
				for x := left; x < left+100; x += 4 {
					fill(m, image.Rect(x, y, x+4, y+4), color.NRGBA{uint8(150 + rng.IntN(106)), uint8(rng.IntN(120)), uint8(rng.IntN(60)), 255})
				}
			}
			v := s.one(t, e, pngOf(t, m), imaging.Spec{Width: 200, Height: 200, Fit: imaging.FitCover, Gravity: gravity, Format: imaging.FormatPNG})
			size(t, v, 200, 200)
			out := s.decode(t, e, v.Data)
			red := 0
			for y := range 200 {
				for x := range 200 {
					if c := color.NRGBAModel.Convert(out.At(x, y)).(color.NRGBA); int(c.R) > int(c.B)+40 {
						red++
					}
				}
			}
			if red < 9000 { // of the patch's 10,000 px
				t.Errorf("the crop holds %d px of the patch, want nearly all 10,000", red)
			}
		})
	}
}

// face crops a portrait to a wide strip and checks that the face is in it: the
// strip holds skin, and the orange of the suit does not fill it.
func (s *suite) face(t *testing.T, e imaging.Engine) {
	v := s.one(t, e, file(t, "photos/astronaut.png"), imaging.Spec{Width: 256, Height: 100, Fit: imaging.FitCover, Gravity: imaging.GravitySmart, Format: imaging.FormatPNG})
	size(t, v, 256, 100)
	m := s.decode(t, e, v.Data)
	skin := 0
	for y := range 100 {
		for x := range 256 {
			c := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
			if c.R > 180 && c.G > 120 && c.G < 200 && c.B > 90 && c.B < 180 && c.R > c.G+25 && c.G > c.B {
				skin++
			}
		}
	}
	if skin < 250 {
		t.Errorf("%d px look like skin, want the face (about 500)", skin)
	}
}
