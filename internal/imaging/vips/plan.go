package vips

import (
	"math"

	"pixmill/internal/imaging"
)

// plan is how one source is decoded for all the variants asked of it, those that
// are there already included: what the others look like must not depend on that.
type plan struct {
	variants []variantPlan // from large to small
	scale    float64       // the largest that any variant needs, at most 1
	drawW    int           // px of the whole of a drawing as it is drawn
	drawH    int
	shrink   int     // JPEG: 1, 2, 4 or 8 while loading
	load     float64 // WebP: scale while loading
	box      int     // others: whole-number shrink of the decoded rows as they come
	animated bool    // all frames are decoded
	wide     bool    // the working image keeps a wide gamut, for variants in P3
}

// variantPlan is one variant, or why it cannot be made.
type variantPlan struct {
	index    int
	spec     *imaging.Spec
	format   imaging.Format
	geometry geometry
	animated bool
	err      error
	kept     bool         // it is there already
	level    bool         // its resized image is a source for smaller ones; of a kept one, nothing else is made
	from     *variantPlan // the level that it is made from; nil: the working image
}

// planAll says how to decode src for req.
func planAll(src *source, req imaging.Request, limits imaging.Limits) plan {
	w, h := src.oriented()
	// The placeholder alone needs this much.
	p := plan{shrink: 1, load: 1, box: 1, scale: min(1, placeholderSide/float64(max(w, h)))}
	for i := range req.Specs {
		v := planVariant(src, &req.Specs[i], limits)
		v.index, v.kept = i, !req.Wants(i)
		p.variants = append(p.variants, v)
		if v.err != nil {
			continue
		}
		p.animated = p.animated || v.animated
		p.wide = p.wide || (v.spec.ColourSpace == spaceP3 && src.wideGamut())
		p.scale = max(p.scale, min(1, v.geometry.scale()))
		if v.spec.Trim > 0 {
			p.scale = 1 // what is left after the trim may be small, and is measured in full resolution
		}
	}
	if isDrawing(src.codec.format) {
		p.chooseDrawing(src, limits)
	} else {
		p.chooseShrink(src)
	}
	p.sort()
	p.chooseLevels(src)
	return p
}

// planVariant checks one Spec and says where its pixels go.
func planVariant(src *source, s *imaging.Spec, limits imaging.Limits) variantPlan {
	if isDrawing(src.codec.format) {
		s = drawnLarge(s)
	}
	v := variantPlan{spec: s, format: outputFormat(s, src)}
	if v.err = checkSpec(s, limits); v.err != nil {
		return v
	}
	w, h := src.oriented()
	r, err := regionOf(s, w, h)
	if err != nil {
		v.err = err
		return v
	}
	v.animated = s.Animated && src.frames > 1 && animates(v.format, s)
	v.geometry = src.place(s, r)
	frames := int64(1)
	if v.animated {
		frames = int64(src.frames)
	}
	if v.err = checkSize(v.geometry, frames, limits, ""); v.err == nil && isDrawing(src.codec.format) {
		v.err = checkDrawn(v.geometry)
	}
	if v.err == nil && v.format != imaging.FormatAuto && s.Trim == 0 { // else it is known later
		_, v.err = encodeTime(v.format, s, v.geometry.canvasW, v.geometry.canvasH, int(frames))
	}
	return v
}

// What must be left for the reducer after each early shrink, so that the shrink's
// own filter does not show: a result then has at most 0.002 less SSIM than one
// of the full decode (measured on photographs of 8 to 16 megapixels). A JPEG's
// inverse DCT at half and quarter size cuts frequencies off nearly as the
// reducer does; at an eighth it is a mean of 8 × 8 pixels, and the others are
// box filters too.
var jpegResidual = map[int]float64{2: 1.3, 4: 1.3, 8: 1.9}

const (
	residualWebP = 2.0
	residualBox  = 2.0
)

// chooseShrink never shrinks a side away: a hairline stays a pixel wide.
func (p *plan) chooseShrink(src *source) {
	short := max(1, min(src.width, src.height))
	switch src.codec.format {
	case imaging.FormatJPEG:
		for _, k := range []int{2, 4, 8} {
			if float64(k)*p.scale*jpegResidual[k] <= 1 {
				p.shrink = k
			}
		}
	case imaging.FormatWebP:
		if !p.animated {
			p.load = min(1, max(p.scale*residualWebP, 1/float64(short)))
		}
	default:
		if !p.animated {
			p.box = max(1, min(short, int(math.Floor(1/(p.scale*residualBox)))))
		}
	}
}
