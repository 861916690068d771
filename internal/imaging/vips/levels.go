package vips

import (
	"cmp"
	"slices"

	"pixmill/internal/imaging"
)

// levelResidual says how much smaller than a finished size one made from it must
// be: then it is as near to the ideal as one from the working image (measured).
const levelResidual = 2

// servesFor is whether a finished size of w × h may be the source of one of
// ow × oh.
func servesFor(w, h, ow, oh int) bool {
	return (w == ow && h == oh) || (w >= levelResidual*ow && h >= levelResidual*oh)
}

// sort orders the variants from large to small, so that what takes longest
// starts first and small ones can be made from finished large ones.
func (p *plan) sort() {
	slices.SortStableFunc(p.variants, func(a, b variantPlan) int {
		return cmp.Compare(b.geometry.scaledW*b.geometry.scaledH, a.geometry.scaledW*a.geometry.scaledH)
	})
}

// chooseLevels says which resized images are sources of smaller ones, as if every
// variant were made. Of those that are there already it leaves only what the
// others and the placeholder are made from, at however many removes.
func (p *plan) chooseLevels(src *source) {
	levels := map[region][]*variantPlan{}
	for i := range p.variants {
		v := &p.variants[i]
		if v.err != nil || v.animated {
			continue
		}
		of := levels[v.geometry.region]
		v.from = nearestLevel(of, v.geometry)
		v.level = serves(v, p.variants[i+1:])
		if v.level && (v.from == nil || !v.sameSize(v.from)) {
			levels[v.geometry.region] = append(of, v)
		}
	}
	needed := map[*variantPlan]bool{}
	need := func(v *variantPlan) {
		for ; v != nil && !needed[v]; v = v.from {
			needed[v] = true
		}
	}
	need(placeholderLevel(levels[src.whole()]))
	trimmed := map[region]bool{} // regions of which more than kept variants are made
	for i := range p.variants {
		if v := &p.variants[i]; !v.kept {
			need(v)
			trimmed[v.geometry.region] = v.spec.Trim > 0
		}
	}
	for i := range p.variants {
		v := &p.variants[i]
		// What is made from what after a trim is seen only then: all levels are needed.
		v.level = v.level && (!v.kept || needed[v] || trimmed[v.geometry.region])
	}
}

// serves is whether v's resized image is a source for any later variant.
func serves(v *variantPlan, later []variantPlan) bool {
	return slices.ContainsFunc(later, func(o variantPlan) bool {
		return o.err == nil && !o.animated && o.geometry.region == v.geometry.region &&
			servesFor(v.geometry.scaledW, v.geometry.scaledH, o.geometry.scaledW, o.geometry.scaledH)
	})
}

func (v *variantPlan) sameSize(o *variantPlan) bool {
	return v.geometry.scaledW == o.geometry.scaledW && v.geometry.scaledH == o.geometry.scaledH
}

// nearestLevel foretells regionPixels.nearest.
func nearestLevel(levels []*variantPlan, g geometry) (best *variantPlan) {
	for _, l := range levels {
		if servesFor(l.geometry.scaledW, l.geometry.scaledH, g.scaledW, g.scaledH) {
			best = l
		}
	}
	return best
}

// placeholderLevel foretells regions.small.
func placeholderLevel(levels []*variantPlan) (best *variantPlan) {
	for _, l := range levels {
		if servesPlaceholder(l.geometry.scaledW, l.geometry.scaledH) {
			best = l
		}
	}
	return best
}

// servesPlaceholder is whether a finished size is large enough for a placeholder.
func servesPlaceholder(w, h int) bool { return max(w, h) >= levelResidual*placeholderSide }

// whole is the region of variants that show all of the source.
func (s *source) whole() region {
	w, h := s.oriented()
	return region{extract: imaging.Rect{Width: w, Height: h}}
}
