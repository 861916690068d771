package vips

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// drawingOf is a drawing that is known by its size alone, px.
func drawingOf(f imaging.Format, w, h float64) *source {
	src := sourceOf(f, scaled(1, w), scaled(1, h), 1)
	src.exactW, src.exactH = w, h
	src.bands, src.alpha = drawnBands(f), f == imaging.FormatSVG
	return src
}

// specOfDrawing draws what somebody may ask of a drawing of w × h px.
func specOfDrawing(t *rapid.T, w, h int) imaging.Spec {
	side := rapid.OneOf(rapid.Just(0), rapid.IntRange(1, 3000))
	s := imaging.Spec{
		Width:  side.Draw(t, "width"),
		Height: side.Draw(t, "height"),
		DPR:    rapid.SampledFrom([]float64{0, 1, 1.5, 2}).Draw(t, "dpr"),
		Rotate: rapid.SampledFrom([]int{0, 90, 180, 270}).Draw(t, "rotate"),
		Fit:    rapid.SampledFrom([]imaging.Fit{"", imaging.FitInside, imaging.FitOutside, imaging.FitCover, imaging.FitContain, imaging.FitFill}).Draw(t, "fit"),
		Format: imaging.FormatPNG,
	}
	if rapid.Bool().Draw(t, "part") {
		x, y := rapid.IntRange(0, w-1).Draw(t, "x"), rapid.IntRange(0, h-1).Draw(t, "y")
		s.Extract = &imaging.Rect{
			X: x, Y: y,
			Width: rapid.IntRange(1, w-x).Draw(t, "part's width"), Height: rapid.IntRange(1, h-y).Draw(t, "part's height"),
		}
	}
	return s
}

