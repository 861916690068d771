package imagingtest

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"slices"
	"testing"

	"pixmill/internal/imaging"
)

// requiredOutputs are what every engine writes.
var requiredOutputs = []imaging.Format{
	imaging.FormatJPEG, imaging.FormatPNG, imaging.FormatWebP, imaging.FormatAVIF, imaging.FormatGIF,
}

// outputs checks each output format: it decodes to what went in, with its
// transparency or without, and what is chosen when no format is asked for.
func (s *suite) outputs(t *testing.T) {
	e := s.engine(t)
	opaque := pngOf(t, card(240, 160))
	m := card(240, 160)
	fill(m, image.Rect(0, 0, 120, 80), color.NRGBA{})
	clear := pngOf(t, m)
	for _, format := range requiredOutputs {
		t.Run(string(format), func(t *testing.T) {
			if !slices.Contains(e.Capability().Outputs, format) {
				s.lacks(t, "output "+string(format))
			}
			v := s.one(t, e, opaque, imaging.Spec{Width: 120, Format: format})
			if v.Format != format {
				t.Errorf("the variant is %s", v.Format)
			}
			size(t, v, 120, 80)
			s.looks(t, e, v, "RG/BY")

			corner := "-"
			if format == imaging.FormatJPEG {
				corner = "W"
			}
			v = s.one(t, e, clear, imaging.Spec{Width: 120, Format: format})
			s.looks(t, e, v, corner+"G/BY")
		})
	}
	t.Run("half transparent", func(t *testing.T) { s.halfTransparent(t, e) })
	t.Run("transparent palette", func(t *testing.T) { s.transparentPalette(t, e) })
	t.Run("alpha flattened over a background", func(t *testing.T) {
		v := s.one(t, e, clear, imaging.Spec{Width: 120, Format: imaging.FormatJPEG, Background: "#204060"})
		s.looks(t, e, v, "NG/BY")
	})
	t.Run("alpha flattened over black", func(t *testing.T) {
		v := s.one(t, e, clear, imaging.Spec{Width: 120, Format: imaging.FormatJPEG, Background: "#000000"})
		s.looks(t, e, v, "KG/BY")
	})
	t.Run("a background leaves alpha where the format has it", func(t *testing.T) {
		v := s.one(t, e, clear, imaging.Spec{Width: 120, Format: imaging.FormatWebP, Background: "#204060"})
		s.looks(t, e, v, "-G/BY")
	})
	t.Run("alpha does not darken edges", func(t *testing.T) { s.alphaEdges(t, e) })
	t.Run("default format", func(t *testing.T) { s.defaultFormat(t, e, opaque) })
}

// halfTransparent checks that a degree of transparency stays what it is where
// the format has degrees, and is mixed with the background where it has none.
func (s *suite) halfTransparent(t *testing.T, e imaging.Engine) {
	m := image.NewNRGBA(image.Rect(0, 0, 120, 80))
	fill(m, m.Bounds(), color.NRGBA{200, 40, 40, 128})
	src := pngOf(t, m)
	for _, format := range []imaging.Format{imaging.FormatPNG, imaging.FormatWebP, imaging.FormatAVIF} {
		v := s.one(t, e, src, imaging.Spec{Width: 60, Format: format})
		isColour(t, s.decode(t, e, v.Data), 0.5, 0.5, color.NRGBA{200, 40, 40, 128}, 6)
	}
	v := s.one(t, e, src, imaging.Spec{Width: 60, Format: imaging.FormatJPEG, Background: "#204060", Quality: 90})
	isColour(t, s.decode(t, e, v.Data), 0.5, 0.5, color.NRGBA{116, 52, 68, 255}, 6)
}

// transparentPalette checks sources whose transparency is an entry of a palette.
func (s *suite) transparentPalette(t *testing.T, e imaging.Engine) {
	m := image.NewPaletted(image.Rect(0, 0, 96, 64), color.Palette{color.NRGBA{}, inks['R'], inks['G'], inks['B'], inks['Y']})
	whole := card(96, 64)
	for y := range 64 {
		for x := range 96 {
			m.SetColorIndex(x, y, uint8(1+m.Palette[1:].Index(whole.NRGBAAt(x, y))))
			if x < 48 && y < 32 {
				m.SetColorIndex(x, y, 0)
			}
		}
	}
	var animation bytes.Buffer
	if err := gif.Encode(&animation, m, nil); err != nil {
		t.Fatal(err)
	}
	for name, src := range map[string][]byte{"png": pngOf(t, m), "gif": animation.Bytes()} {
		t.Run(name, func(t *testing.T) {
			for _, format := range []imaging.Format{imaging.FormatPNG, imaging.FormatWebP, imaging.FormatGIF} {
				v := s.one(t, e, src, imaging.Spec{Width: 48, Format: format})
				s.looks(t, e, v, "-G/BY")
			}
			v := s.one(t, e, src, imaging.Spec{Width: 48, Format: imaging.FormatJPEG})
			s.looks(t, e, v, "WG/BY")
		})
	}
}

// alphaEdges reduces stripes of white and of transparent black: what is left is
// white at half the opacity, not grey.
func (s *suite) alphaEdges(t *testing.T, e imaging.Engine) {
	m := image.NewNRGBA(image.Rect(0, 0, 400, 100))
	for x := 0; x < 400; x += 2 {
		fill(m, image.Rect(x, 0, x+1, 100), color.NRGBA{255, 255, 255, 255})
	}
	v := s.one(t, e, pngOf(t, m), imaging.Spec{Width: 50, Format: imaging.FormatPNG})
	got := at(s.decode(t, e, v.Data), 0.5, 0.5)
	if apart(got, color.NRGBA{255, 255, 255, got.A}) > 3 || got.A < 118 || got.A > 138 {
		s.lackOr(t, "premultiplied alpha")
		t.Errorf("white and nothing in stripes became %v, want white at half the opacity", got)
	}
}

// defaultFormat renders without a format: the source's where it is an output
// format, else JPEG.
func (s *suite) defaultFormat(t *testing.T, e imaging.Engine, opaque []byte) {
	for name, c := range map[string]struct {
		src  []byte
		want imaging.Format
	}{
		"png":  {opaque, imaging.FormatPNG},
		"jpeg": {jpegOf(t, card(240, 160)), imaging.FormatJPEG},
		"webp": {file(t, "formats/still.webp"), imaging.FormatWebP},
		"gif":  {flipbook(t, 96, 64, "RG"), imaging.FormatGIF},
		"tiff": {file(t, "formats/still.tiff"), imaging.FormatJPEG},
	} {
		t.Run(name, func(t *testing.T) {
			if !slices.Contains(e.Capability().Inputs, imaging.Format(name)) {
				s.lacks(t, "input "+name)
			}
			if v := s.one(t, e, c.src, imaging.Spec{Width: 40}); v.Format != c.want {
				t.Errorf("from %s came %s, want %s", name, v.Format, c.want)
			}
		})
	}
}
