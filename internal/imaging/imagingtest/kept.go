package imagingtest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"reflect"
	"testing"

	"pixmill/internal/imaging"
)

// kept checks, for every subset of variants that are there already, that the
// others and what Render tells of the source are the same to the byte as when
// nothing is: a rendering that was cut off and begun again leaves no trace.
func (s *suite) kept(t *testing.T) {
	e := s.engine(t)
	bordered := card(900, 600) // what is left after the trim has another shape
	fill(bordered, image.Rect(0, 0, 290, 600), inks['W'])
	fill(bordered, image.Rect(610, 0, 900, 600), inks['W'])
	jpeg := func(width int) imaging.Spec {
		return imaging.Spec{Width: width, Format: imaging.FormatJPEG, Quality: 80}
	}
	png := func(width int) imaging.Spec { return imaging.Spec{Width: width, Format: imaging.FormatPNG} }
	trimmed := func(width, height int) imaging.Spec {
		return imaging.Spec{Trim: 10, Width: width, Height: height, Format: imaging.FormatPNG}
	}
	for _, c := range []struct {
		name  string
		src   []byte
		specs []imaging.Spec
	}{
		{"shrunk while loading", file(t, "photos/hubble_deep_field.jpg"), []imaging.Spec{
			jpeg(700), png(340), jpeg(160), {Width: 60, Height: 60, Fit: imaging.FitCover, Gravity: imaging.GravitySmart, Format: imaging.FormatPNG}, jpeg(5000),
		}},
		{"one made from another", file(t, "photos/rocket.jpg"), []imaging.Spec{
			jpeg(20), jpeg(60), png(150), {Width: 150, Flop: true, Format: imaging.FormatPNG}, jpeg(320),
		}},
		{"some that cannot be made", file(t, "photos/hubble_deep_field.jpg"), []imaging.Spec{
			{Width: 800, Rotate: 45}, {Width: 600, Format: imaging.FormatJPEG, MaxBytes: 10}, jpeg(250), png(100),
		}},
		{"regions", orientedJPEG(t, card(900, 600), 6), []imaging.Spec{
			{Extract: &imaging.Rect{X: 100, Y: 100, Width: 400, Height: 300}, Width: 300, Format: imaging.FormatPNG},
			{Extract: &imaging.Rect{X: 100, Y: 100, Width: 400, Height: 300}, Width: 100, Format: imaging.FormatPNG},
			{Rotate: 90, Width: 200, Format: imaging.FormatPNG},
			png(130),
		}},
		{"trimmed", pngOf(t, bordered), []imaging.Spec{trimmed(250, 0), trimmed(0, 160), trimmed(60, 0), png(100)}},
		{"wide gamut", file(t, "formats/p3.jpg"), []imaging.Spec{
			{Width: 120, ColourSpace: "p3", Format: imaging.FormatPNG}, png(100), png(40),
		}},
		{"animated", cards(t, 470, 350), []imaging.Spec{
			{Width: 70, Animated: true, Format: imaging.FormatWebP}, png(40), png(12),
		}},
		{"webp", file(t, "formats/still.webp"), []imaging.Spec{png(100), png(41), png(15)}},
		{"svg", drawingOfBars(), []imaging.Spec{
			png(700), png(200), trimmed(300, 0),
			{Extract: &imaging.Rect{X: 10, Y: 10, Width: 30, Height: 20}, Width: 150, Format: imaging.FormatPNG},
			{Width: 90, Height: 50, Fit: imaging.FitFill, Format: imaging.FormatPNG},
		}},
		{"pdf", PDFCard(), []imaging.Spec{jpeg(500), {Rotate: 90, Width: 120, Format: imaging.FormatPNG}, png(40)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if f := imaging.Format(c.name); f == imaging.FormatSVG || f == imaging.FormatPDF {
				s.readable(t, e, f)
			}
			info, all := s.render(t, e, c.src, c.specs...)
			for subset := 1; subset < 1<<len(c.specs); subset++ {
				kept := make([]bool, len(c.specs))
				for i := range kept {
					kept[i] = subset>>i&1 == 1
				}
				s.resumed(t, e, c.src, imaging.Request{Specs: c.specs, Kept: kept}, info, all)
			}
		})
	}
}

// cards is an animation of two cards, the second on its head.
func cards(t *testing.T, width, height int) []byte {
	t.Helper()
	var colours color.Palette
	for _, ink := range []byte("RGBY") {
		colours = append(colours, inks[ink])
	}
	m, g := card(width, height), &gif.GIF{Delay: []int{10, 10}}
	for frame := range 2 {
		p := image.NewPaletted(m.Rect, colours)
		for y := range height {
			for x := range width {
				p.Set(x, y, m.At(x, (1-frame)*y+frame*(height-1-y)))
			}
		}
		g.Image = append(g.Image, p)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// resumed renders what req does not keep and holds it to what an undisturbed
// rendering gave.
func (s *suite) resumed(t *testing.T, e imaging.Engine, src []byte, req imaging.Request, whole imaging.Info, all []imaging.Encoded) {
	t.Helper()
	calls := make([]int, len(req.Specs))
	info, err := e.Render(t.Context(), src, req, func(i int, v imaging.Encoded) error {
		calls[i]++
		if got, want := v, all[i]; !bytes.Equal(got.Data, want.Data) || outline(got) != outline(want) {
			t.Errorf("kept %v: variant %d is %s, want %s as when all are made, to the byte", req.Kept, i, outline(got), outline(want))
		}
		return nil
	})
	if err != nil {
		t.Fatalf("kept %v: %v", req.Kept, err)
	}
	for i, n := range calls {
		if wanted := req.Wants(i); wanted != (n == 1) || n > 1 {
			t.Errorf("kept %v: emit was called %d times for spec %d", req.Kept, n, i)
		}
	}
	if info.Memory > whole.Memory || info.Memory <= 0 {
		t.Errorf("kept %v: estimated at %d bytes, and all at %d", req.Kept, info.Memory, whole.Memory)
	}
	info.Memory = whole.Memory
	if !reflect.DeepEqual(info, whole) {
		t.Errorf("kept %v: %+v with %+v, want %+v with %+v", req.Kept, info, info.Placeholder, whole, whole.Placeholder)
	}
}

// outline is all of a variant but how long it took and what its bytes are.
func outline(v imaging.Encoded) string {
	return fmt.Sprintf("%s, %s, %d×%d px, %d frames, quality %d, %d bytes, error %v",
		v.Format, v.ContentType, v.Width, v.Height, v.Frames, v.Quality, len(v.Data), v.Err)
}
