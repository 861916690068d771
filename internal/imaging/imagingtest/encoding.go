package imagingtest

import (
	"bytes"
	"image/gif"
	"image/png"
	"testing"

	"pixmill/internal/imaging"
	"pixmill/internal/imaging/imagingtest/perceptual"
)

// encoding checks that each encoder setting reaches the bytes.
func (s *suite) encoding(t *testing.T) {
	e := s.engine(t)
	src := file(t, "photos/chelsea.png")
	headerOf := func(t *testing.T, spec imaging.Spec) header {
		t.Helper()
		spec.Width = 200
		h, err := readHeader(s.one(t, e, src, spec).Data)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	for _, format := range []imaging.Format{imaging.FormatJPEG, imaging.FormatPNG} {
		t.Run("progressive "+string(format), func(t *testing.T) {
			if !headerOf(t, imaging.Spec{Format: format, Progressive: true}).Progressive {
				t.Error("the result is not progressive")
			}
			if format == imaging.FormatPNG && headerOf(t, imaging.Spec{Format: format}).Progressive {
				t.Error("the result is interlaced unasked")
			}
		})
	}
	for _, chroma := range []string{"4:2:0", "4:4:4"} {
		t.Run("chroma "+chroma, func(t *testing.T) {
			for _, quality := range []int{60, 95} {
				if got := headerOf(t, imaging.Spec{Format: imaging.FormatJPEG, Quality: quality, Chroma: chroma}).Chroma; got != chroma {
					t.Errorf("at quality %d the chroma is %s, want %s", quality, got, chroma)
				}
			}
		})
	}
	t.Run("lossless webp", func(t *testing.T) {
		if !headerOf(t, imaging.Spec{Format: imaging.FormatWebP, Lossless: true}).Lossless {
			t.Error("the result is not lossless")
		}
		s.identical(t, e, src, imaging.FormatWebP, 1)
	})
	t.Run("lossless avif", func(t *testing.T) { s.identical(t, e, src, imaging.FormatAVIF, 0.9995) })
	t.Run("png palette", func(t *testing.T) {
		if got := headerOf(t, imaging.Spec{Format: imaging.FormatPNG, Palette: 16}).Palette; got == 0 || got > 16 {
			t.Errorf("the palette has %d colours, want 1 to 16", got)
		}
	})
	t.Run("gif palette", func(t *testing.T) { s.gifPalette(t, e, src) })
	for _, format := range []imaging.Format{imaging.FormatJPEG, imaging.FormatWebP, imaging.FormatAVIF} {
		t.Run("quality "+string(format), func(t *testing.T) { s.quality(t, e, src, format) })
	}
	for _, format := range []imaging.Format{imaging.FormatWebP, imaging.FormatAVIF, imaging.FormatPNG} {
		t.Run("effort "+string(format), func(t *testing.T) {
			fast := s.one(t, e, src, imaging.Spec{Width: 200, Format: format, Effort: 1})
			small := s.one(t, e, src, imaging.Spec{Width: 200, Format: format, Effort: 8})
			if bytes.Equal(fast.Data, small.Data) {
				t.Error("effort 1 and 8 gave the same bytes")
			}
			if float64(len(small.Data)) > 1.05*float64(len(fast.Data)) {
				t.Errorf("effort 8 gave %d bytes, effort 1 %d", len(small.Data), len(fast.Data))
			}
		})
	}
}

// identical encodes a small picture without loss and compares it with its PNG.
func (s *suite) identical(t *testing.T, e imaging.Engine, src []byte, format imaging.Format, least float64) {
	t.Helper()
	v := s.one(t, e, src, imaging.Spec{Width: 120, Format: format, Lossless: true})
	ref := s.one(t, e, src, imaging.Spec{Width: 120, Format: imaging.FormatPNG})
	if v.Quality != 0 {
		t.Errorf("a lossless variant says quality %d", v.Quality)
	}
	a, b := s.decode(t, e, v.Data), s.decode(t, e, ref.Data)
	d, err := perceptual.Compare(a, b)
	if err != nil || d.SSIM < least || d.Channel > 1 {
		t.Errorf("lossless %s is off its PNG: %v, %v", format, d, err)
	}
}

// gifPalette counts the colours of a GIF's first frame.
func (s *suite) gifPalette(t *testing.T, e imaging.Engine, src []byte) {
	v := s.one(t, e, src, imaging.Spec{Width: 200, Format: imaging.FormatGIF, Palette: 16})
	m, err := gif.Decode(bytes.NewReader(v.Data))
	if err != nil {
		t.Fatal(err)
	}
	used := map[[4]uint32]bool{}
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			r, g, b, a := m.At(x, y).RGBA()
			used[[4]uint32{r, g, b, a}] = true
		}
	}
	if len(used) > 16 || len(used) < 8 {
		t.Errorf("the picture has %d colours, want at most 16 and most of them used", len(used))
	}
}

// quality checks that a higher quality costs more bytes and looks better, and
// that the default is a sensible one.
func (s *suite) quality(t *testing.T, e imaging.Engine, src []byte, format imaging.Format) {
	ref := s.one(t, e, src, imaging.Spec{Width: 200, Format: imaging.FormatPNG})
	exact, err := png.Decode(bytes.NewReader(ref.Data))
	if err != nil {
		t.Fatal(err)
	}
	bytesBefore, ssimBefore := 0, 0.0
	for _, q := range []int{10, 50, 90} {
		v := s.one(t, e, src, imaging.Spec{Width: 200, Format: format, Quality: q})
		if v.Quality != q {
			t.Errorf("asked for quality %d, used %d", q, v.Quality)
		}
		d, err := perceptual.Compare(s.decode(t, e, v.Data), exact)
		if err != nil {
			t.Fatal(err)
		}
		if len(v.Data) <= bytesBefore || d.SSIM <= ssimBefore {
			t.Errorf("quality %d: %d bytes, %v; before it %d bytes, SSIM %.4f", q, len(v.Data), d, bytesBefore, ssimBefore)
		}
		bytesBefore, ssimBefore = len(v.Data), d.SSIM
	}
	v := s.one(t, e, src, imaging.Spec{Width: 200, Format: format})
	if v.Quality < 40 || v.Quality > 95 || len(v.Data) >= len(ref.Data) {
		t.Errorf("by default: quality %d, %d bytes (PNG: %d)", v.Quality, len(v.Data), len(ref.Data))
	}
}
