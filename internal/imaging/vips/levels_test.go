package vips

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"pixmill/internal/imaging"
)

// TestPlan_LevelsOfKeptVariants says what of a kept variant is still made.
func TestPlan_LevelsOfKeptVariants(t *testing.T) {
	wide := func(w int) imaging.Spec { return imaging.Spec{Width: w} }
	trim := func(w int) imaging.Spec { return imaging.Spec{Width: w, Trim: 10} }
	for _, c := range []struct {
		name   string
		specs  []imaging.Spec
		kept   []bool
		levels []int // indices of the specs
	}{
		{"nothing is kept", []imaging.Spec{wide(1600), wide(800), wide(20)}, nil, []int{0, 1}},
		{"what nothing is made from", []imaging.Spec{wide(1600), wide(900)}, []bool{true, false}, nil},
		{"what a wanted one is made from", []imaging.Spec{wide(1600), wide(700)}, []bool{true, false}, []int{0}},
		{"at two removes", []imaging.Spec{wide(1600), wide(800), wide(20)}, []bool{true, true, false}, []int{0, 1}},
		{"a nearer one serves", []imaging.Spec{wide(1600), wide(900), wide(300)}, []bool{true, false, false}, []int{1}},
		{"one of the same size", []imaging.Spec{wide(1600), {Width: 1600, Flip: true}}, []bool{true, false}, []int{0}},
		{"for the placeholder alone", []imaging.Spec{wide(1600), wide(900), wide(20)}, []bool{true, true, true}, []int{1}},
		{"of another region", []imaging.Spec{{Width: 1600, Rotate: 90}, wide(20)}, []bool{true, false}, nil},
		{"after a trim", []imaging.Spec{trim(1600), trim(300), trim(20)}, []bool{true, true, false}, []int{0, 1}},
		{"after a trim that nobody wants", []imaging.Spec{trim(1600), trim(300), wide(20)}, []bool{true, true, false}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := imaging.Request{Specs: c.specs, Kept: c.kept}
			p := planAll(sourceOf(imaging.FormatPNG, 5000, 3000, 1), req, imaging.DefaultLimits())
			var levels []int
			for _, v := range p.variants {
				if v.level {
					levels = append(levels, v.index)
				}
			}
			if !slices.Equal(levels, c.levels) {
				t.Errorf("resized images are kept of %v, want of %v", levels, c.levels)
			}
		})
	}
}

// TestPlan_KeptVariantsChangeNoSource: from what each wanted variant and the
// placeholder are made is the same whatever is kept.
func TestPlan_KeptVariantsChangeNoSource(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var req imaging.Request
		for range rapid.IntRange(1, 8).Draw(t, "variants") {
			req.Specs = append(req.Specs, imaging.Spec{
				Width:  rapid.IntRange(0, 1200).Draw(t, "width"),
				Height: rapid.SampledFrom([]int{0, 0, 100, 500}).Draw(t, "height"),
				Fit:    rapid.SampledFrom([]imaging.Fit{"", imaging.FitCover, imaging.FitFill}).Draw(t, "fit"),
				Rotate: rapid.SampledFrom([]int{0, 0, 0, 90, 45}).Draw(t, "rotate"),
			})
			req.Kept = append(req.Kept, rapid.Bool().Draw(t, "kept"))
		}
		src := sourceOf(imaging.FormatJPEG, rapid.IntRange(1, 2000).Draw(t, "w"), rapid.IntRange(1, 2000).Draw(t, "h"), 1)
		all := planAll(src, imaging.Request{Specs: req.Specs}, imaging.DefaultLimits())
		rest := planAll(src, req, imaging.DefaultLimits())
		if all.shrink != rest.shrink || all.scale != rest.scale {
			t.Fatalf("decoded at %v/%d, want %v/%d", rest.scale, rest.shrink, all.scale, all.shrink)
		}
		made, madeOfAll := map[region][]*variantPlan{}, map[region][]*variantPlan{}
		size := func(v *variantPlan) [2]int {
			if v == nil {
				return [2]int{}
			}
			return [2]int{v.geometry.scaledW, v.geometry.scaledH}
		}
		for i := range all.variants {
			a, r := &all.variants[i], &rest.variants[i]
			g := a.geometry
			if got, want := size(nearestLevel(made[g.region], g)), size(nearestLevel(madeOfAll[g.region], g)); !r.kept && a.err == nil && got != want {
				t.Fatalf("variant %d of %v px is made from %v, want from %v", a.index, size(a), got, want)
			}
			if a.level {
				madeOfAll[g.region] = append(madeOfAll[g.region], a)
			}
			if r.level {
				made[g.region] = append(made[g.region], r)
			}
		}
		if got, want := size(placeholderLevel(made[src.whole()])), size(placeholderLevel(madeOfAll[src.whole()])); got != want {
			t.Fatalf("the placeholder is made from %v, want from %v", got, want)
		}
		if a, r := estimate(src, all, 2, footprintOf(false, 14)), estimate(src, rest, 2, footprintOf(false, 14)); r > a {
			t.Fatalf("the rest is estimated at %d bytes, all at %d", r, a)
		}
	})
}

// TestEstimate_KeptVariants: they count as far as others are made from them.
func TestEstimate_KeptVariants(t *testing.T) {
	of := func(kept ...bool) int64 {
		src := sourceOf(imaging.FormatPNG, 4000, 3000, 1)
		specs := []imaging.Spec{{Width: 4000, Rotate: 90}, {Width: 2000, Format: imaging.FormatAVIF}, {Width: 1000, Format: imaging.FormatPNG}}
		return estimate(src, planAll(src, imaging.Request{Specs: specs, Kept: kept}, imaging.DefaultLimits()), 1, footprintOf(false, 14))
	}
	const (
		base    = fixedMemory + 3*4001*3001
		rotated = 3 * 3000 * 4000
		middle  = 3 * 2000 * 1500
		small   = 3 * 1000 * 750
	)
	for _, c := range []struct {
		kept []bool
		want int64
	}{
		{[]bool{false, true, true}, base + rotated + middle}, // the middle one for the placeholder
		{[]bool{true, true, false}, base + middle + small},
	} {
		if got := of(c.kept...); got != c.want {
			t.Errorf("kept %v: %d bytes, want %d", c.kept, got, c.want)
		}
	}
}
