package vips_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"

	"pixmill/internal/imaging"
	"pixmill/internal/imaging/imagingtest"
	"pixmill/internal/imaging/imagingtest/perceptual"
	"pixmill/internal/imaging/vips"
)

// pixels decodes a variant; Go does what it can.
func pixels(t *testing.T, e *vips.Engine, v imaging.Encoded) image.Image {
	t.Helper()
	if m, _, err := image.Decode(bytes.NewReader(v.Data)); err == nil {
		return m
	}
	m, err := png.Decode(bytes.NewReader(renderOne(t, e, v.Data, imaging.Spec{Format: imaging.FormatPNG}).Data))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// like fails t unless got has the size of want and looks like it.
func like(t *testing.T, e *vips.Engine, got, want imaging.Encoded, least float64) {
	t.Helper()
	if got.Width != want.Width || got.Height != want.Height || got.Frames != want.Frames || got.Format != want.Format {
		t.Fatalf("%s of %d×%d px, %d frames; want %s of %d×%d px, %d frames",
			got.Format, got.Width, got.Height, got.Frames, want.Format, want.Width, want.Height, want.Frames)
	}
	d, err := perceptual.Compare(pixels(t, e, got), pixels(t, e, want))
	if err != nil {
		t.Fatal(err)
	}
	t.Log(d)
	if d.SSIM < least || d.Channel > 2 {
		t.Errorf("%v from the ideal, want SSIM %.3f and channel means 2 apart at most", d, least)
	}
}

// TestDrawing_IsLikeALargePicture: what is asked of a drawing comes out as of a
// picture that has just enough pixels for it, or many more.
func TestDrawing_IsLikeALargePicture(t *testing.T) {
	withoutRaceDetector(t)
	const (
		same   = 0.999 // SSIM, of edges between pixels
		near   = 0.975 // of others: cairo counts in sixteenths how much of a pixel is covered
		enough = 0.95  // to what was reduced or stretched, which flat colours show
	)
	e := newEngine(t, imaging.Limits{})
	rect := func(x, y, w, h int) *imaging.Rect { return &imaging.Rect{X: x, Y: y, Width: w, Height: h} }
	cover := func(w, h int, g imaging.Gravity) imaging.Spec {
		return imaging.Spec{Width: w, Height: h, Fit: imaging.FitCover, Gravity: g}
	}
	for _, c := range []struct {
		name  string
		spec  imaging.Spec
		scale float64 // of the picture; an extract's is a whole number
		least float64
	}{
		{"wide", imaging.Spec{Width: 700}, 700.0 / 120, near},
		{"odd", imaging.Spec{Width: 701}, 701.0 / 120, near},
		{"high", imaging.Spec{Height: 332}, 332.0 / 80, same},
		{"small", imaging.Spec{Width: 33}, 33.0 / 120, near},
		{"twice as dense", imaging.Spec{Width: 150, DPR: 2}, 2.5, same},
		{"in a box", imaging.Spec{Width: 300, Height: 100}, 1.25, same},
		{"around a box", imaging.Spec{Width: 300, Height: 100, Fit: imaging.FitOutside}, 2.5, same},
		{"padded", imaging.Spec{Width: 300, Height: 300, Fit: imaging.FitContain, Background: "#204060"}, 2.5, same},
		{"stretched", imaging.Spec{Width: 200, Height: 300, Fit: imaging.FitFill}, 20, enough},
		{"cut in the middle", cover(300, 300, ""), 3.75, same},
		{"cut at the south-east", cover(200, 300, imaging.GravitySouthEast), 3.75, same},
		{"cut where something is", cover(160, 300, imaging.GravitySmart), 3.75, same},
		{"cut at a point", imaging.Spec{Width: 100, Height: 300, Fit: imaging.FitCover, Focal: &imaging.Point{X: 0.75, Y: 0.3}}, 3.75, same},
		{"on its side", imaging.Spec{Rotate: 90, Width: 401}, 401.0 / 80, near},
		{"on its head", imaging.Spec{Rotate: 180, Width: 401}, 401.0 / 120, near},
		{"mirrored", imaging.Spec{Flop: true, Flip: true, Width: 400}, 400.0 / 120, near},
		{"a part", imaging.Spec{Extract: rect(70, 5, 40, 40), Width: 400}, 10, same},
		{"a part at an odd scale", imaging.Spec{Extract: rect(71, 7, 37, 31), Width: 401}, 20, enough},
		{"a part on its side, cut at a point", imaging.Spec{
			Extract: rect(60, 0, 60, 50), Rotate: 270, Width: 200, Height: 100, Fit: imaging.FitCover, Focal: &imaging.Point{X: 0.75, Y: 0.3},
		}, 4, same},
		{"a small part", imaging.Spec{Extract: rect(79, 11, 8, 8), Width: 400}, 50, enough}, // the whole would have 24 MP
		{"palette", imaging.Spec{Width: 300, Palette: 16, Format: imaging.FormatPNG}, 2.5, same},
		{"avif", imaging.Spec{Width: 300, Format: imaging.FormatAVIF, Quality: 80}, 2.5, same},
		{"webp", imaging.Spec{Width: 300, Format: imaging.FormatWebP, Quality: 90}, 2.5, same},
		{"jpeg", imaging.Spec{Width: 300, Format: imaging.FormatJPEG, Quality: 90}, 2.5, same},
		{"animated", imaging.Spec{Width: 300, Format: imaging.FormatGIF, Animated: true}, 2.5, same},
		{"in display p3", imaging.Spec{Width: 300, ColourSpace: "p3", Format: imaging.FormatPNG}, 2.5, same},
	} {
		if c.spec.Format == "" {
			c.spec.Format = imaging.FormatPNG
		}
		ideal := c.spec
		ideal.Enlarge = true
		if x, k := ideal.Extract, int(c.scale); x != nil {
			ideal.Extract = rect(k*x.X, k*x.Y, k*x.Width, k*x.Height)
		}
		for kind, source := range map[string][]byte{"svg": pennant.svg(), "pdf": pennant.pdf()} {
			t.Run(c.name+" "+kind, func(t *testing.T) {
				reads(t, e, kind)
				paper := color.NRGBA{}
				if kind == "pdf" {
					paper = color.NRGBA{255, 255, 255, 255}
				}
				like(t, e, renderOne(t, e, source, c.spec), renderOne(t, e, pennant.png(t, c.scale, paper), ideal), c.least)
			})
		}
	}
}

// TestDrawing_Trimmed: what is left after the trim is found to a pixel of what is
// drawn for it, and is drawn large as long as half of a side is left.
func TestDrawing_Trimmed(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	parts := scene{94, 24, nil} // what of the pennant is not of its paper's colour
	for _, b := range pennant.blocks[2:] {
		b.x, b.y = b.x-10, b.y-12
		parts.blocks = append(parts.blocks, b)
	}
	for _, c := range []struct {
		name  string
		w, h  float64 // of the drawing that they are in the middle of
		spec  imaging.Spec
		scale float64 // of the ideal
		least float64
	}{
		{"all", 94, 24, imaging.Spec{Width: 376}, 4, 0.999},
		{"half", 188, 48, imaging.Spec{Width: 376}, 4, 0.999},
		{"half, at an odd scale", 188, 48, imaging.Spec{Width: 400}, 400.0 / 94, 0.95},
		{"half, on its side", 188, 48, imaging.Spec{Width: 192, Rotate: 90}, 8, 0.999},
		{"half, cut at a point", 188, 48, imaging.Spec{Width: 150, Height: 96, Fit: imaging.FitCover, Focal: &imaging.Point{X: 0.68, Y: 0.4}}, 4, 0.999},
		{"a tenth", 940, 240, imaging.Spec{Width: 376}, 4, 0.95},
	} {
		for kind, in := range map[string]scene{"svg": parts, "pdf": parts} {
			t.Run(c.name+" "+kind, func(t *testing.T) {
				reads(t, e, kind)
				source, paper := in.within(c.w, c.h).svg(), color.NRGBA{}
				if kind == "pdf" {
					source, paper = in.within(c.w, c.h).pdf(), color.NRGBA{255, 255, 255, 255}
				}
				c.spec.Format, c.spec.Trim = imaging.FormatPNG, 20
				ideal := c.spec
				ideal.Trim, ideal.Enlarge = 0, true
				if f := ideal.Focal; f != nil { // of the whole, and now of what is left
					ideal.Focal = &imaging.Point{X: (f.X*c.w - (c.w-in.w)/2) / in.w, Y: (f.Y*c.h - (c.h-in.h)/2) / in.h}
				}
				got, want := renderOne(t, e, source, c.spec), renderOne(t, e, in.png(t, c.scale, paper), ideal)
				// A border ends between two pixels of what was looked at.
				off := max(got.Width-want.Width, want.Width-got.Width, got.Height-want.Height, want.Height-got.Height)
				if most := 1 + want.Height/100; off > most {
					t.Fatalf("%d×%d px, want %d×%d and %d more or less", got.Width, got.Height, want.Width, want.Height, most)
				}
				box := imaging.Spec{Width: want.Width, Height: want.Height, Fit: imaging.FitFill, Enlarge: true, Format: imaging.FormatPNG}
				like(t, e, renderOne(t, e, got.Data, box), want, c.least)
			})
		}
	}
}

// reads skips t where this libvips does not read a format.
func reads(t *testing.T, e *vips.Engine, format string) {
	t.Helper()
	for _, f := range e.Capability().Inputs {
		if string(f) == format {
			return
		}
	}
	t.Skipf("this build does not read %s", format)
}

// TestDrawing_OwnSize: without a box a variant has the drawing's own size, whatever
// else is made, and without what is trimmed.
func TestDrawing_OwnSize(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	a4 := func(attributes string) []byte { return imagingtest.SVGCard(attributes, "RGBY") }
	for _, c := range []struct {
		name    string
		format  string
		source  []byte
		spec    imaging.Spec
		w, h    int
		at1000w int // height of a variant 1,000 wide beside it; 0: it is not looked at
	}{
		{"icon", "svg", imagingtest.SVG(`viewBox="0 0 24 24"`, ""), imaging.Spec{}, 24, 24, 1000},
		{"a fraction more", "svg", imagingtest.SVG(`width="24.4" height="10.4"`, ""), imaging.Spec{}, 24, 10, 426},
		{"a fraction less", "svg", imagingtest.SVG(`viewBox="0 0 15.86 24"`, ""), imaging.Spec{}, 16, 24, 1513},
		{"A4 in millimetres", "svg", a4(`width="210mm" height="297mm"`), imaging.Spec{}, 794, 1123, 1414},
		{"A4 in points", "svg", a4(`width="595.276pt" height="841.89pt"`), imaging.Spec{}, 794, 1123, 1414},
		{"inches beside px", "svg", a4(`width="1in" height="64"`), imaging.Spec{}, 96, 64, 667},
		{"rotated", "svg", imagingtest.SVG(`width="24.4" height="10.4"`, ""), imaging.Spec{Rotate: 270}, 10, 24, 0},
		{"part", "svg", pennant.svg(), imaging.Spec{Extract: &imaging.Rect{X: 3, Y: 5, Width: 31, Height: 17}}, 31, 17, 0},
		{"trimmed", "svg", pennant.within(240, 160).svg(), imaging.Spec{Trim: 10}, 120, 80, 0},
		{"trimmed and rotated", "svg", pennant.within(240, 160).svg(), imaging.Spec{Trim: 10, Rotate: 90}, 80, 120, 0},
		{"trimmed to a tenth", "svg", pennant.within(1200, 800).svg(), imaging.Spec{Trim: 10}, 120, 80, 0},
		{"A4", "pdf", scene{w: 595.276, h: 841.89}.pdf(), imaging.Spec{}, 595, 842, 1414},
		{"letter", "pdf", scene{w: 612, h: 792}.pdf(), imaging.Spec{}, 612, 792, 1294},
		{"trimmed page", "pdf", pennant.within(240, 160).pdf(), imaging.Spec{Trim: 10}, 120, 80, 0},
	} {
		t.Run(c.format+" "+c.name, func(t *testing.T) {
			reads(t, e, c.format)
			own, beside := c.spec, imaging.Spec{Width: 1000, Format: imaging.FormatPNG}
			own.Format = imaging.FormatPNG
			if v := renderOne(t, e, c.source, own); v.Width != c.w || v.Height != c.h {
				t.Errorf("%d×%d px, want %d×%d", v.Width, v.Height, c.w, c.h)
			}
			_, both := renderAll(t, e, c.source, own, beside)
			if v := both[0]; v.Width != c.w || v.Height != c.h || v.Err != nil {
				t.Errorf("beside a larger one %d×%d px and %v, want %d×%d", v.Width, v.Height, v.Err, c.w, c.h)
			}
			if v := both[1]; c.at1000w > 0 && (v.Width != 1000 || v.Height != c.at1000w) {
				t.Errorf("the large one has %d×%d px, want 1000×%d", v.Width, v.Height, c.at1000w)
			}
		})
	}
}

// TestDrawing_SameBytesEachTime: also beside other drawings.
func TestDrawing_SameBytesEachTime(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	specs := []imaging.Spec{{Width: 700, Format: imaging.FormatPNG}, {Width: 300, Format: imaging.FormatWebP}, {Trim: 10, Height: 99, Format: imaging.FormatJPEG}}
	for kind, source := range map[string][]byte{"svg": pennant.within(150, 100).svg(), "pdf": pennant.within(150, 100).pdf()} {
		t.Run(kind, func(t *testing.T) {
			reads(t, e, kind)
			first, want := renderAll(t, e, source, specs...)
			again, got := renderAll(t, e, source, specs...)
			for i := range want {
				if want[i].Err != nil || !bytes.Equal(got[i].Data, want[i].Data) {
					t.Errorf("variant %d (%v) differs", i, want[i].Err)
				}
			}
			if first.Placeholder.DataURI != again.Placeholder.DataURI {
				t.Error("the placeholder differs")
			}
		})
	}
}

// TestDrawing_SizesAreThoseOfALargePicture: what is planned comes out, to the pixel.
func TestDrawing_SizesAreThoseOfALargePicture(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	icon := scene{24.4, 10.4, []block{{2, 2, 12.2, 5, color.NRGBA{20, 40, 160, 255}}}}
	var specs, ideal []imaging.Spec
	fits := []imaging.Fit{imaging.FitInside, imaging.FitOutside, imaging.FitCover, imaging.FitContain, imaging.FitFill}
	for i, width := range []int{0, 1, 7, 33, 101, 487} {
		for k, height := range []int{0, 3, 58, 211} {
			if width == 0 && height == 0 {
				continue
			}
			s := imaging.Spec{
				Width: width, Height: height, Fit: fits[(i+k)%len(fits)], Rotate: 90 * ((i + 2*k) % 4),
				DPR: []float64{0, 1.5}[(i+k)%2], Format: imaging.FormatPNG,
			}
			specs = append(specs, s)
			s.Enlarge = true
			ideal = append(ideal, s)
		}
	}
	_, want := renderAll(t, e, icon.png(t, 100, color.NRGBA{}), ideal...)
	for kind, source := range map[string][]byte{"svg": icon.svg(), "pdf": icon.pdf()} {
		t.Run(kind, func(t *testing.T) {
			reads(t, e, kind)
			_, got := renderAll(t, e, source, specs...)
			for i, v := range got {
				if v.Err != nil {
					t.Errorf("%+v: %v", specs[i], v.Err)
					continue
				}
				m := pixels(t, e, v).Bounds()
				if m.Dx() != want[i].Width || m.Dy() != want[i].Height || v.Width != m.Dx() || v.Height != m.Dy() {
					t.Errorf("%+v: %d×%d px, said to be %d×%d; want %d×%d", specs[i], m.Dx(), m.Dy(), v.Width, v.Height, want[i].Width, want[i].Height)
				}
			}
		})
	}
}
