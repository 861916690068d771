package vips

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// TestPixelsAfterTrim_IsEnoughWithoutEnlargement: whatever a trim leaves of a
// source, a variant that is not enlarged is made, and the estimate has counted it.
func TestPixelsAfterTrim_IsEnoughWithoutEnlargement(t *testing.T) {
	side := rapid.IntRange(0, 3000)
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 4000).Draw(t, "w"), rapid.IntRange(1, 4000).Draw(t, "h")
		s := imaging.Spec{
			Trim: 10, Width: side.Draw(t, "width"), Height: side.Draw(t, "height"),
			Fit: rapid.SampledFrom([]imaging.Fit{"", imaging.FitInside, imaging.FitOutside, imaging.FitCover, imaging.FitContain, imaging.FitFill}).Draw(t, "fit"),
		}
		r := region{extract: imaging.Rect{Width: w, Height: h}, trim: s.Trim}
		v := variantPlan{spec: &s, geometry: place(&s, r, w, h)}
		trimmed := place(&s, r, rapid.IntRange(1, w).Draw(t, "trimmed w"), rapid.IntRange(1, h).Draw(t, "trimmed h"))
		if err := checkTrimmed(&v, trimmed, 1, imaging.DefaultLimits()); err != nil {
			t.Fatalf("%+v of %d×%d, trimmed to %d×%d: %v", s, w, h, trimmed.w, trimmed.h, err)
		}
	})
}

// TestPixelsAfterTrim_BoundsEnlargement: an enlarged variant has a bound that does
// not depend on what is left, and everything below it is made.
func TestPixelsAfterTrim_BoundsEnlargement(t *testing.T) {
	for _, c := range []struct {
		name     string
		spec     imaging.Spec
		w, h     int // of what is left of 2000 × 1500
		overLeft int64
	}{
		{"a bottle", imaging.Spec{Width: 1000}, 400, 1200, 0},
		{"a pen, in a box", imaging.Spec{Width: 1000, Height: 1000}, 10, 1500, 0},
		{"a hairline, by its width", imaging.Spec{Width: 1000}, 1, 1500, 1000 * 1_500_000},
		{"a hairline, by its height", imaging.Spec{Height: 1000}, 2000, 1, 1000 * 2_000_000},
		{"a hairline that covers", imaging.Spec{Width: 100, Height: 100, Fit: imaging.FitCover}, 1, 1500, 100 * 150_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.spec.Trim, c.spec.Enlarge = 10, true
			r := region{extract: imaging.Rect{Width: 2000, Height: 1500}, trim: 10}
			v := variantPlan{spec: &c.spec, geometry: place(&c.spec, r, 2000, 1500)}
			err := checkTrimmed(&v, place(&c.spec, r, c.w, c.h), 1, imaging.DefaultLimits())
			limit, refused := errors.AsType[*fault.LimitError](err)
			if refused != (c.overLeft > 0) {
				t.Fatalf("got %v", err)
			}
			if refused && (limit.Field != "variant pixels after trim" || limit.Value != c.overLeft || limit.Limit != pixelsAfterTrim(&c.spec, v.geometry) || limit.Unit != "px") {
				t.Errorf("got %+v, want %d px over what was planned", limit, c.overLeft)
			}
		})
	}
}

// TestCheckTrimmed_Limits: the operator's limits hold after the trim as before it.
func TestCheckTrimmed_Limits(t *testing.T) {
	s := imaging.Spec{Trim: 10, Width: 1000, Enlarge: true}
	r := region{extract: imaging.Rect{Width: 2000, Height: 1500}, trim: 10}
	v := variantPlan{spec: &s, geometry: place(&s, r, 2000, 1500)}
	trimmed := place(&s, r, 500, 1500) // 1000 × 3000
	for field, l := range map[string]imaging.Limits{
		"variant height after trim":       {Dimension: 2500, Pixels: 1e9, TotalPixels: 1e9},
		"variant pixels after trim":       {Dimension: 1e5, Pixels: 2_500_000, TotalPixels: 1e9},
		"variant total pixels after trim": {Dimension: 1e5, Pixels: 1e9, TotalPixels: 8_000_000},
	} {
		limit, ok := errors.AsType[*fault.LimitError](checkTrimmed(&v, trimmed, 3, l))
		if !ok || limit.Field != field || limit.Value <= limit.Limit {
			t.Errorf("got %+v, want %s", limit, field)
		}
	}
}

// TestEstimate_CountsWhatATrimMayLeave: the estimate has room for the largest
// variant that is not refused.
func TestEstimate_CountsWhatATrimMayLeave(t *testing.T) {
	src := sourceOf(imaging.FormatPNG, 2000, 1500, 1)
	spec := imaging.Spec{Trim: 10, Width: 1000, Enlarge: true, Format: imaging.FormatAVIF}
	most := pixelsAfterTrim(&spec, place(&spec, region{extract: imaging.Rect{Width: 2000, Height: 1500}}, 2000, 1500))
	got := estimate(src, planAll(src, imaging.Request{Specs: []imaging.Spec{spec}}, imaging.DefaultLimits()), 1, footprintOf(false, 14))
	if least := most * (3 + 28); got < least {
		t.Errorf("the estimate is %d bytes; a variant of %d px alone takes %d", got, most, least)
	}
}
