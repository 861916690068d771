package imagingtest

import (
	"fmt"
	"testing"

	"pixmill/internal/imaging"
)

// orientation checks that each of the eight EXIF orientations is applied
// exactly once, before everything else, and that nothing is left to apply.
func (s *suite) orientation(t *testing.T) {
	e := s.engine(t)
	for o := 1; o <= 8; o++ {
		t.Run(fmt.Sprint(o), func(t *testing.T) {
			src := orientedJPEG(t, card(240, 160), o)
			info, err := e.Probe(t.Context(), src)
			if err != nil {
				t.Fatal(err)
			}
			if info.Orientation != o || info.Width != 240 || info.Height != 160 {
				t.Errorf("Probe says orientation %d, %d×%d px; want %d, 240×160", info.Orientation, info.Width, info.Height, o)
			}
			for _, c := range []struct {
				name          string
				spec          imaging.Spec
				width, height int
				want          string
			}{
				{"whole", imaging.Spec{}, 240, 160, "RG/BY"},
				{"resize", imaging.Spec{Width: 120}, 120, 80, "RG/BY"},
				{"resize by height", imaging.Spec{Height: 40}, 60, 40, "RG/BY"},
				{"extract", imaging.Spec{Extract: &imaging.Rect{X: 120, Y: 0, Width: 120, Height: 80}}, 120, 80, "GG/GG"},
				{"rotate", imaging.Spec{Rotate: 90, Width: 80}, 80, 120, "BR/YG"},
				{"flop", imaging.Spec{Flop: true}, 240, 160, "GR/YB"},
				{"flip", imaging.Spec{Flip: true, Width: 120}, 120, 80, "BY/RG"},
				{"crop", imaging.Spec{Width: 40, Height: 160, Fit: imaging.FitCover, Gravity: imaging.GravityEast}, 40, 160, "GG/YY"},
			} {
				t.Run(c.name, func(t *testing.T) {
					c.spec.Format = imaging.FormatPNG
					v := s.one(t, e, src, c.spec)
					size(t, v, c.width, c.height)
					s.looks(t, e, v, c.want)
				})
			}
			t.Run("focal point", func(t *testing.T) {
				v := s.one(t, e, src, imaging.Spec{Width: 40, Height: 160, Fit: imaging.FitCover, Focal: &imaging.Point{X: 0, Y: 0.5}, Format: imaging.FormatPNG})
				s.looks(t, e, v, "RR/BB")
			})
			t.Run("nothing left to apply", func(t *testing.T) {
				for _, format := range []imaging.Format{imaging.FormatJPEG, imaging.FormatWebP, imaging.FormatPNG, imaging.FormatAVIF} {
					s.nothingLeft(t, e, src, format)
				}
			})
		})
	}
	t.Run("of a png", func(t *testing.T) {
		s.turnedOnce(t, e, withPNGChunk(pngOf(t, stored(card(96, 64), 6)), "eXIf", exif(6, false)))
	})
	t.Run("of a webp", func(t *testing.T) {
		tall := s.one(t, e, pngOf(t, stored(card(96, 64), 6)), imaging.Spec{Format: imaging.FormatWebP, Quality: 90})
		s.turnedOnce(t, e, withWebPEXIF(t, tall.Data, 64, 96, exif(6, false)))
	})
	t.Run("shrunk on load", func(t *testing.T) {
		v := s.one(t, e, orientedJPEG(t, card(1600, 1200), 6), imaging.Spec{Width: 100, Format: imaging.FormatPNG})
		size(t, v, 100, 75)
		s.looks(t, e, v, "RG/BY")
	})
}

// nothingLeft keeps all metadata and checks that no viewer turns the result again.
func (s *suite) nothingLeft(t *testing.T, e imaging.Engine, src []byte, format imaging.Format) {
	t.Helper()
	v := s.one(t, e, src, imaging.Spec{Width: 120, Format: format, Metadata: "all", GPS: true})
	s.looks(t, e, v, "RG/BY")
	size(t, v, 120, 80)
	h, err := readHeader(v.Data)
	if err != nil {
		t.Fatal(err)
	}
	if tag := ifd0(h.EXIF)[tagOrientation]; len(tag) > 0 && tag[0] != 1 {
		t.Errorf("the %s says orientation %d: a viewer turns it again", format, tag[0])
	}
}

// turnedOnce renders a source of 64 × 96 stored px whose orientation is 6.
func (s *suite) turnedOnce(t *testing.T, e imaging.Engine, src []byte) {
	t.Helper()
	info, err := e.Probe(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	if info.Orientation != 6 || info.Width != 96 || info.Height != 64 {
		t.Errorf("Probe says orientation %d, %d×%d px; want 6, 96×64", info.Orientation, info.Width, info.Height)
	}
	v := s.one(t, e, src, imaging.Spec{Width: 48, Format: imaging.FormatPNG})
	size(t, v, 48, 32)
	s.looks(t, e, v, "RG/BY")
}
