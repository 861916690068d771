package imagingtest

import (
	"fmt"
	"image"
	"image/color"
	"testing"

	"pixmill/internal/imaging"
)

// at is the mean colour of the 5 × 5 px around a place in m; 0,0 is the top
// left, 1,1 the bottom right. Alpha is not multiplied in.
func at(m image.Image, fx, fy float64) color.NRGBA {
	b := m.Bounds()
	cx := b.Min.X + int(fx*float64(b.Dx()))
	cy := b.Min.Y + int(fy*float64(b.Dy()))
	area := image.Rect(cx-2, cy-2, cx+3, cy+3).Intersect(b)
	var r, g, bl, a, n int
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			c := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
			r, g, bl, a, n = r+int(c.R), g+int(c.G), bl+int(c.B), a+int(c.A), n+1
		}
	}
	if n == 0 {
		return color.NRGBA{}
	}
	return color.NRGBA{uint8(r / n), uint8(g / n), uint8(bl / n), uint8(a / n)}
}

// apart is the largest difference of a channel. Two transparent colours are the same.
func apart(a, b color.NRGBA) int {
	if a.A < 8 && b.A < 8 {
		return 0
	}
	d := func(x, y uint8) int { return max(int(x)-int(y), int(y)-int(x)) }
	return max(d(a.R, b.R), d(a.G, b.G), d(a.B, b.B), d(a.A, b.A))
}

// ink names the colour at a place in m: a letter of inks, or the colour itself.
func ink(m image.Image, fx, fy float64) string {
	c := at(m, fx, fy)
	for letter, want := range inks {
		if apart(c, want) <= 24 {
			return string(letter)
		}
	}
	return fmt.Sprintf("(%d,%d,%d,%d)", c.R, c.G, c.B, c.A)
}

// nearestInk is the quarter's colour that c is nearest to.
func nearestInk(c color.NRGBA) byte {
	best := byte('R')
	for _, letter := range []byte("GBY") {
		if apart(c, inks[letter]) < apart(c, inks[best]) {
			best = letter
		}
	}
	return best
}

// quarters names the colours of m's four quarters, as "RG/BY".
func quarters(m image.Image) string {
	const near, far = 0.2, 0.8
	return ink(m, near, near) + ink(m, far, near) + "/" + ink(m, near, far) + ink(m, far, far)
}

// looks fails t if the quarters of v are not want.
func (s *suite) looks(t *testing.T, e imaging.Engine, v imaging.Encoded, want string) {
	t.Helper()
	if got := quarters(s.decode(t, e, v.Data)); got != want {
		t.Errorf("the quarters are %s, want %s", got, want)
	}
}

// isColour fails t if a place in m is further than tolerance from want.
func isColour(t *testing.T, m image.Image, fx, fy float64, want color.NRGBA, tolerance int) {
	t.Helper()
	if got := at(m, fx, fy); apart(got, want) > tolerance {
		t.Errorf("at %.2f,%.2f the colour is %v, want %v ± %d", fx, fy, got, want, tolerance)
	}
}
