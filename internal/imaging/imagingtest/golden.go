package imagingtest

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"pixmill/internal/imaging"
	"pixmill/internal/imaging/imagingtest/perceptual"
)

// goldenChannel is how far apart the means of a channel may be, of 255.
const goldenChannel = 2.0

// golden compares photographs and drawings with stored results, by perceptual distance:
// another libvips or another encoder may differ a little, a wrong crop, turn or
// colour differs much. Where two libraries differ more, as their encoders and
// quantisers do, there is a golden of each, and a result has to be like one of
// them. Each golden was looked at when it was made.
func (s *suite) golden(t *testing.T) {
	e := s.engine(t)
	for _, c := range goldenCases() {
		t.Run(c.name, func(t *testing.T) {
			v := s.one(t, e, s.original(t, e, c.source), c.spec)
			got := s.decode(t, e, v.Data)
			nearest := s.nearestGolden(t, c.name, got)
			if set := s.opts.UpdateGoldens; set == mainGoldens || (set != "" && !s.alike(nearest)) {
				updateGolden(t, set, c.name, got)
				return
			}
			t.Log(nearest)
			if !s.alike(nearest) {
				t.Errorf("%v; want SSIM %.4f and channel means %.1f apart at most", nearest, s.opts.GoldenSSIM, goldenChannel)
			}
		})
	}
}

// mainGoldens is the set that has a golden for every case; others are folders.
const mainGoldens = "main"

func goldenPath(set, name string) string {
	if set == mainGoldens {
		return "golden/" + name + ".png"
	}
	return "golden/" + set + "/" + name + ".png"
}

// nearestGolden is the distance to the golden, of whatever set, that m is most like.
func (s *suite) nearestGolden(t *testing.T, name string, m image.Image) perceptual.Distance {
	t.Helper()
	paths, err := fs.Glob(testdata, "testdata/"+goldenPath("*", name))
	if err != nil {
		t.Fatal(err)
	}
	var nearest perceptual.Distance
	for _, path := range append(paths, "testdata/"+goldenPath(mainGoldens, name)) {
		data, err := testdata.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) && s.opts.UpdateGoldens != "" {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		want, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		d, err := perceptual.Compare(m, want)
		if err != nil {
			t.Fatal(err)
		}
		if d.SSIM > nearest.SSIM {
			nearest = d
		}
	}
	return nearest
}

func (s *suite) alike(d perceptual.Distance) bool {
	return d.SSIM >= s.opts.GoldenSSIM && d.Channel <= goldenChannel
}

// goldenCase is a photograph or a drawing and what is made of it.
type goldenCase struct {
	name, source string
	spec         imaging.Spec
}

// original is what a golden is made of. Builds that do not read a drawing have no
// golden of it.
func (s *suite) original(t *testing.T, e imaging.Engine, name string) []byte {
	t.Helper()
	switch name {
	case mill:
		s.readable(t, e, imaging.FormatSVG)
		return file(t, "drawings/"+name)
	case page:
		s.readable(t, e, imaging.FormatPDF)
		return illustratedPage(t)
	}
	return file(t, "photos/"+name)
}

// Drawings.
const mill, page = "mill.svg", "page.pdf"

