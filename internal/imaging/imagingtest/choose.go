package imagingtest

import (
	"fmt"
	"image"
	"image/color"
	"slices"
	"strings"
	"testing"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
	"pixmill/internal/imaging/imagingtest/perceptual"
)

// auto checks that FormatAuto takes the smallest of its candidates and none
// that loses the transparency.
func (s *suite) auto(t *testing.T) {
	e := s.engine(t)
	photo := file(t, "photos/chelsea.png")
	m := card(240, 160)
	fill(m, image.Rect(0, 0, 120, 80), color.NRGBA{})
	clear := pngOf(t, m)
	t.Run("photograph", func(t *testing.T) {
		v := s.one(t, e, photo, imaging.Spec{Width: 300, Format: imaging.FormatAuto})
		if !slices.Contains([]imaging.Format{imaging.FormatAVIF, imaging.FormatWebP, imaging.FormatJPEG}, v.Format) {
			t.Errorf("the winner is %s", v.Format)
		}
		jpeg := s.one(t, e, photo, imaging.Spec{Width: 300, Format: imaging.FormatJPEG})
		if len(v.Data) > len(jpeg.Data) {
			t.Errorf("the winner has %d bytes, JPEG %d", len(v.Data), len(jpeg.Data))
		}
		ref := s.one(t, e, photo, imaging.Spec{Width: 300, Format: imaging.FormatPNG})
		exact := s.decode(t, e, ref.Data)
		won, err := perceptual.Compare(s.decode(t, e, v.Data), exact)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := perceptual.Compare(s.decode(t, e, jpeg.Data), exact)
		if err != nil {
			t.Fatal(err)
		}
		if won.SSIM < plain.SSIM-0.02 {
			t.Errorf("the winner (%s) has %v, JPEG %v: not of equal quality", v.Format, won, plain)
		}
	})
	t.Run("only candidates", func(t *testing.T) {
		for _, only := range []imaging.Format{imaging.FormatWebP, imaging.FormatJPEG} {
			v := s.one(t, e, photo, imaging.Spec{Width: 100, Format: imaging.FormatAuto, Formats: []imaging.Format{only}})
			if v.Format != only {
				t.Errorf("the only candidate is %s, the winner %s", only, v.Format)
			}
		}
	})
	t.Run("transparency is kept", func(t *testing.T) {
		v := s.one(t, e, clear, imaging.Spec{Width: 120, Format: imaging.FormatAuto})
		s.looks(t, e, v, "-G/BY")
	})
	t.Run("the smallest wins", func(t *testing.T) {
		candidates := []imaging.Format{imaging.FormatPNG, imaging.FormatWebP}
		v := s.one(t, e, photo, imaging.Spec{Width: 200, Format: imaging.FormatAuto, Formats: candidates})
		for _, f := range candidates {
			if other := s.one(t, e, photo, imaging.Spec{Width: 200, Format: f}); len(other.Data) < len(v.Data) {
				t.Errorf("%s has %d bytes, the winner %s has %d", f, len(other.Data), v.Format, len(v.Data))
			}
		}
	})
}

// maxBytes checks that the quality is lowered until the result fits, no
// further, and that what can never fit fails alone.
func (s *suite) maxBytes(t *testing.T) {
	e := s.engine(t)
	src := file(t, "photos/chelsea.png")
	for _, format := range []imaging.Format{imaging.FormatJPEG, imaging.FormatWebP, imaging.FormatAVIF} {
		t.Run(string(format), func(t *testing.T) {
			free := s.one(t, e, src, imaging.Spec{Width: 160, Format: format, Quality: 90})
			budget := len(free.Data) / 2
			v := s.one(t, e, src, imaging.Spec{Width: 160, Format: format, Quality: 90, MaxBytes: budget})
			if len(v.Data) > budget || v.Quality >= 90 || v.Quality < 1 {
				t.Errorf("%d bytes at quality %d, want at most %d at less than 90", len(v.Data), v.Quality, budget)
			}
			if len(v.Data) < budget*6/10 {
				t.Errorf("%d of %d bytes are used: the quality was lowered too far (%d)", len(v.Data), budget, v.Quality)
			}
			roomy := s.one(t, e, src, imaging.Spec{Width: 160, Format: format, Quality: 90, MaxBytes: len(free.Data)})
			if roomy.Quality != 90 || len(roomy.Data) != len(free.Data) {
				t.Errorf("with just enough room: quality %d, %d bytes; want 90, %d", roomy.Quality, len(roomy.Data), len(free.Data))
			}
		})
	}
	t.Run("impossible", func(t *testing.T) {
		_, out := s.render(t, e, src, imaging.Spec{Width: 300, Format: imaging.FormatJPEG, MaxBytes: 200}, imaging.Spec{Width: 100, Format: imaging.FormatJPEG})
		if out[0].Err == nil {
			t.Fatalf("a variant of %d bytes was made within 200", len(out[0].Data))
		}
		s.skipUnsupported(t, out[0].Err)
		if kind := fault.KindOf(out[0].Err); kind != fault.Permanent && kind != fault.Rejected {
			t.Errorf("the kind is %v, want permanent or rejected", kind)
		}
		if !strings.Contains(out[0].Err.Error(), fmt.Sprint(200)) {
			t.Errorf("the error does not name the limit: %v", out[0].Err)
		}
		if out[1].Err != nil {
			t.Errorf("the other variant failed too: %v", out[1].Err)
		}
	})
}
