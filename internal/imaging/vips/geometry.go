package vips

import (
	"fmt"
	"math"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// region is the part of the oriented source that a variant shows, before it is
// resized. Variants of one region share their pixels.
type region struct {
	extract imaging.Rect // px of the oriented source; the whole of it where nothing is extracted
	trim    int
	rotate  int
}

// geometry is where the pixels of one variant go. All sizes are px.
type geometry struct {
	region   region
	w, h     int // of the region in full resolution, after trim and rotation
	scaledW  int // of the whole region after the resize
	scaledH  int
	cropW    int // of what is kept of that
	cropH    int
	canvasW  int // of what that is put on
	canvasH  int
	enlarged bool
}

// regionOf returns the region that s, which Check found right, asks for of a w × h source.
func regionOf(s *imaging.Spec, w, h int) (region, error) {
	r := region{extract: imaging.Rect{Width: w, Height: h}, trim: s.Trim, rotate: s.Rotate}
	if s.Extract == nil {
		return r, nil
	}
	e := *s.Extract
	if e.X >= w || e.Y >= h || e.Width > w-e.X || e.Height > h-e.Y {
		return r, fault.New(fault.Rejected, "extract", "", fmt.Errorf(
			"the region of %d×%d at %d,%d reaches outside the image of %d×%d", e.Width, e.Height, e.X, e.Y, w, h))
	}
	r.extract = e
	return r, nil
}

// size returns the region's size before anything is trimmed.
func (r region) size() (w, h int) { return r.turned(r.extract.Width, r.extract.Height) }

// turned is w × h after the rotation, or before it.
func (r region) turned(w, h int) (int, int) {
	if r.rotate == 90 || r.rotate == 270 {
		return h, w
	}
	return w, h
}

// place fits a region of w × h into what s asks for.
func place(s *imaging.Spec, r region, w, h int) geometry {
	g := geometry{region: r, w: w, h: h, scaledW: w, scaledH: h}
	boxW, boxH := boxOf(s)
	fit := s.Fit
	if fit == "" || boxW == 0 || boxH == 0 {
		fit = imaging.FitInside // one side alone follows from the other
	}
	if boxW > 0 || boxH > 0 {
		sx, sy := scales(fit, boxW, boxH, w, h)
		if !s.Enlarge {
			sx, sy = min(sx, 1), min(sy, 1)
		}
		g.enlarged = sx > 1 || sy > 1
		g.scaledW, g.scaledH = scaled(w, sx), scaled(h, sy)
	}
	g.cropW, g.cropH = g.scaledW, g.scaledH
	if fit == imaging.FitCover {
		g.cropW, g.cropH = coverCrop(boxW, boxH, g.scaledW, g.scaledH)
	}
	g.canvasW, g.canvasH = g.cropW, g.cropH
	if fit == imaging.FitContain {
		g.canvasW, g.canvasH = max(boxW, g.cropW), max(boxH, g.cropH)
	}
	return g
}

// coverCrop is the box, or where the image is not large enough for it, the
// largest region of the box's aspect ratio.
func coverCrop(boxW, boxH, w, h int) (cropW, cropH int) {
	down := min(1, float64(w)/float64(boxW), float64(h)/float64(boxH))
	return min(w, scaled(boxW, down)), min(h, scaled(boxH, down))
}

// boxOf returns the box in device pixels; 0 for a side that is not given.
func boxOf(s *imaging.Spec) (w, h int) {
	dpr := s.DPR
	if dpr == 0 {
		dpr = 1
	}
	side := func(v int) int {
		if v <= 0 {
			return 0
		}
		return max(1, int(math.Round(float64(v)*dpr)))
	}
	return side(s.Width), side(s.Height)
}

// scales returns the factors that fit w × h into the box.
func scales(fit imaging.Fit, boxW, boxH, w, h int) (sx, sy float64) {
	sx, sy = float64(boxW)/float64(w), float64(boxH)/float64(h)
	switch {
	case boxW == 0:
		return sy, sy
	case boxH == 0:
		return sx, sx
	case fit == imaging.FitFill:
		return sx, sy
	case fit == imaging.FitCover || fit == imaging.FitOutside:
		return max(sx, sy), max(sx, sy)
	}
	return min(sx, sy), min(sx, sy)
}

// scaled is never less than one pixel.
func scaled(n int, s float64) int { return max(1, int(math.Round(float64(n)*s))) }

// scale returns the larger factor of the resize.
func (g *geometry) scale() float64 {
	return max(float64(g.scaledW)/float64(g.w), float64(g.scaledH)/float64(g.h))
}

// pixels is the most that one frame takes on its way.
func (g *geometry) pixels() int64 {
	return max(int64(g.scaledW)*int64(g.scaledH), int64(g.canvasW)*int64(g.canvasH))
}