func goldenCases() []goldenCase {
	const (
		astronaut, cat, coffee, hubble, rocket = "astronaut.png", "chelsea.png", "coffee.png", "hubble_deep_field.jpg", "rocket.jpg"
	)
	cover := func(w, h int, g imaging.Gravity) imaging.Spec {
		return imaging.Spec{Width: w, Height: h, Fit: imaging.FitCover, Gravity: g, Format: imaging.FormatPNG}
	}
	return []goldenCase{
		{"astronaut-inside-jpeg", astronaut, imaging.Spec{Width: 160, Format: imaging.FormatJPEG, Quality: 80}},
		{"astronaut-smart-wide", astronaut, cover(200, 100, imaging.GravitySmart)},
		{"astronaut-smart-tall", astronaut, cover(80, 160, imaging.GravitySmart)},
		{"astronaut-north", astronaut, cover(180, 90, imaging.GravityNorth)},
		{"astronaut-focal", astronaut, imaging.Spec{Width: 70, Height: 160, Fit: imaging.FitCover, Focal: &imaging.Point{X: 0.84, Y: 0.3}, Format: imaging.FormatPNG}},
		{"astronaut-contain", astronaut, imaging.Spec{Width: 200, Height: 120, Fit: imaging.FitContain, Background: "#204060", Format: imaging.FormatPNG}},
		{"astronaut-rotate", astronaut, imaging.Spec{Rotate: 90, Width: 150, Format: imaging.FormatPNG}},
		{"cat-fill", cat, imaging.Spec{Width: 200, Height: 80, Fit: imaging.FitFill, Format: imaging.FormatPNG}},
		{"cat-extract", cat, imaging.Spec{Extract: &imaging.Rect{X: 120, Y: 70, Width: 240, Height: 120}, Width: 200, Format: imaging.FormatPNG}},
		{"cat-webp", cat, imaging.Spec{Width: 200, Format: imaging.FormatWebP, Quality: 80}},
		{"cat-avif", cat, imaging.Spec{Width: 200, Format: imaging.FormatAVIF, Quality: 60}},
		{"cat-png-palette", cat, imaging.Spec{Width: 200, Format: imaging.FormatPNG, Palette: 64}},
		{"cat-enlarged", cat, imaging.Spec{Extract: &imaging.Rect{X: 130, Y: 80, Width: 80, Height: 70}, Width: 200, Enlarge: true, Format: imaging.FormatPNG}},
		{"coffee-entropy", coffee, cover(150, 150, imaging.GravityEntropy)},
		{"coffee-smart-tall", coffee, cover(90, 180, imaging.GravitySmart)},
		{"coffee-southwest", coffee, cover(90, 180, imaging.GravitySouthWest)},
		{"coffee-flip", coffee, imaging.Spec{Flip: true, Width: 180, Format: imaging.FormatPNG}},
		{"coffee-flop", coffee, imaging.Spec{Flop: true, Width: 180, Format: imaging.FormatPNG}},
		{"coffee-gif", coffee, imaging.Spec{Width: 180, Format: imaging.FormatGIF}},
		{"hubble-inside-jpeg", hubble, imaging.Spec{Width: 200, Format: imaging.FormatJPEG, Quality: 80}},
		{"hubble-inside-tiny", hubble, imaging.Spec{Width: 64, Format: imaging.FormatPNG}},
		{"rocket-smart", rocket, cover(150, 150, imaging.GravitySmart)},
		{"rocket-outside-2x", rocket, imaging.Spec{Width: 100, Height: 100, DPR: 2, Fit: imaging.FitOutside, Format: imaging.FormatJPEG, Quality: 85}},
		{"mill", mill, imaging.Spec{Width: 600, Format: imaging.FormatPNG}},
		{"mill-sails", mill, imaging.Spec{Extract: &imaging.Rect{X: 200, Y: 30, Width: 160, Height: 120}, Width: 320, Format: imaging.FormatPNG}},
		{"page", page, imaging.Spec{Width: 300, Format: imaging.FormatPNG}},
		{"page-smart", page, cover(200, 200, imaging.GravitySmart)},
	}
}

// updateGolden writes a golden beside this file and says how far it moved.
func updateGolden(t *testing.T, set, name string, got image.Image) {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	path := filepath.Join(filepath.Dir(here), "testdata", filepath.FromSlash(goldenPath(set, name)))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	change := "new"
	if old, err := testdata.ReadFile("testdata/" + goldenPath(set, name)); err == nil {
		before, err := png.Decode(bytes.NewReader(old))
		if err != nil {
			t.Fatal(err)
		}
		if d, err := perceptual.Compare(before, got); err != nil {
			change = err.Error()
		} else {
			change = fmt.Sprint(d)
		}
	}
	eight := image.NewNRGBA(got.Bounds()) // a JPEG's YCbCr would be written with 16 bits
	draw.Draw(eight, eight.Bounds(), got, got.Bounds().Min, draw.Src)
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, eight); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Errorf("golden written, look at it: %s (%s)", path, change)
}