// TestPlanDrawing_SizesAreThoseOfALargePicture: a variant of a drawing has the size
// that it would have of a picture with so many pixels for each of the drawing's own,
// enlarged or not. Without a box it has the drawing's own size, or the part's.
func TestPlanDrawing_SizesAreThoseOfALargePicture(t *testing.T) {
	unlimited := imaging.Limits{Dimension: math.MaxInt32, Pixels: math.MaxInt64, TotalPixels: math.MaxInt64, Frames: 1}
	rapid.Check(t, func(t *rapid.T) {
		hundredths := rapid.IntRange(100, 200_000)
		w, h := hundredths.Draw(t, "w"), hundredths.Draw(t, "h")
		src := drawingOf(imaging.FormatSVG, float64(w)/100, float64(h)/100)
		spec := specOfDrawing(t, src.width, src.height)
		got := planVariant(src, &spec, unlimited).geometry

		large, wide := sourceOf(imaging.FormatPNG, w, h, 1), spec
		if x := spec.Extract; x != nil && (x.Width < src.width || x.Height < src.height) { // a part is of whole px
			large = sourceOf(imaging.FormatPNG, 100*src.width, 100*src.height, 1)
			wide.Extract = &imaging.Rect{X: 100 * x.X, Y: 100 * x.Y, Width: 100 * x.Width, Height: 100 * x.Height}
		} else {
			wide.Extract = nil
		}
		wide.Enlarge = true
		if spec.Width == 0 && spec.Height == 0 {
			wantW, wantH := src.width, src.height
			if spec.Extract != nil {
				wantW, wantH = spec.Extract.Width, spec.Extract.Height
			}
			if spec.Rotate%180 != 0 {
				wantW, wantH = wantH, wantW
			}
			if got.canvasW != wantW || got.canvasH != wantH {
				t.Fatalf("%d×%d px, want the own %d×%d", got.canvasW, got.canvasH, wantW, wantH)
			}
			return
		}
		want := planVariant(large, &wide, unlimited).geometry
		// Half a px is rounded one way or the other: its factor is no binary fraction.
		for _, pair := range [][2]int{
			{got.scaledW, want.scaledW},
			{got.scaledH, want.scaledH},
			{got.cropW, want.cropW},
			{got.cropH, want.cropH},
			{got.canvasW, want.canvasW},
			{got.canvasH, want.canvasH},
		} {
			if d := pair[0] - pair[1]; d >= -1 && d <= 1 {
				continue
			}
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
	})
}

// TestPlanDrawing_DrawnOnceForAll: the whole is drawn to the pixel for the largest
// variant where it shows all of it, never over the limits, and with at most so much
// room more.
func TestPlanDrawing_DrawnOnceForAll(t *testing.T) {
	limits := imaging.DefaultLimits()
	rapid.Check(t, func(t *rapid.T) {
		side := rapid.Float64Range(1, 5000)
		src := drawingOf(imaging.FormatPDF, side.Draw(t, "w"), side.Draw(t, "h"))
		var req imaging.Request
		for range rapid.IntRange(1, 4).Draw(t, "variants") {
			s := specOfDrawing(t, src.width, src.height)
			if rapid.IntRange(0, 5).Draw(t, "trim") == 0 {
				s.Trim = 10
			}
			req.Specs = append(req.Specs, s)
		}
		p := planAll(src, req, limits)
		drawn := int64(p.drawW) * int64(p.drawH)
		most := max(1.05*src.exactW*src.exactH, 1.05*roomPixels)
		for i := range p.variants {
			v := &p.variants[i]
			if v.err != nil {
				continue
			}
			g := v.geometry
			most = max(most, 1.05*extractRoom*float64(g.pixels()))
			if g.region != (region{extract: src.whole().extract, rotate: g.region.rotate}) || v.spec.Fit == imaging.FitFill {
				continue
			}
			w, h := g.scaledW, g.scaledH
			if g.region.rotate%180 != 0 {
				w, h = h, w
			}
			if int64(w)*int64(h) > drawn {
				t.Fatalf("drawn as %d×%d px, too small for %d×%d", p.drawW, p.drawH, w, h)
			}
		}
		if p.drawW < 1 || p.drawH < 1 || max(p.drawW, p.drawH) > maxDrawSide || drawn > limits.Pixels*101/100 || float64(drawn) > most {
			t.Fatalf("drawn as %d×%d px of %v×%v", p.drawW, p.drawH, src.exactW, src.exactH)
		}
	})
}

func TestPlanDrawing_Drawn(t *testing.T) {
	wide := func(w int) imaging.Spec { return imaging.Spec{Width: w} }
	rect := func(x, y, w, h int) *imaging.Rect { return &imaging.Rect{X: x, Y: y, Width: w, Height: h} }
	for _, c := range []struct {
		name  string
		w, h  float64
		specs []imaging.Spec
		drawW int
		drawH int
	}{
		{"nothing: for the placeholder", 640, 320, nil, placeholderSide, placeholderSide / 2},
		{"own size", 24.4, 10.4, []imaging.Spec{{}}, 24, 10},
		{"the largest", 24, 24, []imaging.Spec{wide(400), wide(1600), wide(800)}, 1600, 1600},
		{"in its exact shape", 24.4, 10.4, []imaging.Spec{wide(2440)}, 2440, 1040},
		{"smaller than its own size", 3000, 2000, []imaging.Spec{wide(300)}, 300, 200},
		{"on its side", 300, 200, []imaging.Spec{{Rotate: 90, Width: 400}}, 600, 400},
		{"what overhangs, too", 300, 200, []imaging.Spec{{Width: 400, Height: 400, Fit: imaging.FitCover}}, 600, 400},
		{"without the pads", 300, 200, []imaging.Spec{{Width: 900, Height: 900, Fit: imaging.FitContain}}, 900, 600},
		{"stretched: large enough on both axes", 100, 100, []imaging.Spec{{Width: 400, Height: 200, Fit: imaging.FitFill}}, 400, 400},
		{"stretched much: not without bound", 100, 100, []imaging.Spec{{Width: 20_000, Height: 10, Fit: imaging.FitFill}}, 2000, 2000},
		{"a part", 120, 80, []imaging.Spec{{Extract: rect(0, 0, 12, 8), Width: 120}}, 1200, 800},
		{"a small part: not without bound", 100, 100, []imaging.Spec{{Extract: rect(0, 0, 1, 1), Width: 1000}}, 2000, 2000},
		{"trimmed: twice as large", 120, 80, []imaging.Spec{{Trim: 10, Width: 600}}, 1200, 800},
		{"trimmed: at least its own size", 1200, 800, []imaging.Spec{{Trim: 10, Width: 60}}, 1200, 800},
		{"a variant that fails does not count", 24, 24, []imaging.Spec{{Width: 5000, Rotate: 45}, wide(100)}, 100, 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := planAll(drawingOf(imaging.FormatSVG, c.w, c.h), imaging.Request{Specs: c.specs}, imaging.DefaultLimits())
			if p.drawW != c.drawW || p.drawH != c.drawH {
				t.Errorf("drawn as %d×%d px, want %d×%d", p.drawW, p.drawH, c.drawW, c.drawH)
			}
		})
	}
}

