package imagingtest

import (
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"slices"
	"testing"

	"pixmill/internal/imaging"
)

// requiredInputs are what every engine reads; the others of Capability only
// where its libvips has them.
var requiredInputs = []imaging.Format{
	imaging.FormatJPEG, imaging.FormatPNG, imaging.FormatWebP, imaging.FormatGIF, imaging.FormatAVIF, imaging.FormatTIFF,
}

// input is a source of every kind and what its header says.
type input struct {
	name   string
	data   []byte
	want   imaging.Info // without Memory and ColourSpace; BitDepth 0 means any
	colour string       // quarters; empty: not looked at
}

func inputs(t *testing.T) []input {
	t.Helper()
	m := card(96, 64)
	grey, deep := image.NewGray(m.Bounds()), image.NewRGBA64(m.Bounds())
	draw.Draw(grey, grey.Bounds(), m, image.Point{}, draw.Src)
	draw.Draw(deep, deep.Bounds(), m, image.Point{}, draw.Src)
	paletted := image.NewPaletted(m.Bounds(), append(color.Palette{inks['R'], inks['G'], inks['B'], inks['Y']}, palette.WebSafe[:200]...))
	draw.Draw(paletted, paletted.Bounds(), m, image.Point{}, draw.Src)
	clear := card(96, 64)
	fill(clear, image.Rect(0, 0, 48, 32), color.NRGBA{})

	still := imaging.Info{Width: 96, Height: 64, Frames: 1, Orientation: 1, BitDepth: 8}
	as := func(f imaging.Format, change func(*imaging.Info)) imaging.Info {
		i := still
		i.Format = f
		if change != nil {
			change(&i)
		}
		return i
	}
	return append([]input{
		{"jpeg", jpegOf(t, m), as(imaging.FormatJPEG, nil), "RG/BY"},
		{"jpeg progressive", file(t, "formats/progressive.jpg"), as(imaging.FormatJPEG, func(i *imaging.Info) { i.Progressive = true }), "RG/BY"},
		{"jpeg grey", jpegOf(t, grey), as(imaging.FormatJPEG, nil), ""},
		{"jpeg cmyk", file(t, "formats/cmyk.jpg"), as(imaging.FormatJPEG, nil), ""},
		{"jpeg with a profile", file(t, "formats/p3.jpg"), as(imaging.FormatJPEG, func(i *imaging.Info) { i.ICC = true }), ""},
		{"jpeg on its side", orientedJPEG(t, m, 6), as(imaging.FormatJPEG, func(i *imaging.Info) { i.Orientation = 6 }), "RG/BY"},
		{"png", pngOf(t, m), as(imaging.FormatPNG, nil), "RG/BY"},
		{"png with alpha", pngOf(t, clear), as(imaging.FormatPNG, func(i *imaging.Info) { i.Alpha = true }), "-G/BY"},
		{"png grey", pngOf(t, grey), as(imaging.FormatPNG, nil), ""},
		{"png 16 bit", pngOf(t, deep), as(imaging.FormatPNG, func(i *imaging.Info) { i.BitDepth = 16 }), "RG/BY"},
		{"png palette", pngOf(t, paletted), as(imaging.FormatPNG, nil), "RG/BY"},
		{"gif", flipbook(t, 96, 64, "R"), as(imaging.FormatGIF, nil), "RR/RR"},
		{"gif animated", flipbook(t, 96, 64, "RGB"), as(imaging.FormatGIF, func(i *imaging.Info) { i.Frames = 3 }), "RR/RR"},
		{"webp", file(t, "formats/still.webp"), as(imaging.FormatWebP, nil), "RG/BY"},
		{"webp animated", file(t, "formats/animated.webp"), as(imaging.FormatWebP, func(i *imaging.Info) { i.Width, i.Height, i.Frames = 48, 32, 3 }), "RR/RR"},
		{"avif", file(t, "formats/still.avif"), as(imaging.FormatAVIF, nil), "RG/BY"},
		{"heic", file(t, "formats/still.heic"), as(imaging.FormatHEIC, nil), "RG/BY"},
		{"tiff", file(t, "formats/still.tiff"), as(imaging.FormatTIFF, nil), "RG/BY"},
		{"jxl", file(t, "formats/still.jxl"), as(imaging.FormatJXL, func(i *imaging.Info) { i.BitDepth = 0 }), "RG/BY"},
	}, drawings()...)
}

// probe checks what is said of each input format, and that it decodes.
func (s *suite) probe(t *testing.T) {
	e := s.engine(t)
	capability := e.Capability()
	if capability.Engine == "" || capability.Version == "" || !slices.IsSorted(capability.Inputs) || !slices.IsSorted(capability.Outputs) {
		t.Errorf("Capability %+v has no name, no version or unsorted formats", capability)
	}
	if capability.Limits.Pixels != imaging.DefaultLimits().Pixels {
		t.Errorf("Capability says a limit of %d pixels, want the default %d", capability.Limits.Pixels, imaging.DefaultLimits().Pixels)
	}
	for _, in := range inputs(t) {
		t.Run(in.name, func(t *testing.T) {
			if !slices.Contains(capability.Inputs, in.want.Format) {
				if slices.Contains(requiredInputs, in.want.Format) {
					s.lacks(t, "input "+string(in.want.Format))
				}
				t.Skipf("this build does not read %s", in.want.Format)
			}
			s.probeOne(t, e, in)
		})
	}
}

func (s *suite) probeOne(t *testing.T, e imaging.Engine, in input) {
	info, err := e.Probe(t.Context(), in.data)
	if err != nil {
		s.skipUnsupported(t, err)
		t.Fatal(err)
	}
	if info.Memory <= 0 || info.ColourSpace == "" || info.Placeholder != nil {
		t.Errorf("Probe says memory %d, colour space %q, placeholder %v", info.Memory, info.ColourSpace, info.Placeholder)
	}
	got, want := info, in.want
	got.Memory, got.ColourSpace = 0, ""
	if want.BitDepth == 0 {
		got.BitDepth = 0
	}
	if want.Format == imaging.FormatJXL {
		got.ICC = false // libvips makes a profile for each
	}
	if want.Format == imaging.FormatGIF {
		got.Alpha = false // a header cannot say whether any frame is transparent
	}
	if got != want {
		t.Errorf("Probe = %+v\nwant    %+v", got, want)
	}
	rendered, out := s.render(t, e, in.data, imaging.Spec{Format: imaging.FormatPNG})
	s.made(t, imaging.Spec{Format: imaging.FormatPNG}, out[0])
	size(t, out[0], want.Width, want.Height)
	if in.colour != "" {
		s.looks(t, e, out[0], in.colour)
	}
	if rendered.Placeholder == nil {
		t.Error("Render set no placeholder")
	}
	rendered.Placeholder, rendered.Memory, info.Memory = nil, 0, 0
	if rendered != info {
		t.Errorf("Render's Info %+v\nis not Probe's %+v", rendered, info)
	}
}
