package vips

// #include "pixmill.h"
import "C"

import (
	"math"

	"pixmill/internal/imaging"
)

// place says where a cover crop lies in the resized image.
func (f *finisher) place(p *picture) (box, error) {
	w, h := f.g.cropW, f.g.cropH
	if f.focal != nil {
		return box{around(f.focal.X, p.width(), w), around(f.focal.Y, p.height(), h), w, h}, nil
	}
	switch f.spec.Gravity {
	case imaging.GravitySmart:
		return f.smart(p, C.VIPS_INTERESTING_ATTENTION)
	case imaging.GravityEntropy:
		return f.smart(p, C.VIPS_INTERESTING_ENTROPY)
	}
	x, y := gravityOffset(f.spec.Gravity, p.width()-w, p.height()-h)
	return box{x, y, w, h}, nil
}

// smart lets libvips look for what stands out. Attention is one pass over the
// pixels, within one tile; entropy takes many and is stopped between them.
func (f *finisher) smart(p *picture, interesting C.VipsInteresting) (box, error) {
	seen, err := p.watched(f.stop)
	if err != nil {
		return box{}, err
	}
	defer seen.close()
	return seen.smartBox(f.g.cropW, f.g.cropH, interesting)
}

// around centres size at a fraction of full, as far as the edges allow.
func around(at float64, full, size int) int {
	start := int(math.Round(at*float64(full) - float64(size)/2))
	return max(0, min(start, full-size))
}

// focalInRegion maps a point of the oriented source into a region of it; a
// point outside lies on the region's nearest edge.
func focalInRegion(p imaging.Point, r region, px *regionPixels) imaging.Point {
	clamp := func(v float64) float64 { return max(0, min(v, 1)) }
	x := clamp((p.X*float64(px.sourceW) - float64(r.extract.X) - px.left) / px.trimW)
	y := clamp((p.Y*float64(px.sourceH) - float64(r.extract.Y) - px.top) / px.trimH)
	switch r.rotate {
	case 90:
		x, y = 1-y, x
	case 180:
		x, y = 1-x, 1-y
	case 270:
		x, y = y, 1-x
	}
	return imaging.Point{X: x, Y: y}
}
