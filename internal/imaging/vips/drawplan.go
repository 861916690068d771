package vips

import (
	"math"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// drawnLarge is s for a drawing, which has no pixels that an enlargement would
// stretch: it is drawn as large as is asked for.
func drawnLarge(s *imaging.Spec) *imaging.Spec {
	large := *s
	large.Enlarge = true
	return &large
}

// maxDrawSide is the largest width or height that cairo, which draws, can have, px.
const maxDrawSide = 32_767

func checkDrawn(g geometry) error {
	if side := max(g.scaledW, g.scaledH); side > maxDrawSide {
		return &fault.LimitError{Field: "width or height of a drawing", Limit: maxDrawSide, Value: int64(side), Unit: "px"}
	}
	return nil
}

const (
	// trimRoom is how many times larger a drawing is drawn whose border is removed
	// before it is fitted: as long as half of a side is left, nothing is stretched.
	trimRoom = 2
	// extractRoom is how many times more pixels than a variant of a part of it, or of
	// another shape, the whole of a drawing may have beyond roomPixels; what that
	// leaves too small is stretched.
	extractRoom = 4
	roomPixels  = 4_000_000
)

// place says where a variant's pixels go before anything is trimmed. The whole of a
// drawing keeps its exact shape, which its rounded size has not.
func (s *source) place(spec *imaging.Spec, r region) geometry {
	w, h := r.size()
	boxW, boxH := boxOf(spec)
	if !isDrawing(s.codec.format) || r.extract != s.whole().extract || (boxW == 0 && boxH == 0) {
		return place(spec, r, w, h)
	}
	exactW, exactH := r.turned(scaled(fine, s.exactW), scaled(fine, s.exactH))
	g := place(spec, r, exactW, exactH)
	g.w, g.h = w, h
	return g
}

// drawnAt is how large the whole of a drawing is at a scale, px.
func (s *source) drawnAt(scale float64) (w, h int) {
	size := func(exact float64) int { return max(1, int(math.Round(exact*scale))) }
	return size(s.exactW), size(s.exactH)
}

// chooseDrawing draws the whole once, as large as the largest variant has it, to the
// pixel where nothing is cut off first.
func (p *plan) chooseDrawing(src *source, limits imaging.Limits) {
	// The placeholder alone needs this much. p.scale is of rounded sides, which a thin
	// variant's are far from.
	p.drawW, p.drawH = src.drawnAt(min(1, placeholderSide/max(src.exactW, src.exactH)))
	for i := range p.variants {
		v := &p.variants[i]
		if v.err != nil {
			continue
		}
		if w, h := v.drawing(src, limits); int64(w)*int64(h) > int64(p.drawW)*int64(p.drawH) {
			p.drawW, p.drawH = w, h
		}
	}
	p.scale = float64(p.drawW) / float64(src.width)
}

// drawing is how large the whole of src is to be drawn for v alone, px.
func (v *variantPlan) drawing(src *source, limits imaging.Limits) (w, h int) {
	g := &v.geometry
	scale := g.scale()
	if g.region == (region{extract: src.whole().extract, rotate: g.region.rotate}) {
		w, h = g.region.turned(g.scaledW, g.scaledH)
		if inShape(w, h, src.exactW, src.exactH) {
			return w, h
		}
		scale = max(float64(w)/src.exactW, float64(h)/src.exactH) // one side is squeezed afterwards
	}
	if g.region.trim > 0 {
		scale = max(1, scale*trimRoom) // what is left may be small
	}
	own := src.exactW * src.exactH
	most := min(max(own, roomPixels, extractRoom*float64(g.pixels())), float64(limits.Pixels))
	return src.drawnAt(min(scale, math.Sqrt(most/own), maxDrawSide/max(src.exactW, src.exactH)))
}

// inShape is whether w × h px are a whole of exactW × exactH, up to the rounding.
func inShape(w, h int, exactW, exactH float64) bool {
	return scaled(h, exactW/exactH) == w || scaled(w, exactH/exactW) == h
}

// sizing is s where the region's px are not the source's: without a box, a variant
// has the source's size.
func (px *regionPixels) sizing(s *imaging.Spec) *imaging.Spec {
	if px.drawn == 1 || s.Width > 0 || s.Height > 0 {
		return s
	}
	own := *s
	own.DPR = 0
	if px.width >= px.height { // the longer side says more of the shape
		own.Width = scaled(px.width, 1/px.drawn)
	} else {
		own.Height = scaled(px.height, 1/px.drawn)
	}
	return &own
}
