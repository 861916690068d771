package imagingtest

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"testing"

	"pixmill/internal/imaging"
)

// colour checks that every kind of source ends as the sRGB it means.
func (s *suite) colour(t *testing.T) {
	e := s.engine(t)
	t.Run("display p3 to srgb", func(t *testing.T) {
		v := s.one(t, e, file(t, "formats/p3.jpg"), imaging.Spec{Format: imaging.FormatPNG})
		m := s.decode(t, e, v.Data)
		for i, place := range [][2]float64{{0.2, 0.2}, {0.8, 0.2}, {0.2, 0.8}, {0.8, 0.8}} {
			isColour(t, m, place[0], place[1], p3ToSRGB(inks["RGBY"[i]]), 6)
		}
		if h, _ := readHeader(v.Data); h.ICC {
			t.Error("the sRGB result carries a profile")
		}
	})
	for _, format := range []imaging.Format{imaging.FormatJPEG, imaging.FormatPNG, imaging.FormatWebP, imaging.FormatAVIF} {
		t.Run("display p3 kept in "+string(format), func(t *testing.T) {
			v := s.one(t, e, file(t, "formats/p3.jpg"), imaging.Spec{Format: format, ColourSpace: "p3"})
			h, err := readHeader(v.Data)
			if err != nil || !h.ICC {
				t.Fatalf("no profile is embedded (%v)", err)
			}
			if format == imaging.FormatJPEG || format == imaging.FormatPNG { // Go decodes these without looking at the profile
				s.looks(t, e, v, "RG/BY")
			}
		})
	}
	t.Run("srgb to display p3", func(t *testing.T) {
		v := s.one(t, e, pngOf(t, card(96, 64)), imaging.Spec{Format: imaging.FormatPNG, ColourSpace: "p3"})
		h, err := readHeader(v.Data)
		if err != nil {
			t.Fatal(err)
		}
		if !h.ICC { // it may stay in sRGB, which is smaller: the colours are the same
			s.looks(t, e, v, "RG/BY")
			return
		}
		m := s.decode(t, e, v.Data)
		for i, place := range [][2]float64{{0.2, 0.2}, {0.8, 0.2}, {0.2, 0.8}, {0.8, 0.8}} {
			if got := p3ToSRGB(at(m, place[0], place[1])); apart(got, inks["RGBY"[i]]) > 6 {
				t.Errorf("quarter %d means %v in sRGB, want %v", i, got, inks["RGBY"[i]])
			}
		}
	})
	t.Run("cmyk", func(t *testing.T) { s.cmyk(t, e) })
	t.Run("16 bit", func(t *testing.T) { s.deep(t, e) })
	t.Run("grey", func(t *testing.T) { s.grey(t, e) })
}

// cmyk checks that the inks are subtracted and not inverted. How saturated they
// print is the profile's affair, so only the leading channels are looked at.
func (s *suite) cmyk(t *testing.T, e imaging.Engine) {
	for _, format := range []imaging.Format{imaging.FormatPNG, imaging.FormatJPEG, imaging.FormatWebP} {
		v := s.one(t, e, file(t, "formats/cmyk.jpg"), imaging.Spec{Format: format})
		m := s.decode(t, e, v.Data)
		if _, isCMYK := m.(*image.CMYK); isCMYK {
			t.Errorf("the %s is still CMYK", format)
		}
		for i, place := range [][2]float64{{0.2, 0.2}, {0.8, 0.2}, {0.2, 0.8}, {0.8, 0.8}} {
			isColour(t, m, place[0], place[1], inks["RGBY"[i]], 80)
		}
	}
}

// deep checks that a 16-bit gradient keeps its lightness, in 8 bits for JPEG.
func (s *suite) deep(t *testing.T, e imaging.Engine) {
	m := image.NewRGBA64(image.Rect(0, 0, 256, 32))
	for y := range 32 {
		for x := range 256 {
			m.SetRGBA64(x, y, color.RGBA64{uint16(x * 257), uint16(65535 - x*257), 0x4000, 0xffff})
		}
	}
	for _, format := range []imaging.Format{imaging.FormatJPEG, imaging.FormatPNG, imaging.FormatWebP} {
		v := s.one(t, e, pngOf(t, m), imaging.Spec{Format: format, Quality: 90})
		out := s.decode(t, e, v.Data)
		for _, x := range []float64{0.1, 0.5, 0.9} {
			isColour(t, out, x, 0.5, color.NRGBA{uint8(x * 256), uint8(255 - x*256), 0x40, 255}, 8)
		}
	}
}

// grey checks that a grey source stays grey, in 8 and in 16 bits and with alpha.
func (s *suite) grey(t *testing.T, e imaging.Engine) {
	ramp := image.NewNRGBA(image.Rect(0, 0, 256, 32))
	for x := range 256 {
		fill(ramp, image.Rect(x, 0, x+1, 32), color.NRGBA{uint8(x), uint8(x), uint8(x), 255})
	}
	grey, deep := image.NewGray(ramp.Bounds()), image.NewGray16(ramp.Bounds())
	draw.Draw(grey, grey.Bounds(), ramp, image.Point{}, draw.Src)
	draw.Draw(deep, deep.Bounds(), ramp, image.Point{}, draw.Src)
	for name, src := range map[string][]byte{"jpeg": jpegOf(t, grey), "png": pngOf(t, grey), "png 16 bit": pngOf(t, deep)} {
		t.Run(name, func(t *testing.T) {
			for _, format := range requiredOutputs {
				v := s.one(t, e, src, imaging.Spec{Width: 128, Format: format, Quality: 90})
				out := s.decode(t, e, v.Data)
				for _, x := range []float64{0.1, 0.5, 0.9} {
					want := uint8(x * 256)
					isColour(t, out, x, 0.5, color.NRGBA{want, want, want, 255}, 8)
				}
			}
		})
	}
}

// p3ToSRGB converts a Display P3 colour, clipping what sRGB cannot show. Both
// have sRGB's curve and white; the matrix is that of their primaries (CSS Color
// Module Level 4, section 17).
func p3ToSRGB(c color.NRGBA) color.NRGBA {
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	encoded := func(x float64) uint8 {
		x = min(max(x, 0), 1)
		if x <= 0.0031308 {
			return uint8(x*12.92*255 + 0.5)
		}
		return uint8((1.055*math.Pow(x, 1/2.4)-0.055)*255 + 0.5)
	}
	r, g, b := linear(c.R), linear(c.G), linear(c.B)
	return color.NRGBA{
		encoded(1.2249401*r - 0.2249404*g),
		encoded(-0.0420569*r + 1.0420571*g),
		encoded(-0.0196376*r - 0.0786361*g + 1.0982735*b),
		c.A,
	}
}