// TestPlanDrawing_Limits: a variant over a limit is refused, with what and how much;
// the others go on.
func TestPlanDrawing_Limits(t *testing.T) {
	for _, c := range []struct {
		name  string
		spec  imaging.Spec
		field string
		limit int64
		value int64
	}{
		{"as wide as cairo draws", imaging.Spec{Width: 32_767}, "", 0, 0},
		{"wider", imaging.Spec{Width: 32_768}, "width or height of a drawing", 32_767, 32_768},
		{"wider, with what is cut off", imaging.Spec{Width: 9000, Height: 9000, Fit: imaging.FitCover}, "variant width", 65_500, 90_000},
		{"too many pixels", imaging.Spec{Height: 5000}, "variant pixels", 200_000_000, 250_000_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			small := imaging.Spec{Width: 100}
			p := planAll(drawingOf(imaging.FormatSVG, 100, 10), imaging.Request{Specs: []imaging.Spec{c.spec, small}}, imaging.DefaultLimits())
			for _, v := range p.variants {
				limit, refused := errors.AsType[*fault.LimitError](v.err)
				if wanted := v.index == 0 && c.field != ""; refused != wanted {
					t.Fatalf("variant %d: %v", v.index, v.err)
				}
				if refused && (limit.Field != c.field || limit.Limit != c.limit || limit.Value != c.value || limit.Unit != "px") {
					t.Errorf("got %+v, want %s of %d px over %d", limit, c.field, c.value, c.limit)
				}
			}
		})
	}
}

// TestPlanDrawing_OwnSizeWhateverIsDrawn: after a trim the own size of what is left
// does not depend on how large it is drawn.
func TestPlanDrawing_OwnSizeWhateverIsDrawn(t *testing.T) {
	for _, c := range []struct {
		drawn float64
		spec  imaging.Spec
		px    [2]int // as drawn
		wantW int
		wantH int
	}{
		{1, imaging.Spec{}, [2]int{60, 40}, 60, 40},
		{2.5, imaging.Spec{}, [2]int{150, 100}, 60, 40},
		{2.5, imaging.Spec{}, [2]int{1, 100}, 1, 40}, // never less than a pixel
		{2.5, imaging.Spec{}, [2]int{101, 4}, 40, 2},
		{2.5, imaging.Spec{Width: 300}, [2]int{150, 100}, 300, 200},
		{2.5, imaging.Spec{Height: 50, DPR: 2}, [2]int{150, 100}, 150, 100},
		{2.5, imaging.Spec{DPR: 2}, [2]int{150, 100}, 60, 40}, // a density is of a box
	} {
		px := &regionPixels{width: c.px[0], height: c.px[1], drawn: c.drawn}
		g := place(px.sizing(drawnLarge(&c.spec)), region{}, px.width, px.height)
		if g.canvasW != c.wantW || g.canvasH != c.wantH {
			t.Errorf("%+v of %v px, drawn %v times as large: %d×%d px, want %d×%d", c.spec, c.px, c.drawn, g.canvasW, g.canvasH, c.wantW, c.wantH)
		}
	}
}
