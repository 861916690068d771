//go:build bimg

package bimgengine

import (
	"fmt"
	"math"

	"github.com/h2non/bimg"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// plan is the calls of bimg that make one variant. Each decodes what the one
// before it encoded; those before the last write PNG, which loses nothing. Most
// variants take one call.
type plan struct {
	passes        []bimg.Options
	format        imaging.Format
	quality       int // 0 where the format has none
	width, height int // px of the result
}

// newPlan plans s for a source, or says what bimg lacks for it.
func newPlan(s *imaging.Spec, info imaging.Info) (*plan, error) {
	p := &plan{format: outputFormat(s, info), width: info.Width, height: info.Height}
	if what := p.lacks(s, info); what != "" {
		return nil, lack(what)
	}
	if err := p.before(s, info); err != nil {
		return nil, err
	}
	last, err := p.resize(s)
	if err != nil {
		return nil, err
	}
	// bimg mirrors before it crops, where the order is crop and then mirror; and
	// libvips before 8.15 leaves the metadata in a WebP unless it has none.
	mirrored := s.Flip || s.Flop
	if (mirrored && last.Crop && !centred(s)) || (p.format == imaging.FormatWebP && s.Metadata != "all") {
		last.Type, last.StripMetadata = bimg.PNG, true
		p.passes = append(p.passes, last)
		last = bimg.Options{}
	}
	last.Flip, last.Flop = s.Flop, s.Flip // bimg's Flip is left to right
	if err := p.encode(&last, s, info); err != nil {
		return nil, err
	}
	p.passes = append(p.passes, last)
	if info.ICC { // only the first pass still has the profile
		p.passes[0].OutputICC = "srgb"
	}
	return p, nil
}

// outputFormat is the format that s asks for.
func outputFormat(s *imaging.Spec, info imaging.Info) imaging.Format {
	if s.Format != "" {
		return s.Format
	}
	switch info.Format {
	case imaging.FormatJPEG, imaging.FormatPNG, imaging.FormatWebP, imaging.FormatAVIF, imaging.FormatGIF:
		return info.Format
	}
	if info.Alpha {
		return imaging.FormatPNG
	}
	return imaging.FormatJPEG
}

// before adds the calls for what comes before the resize: extract and rotate,
// after the orientation. bimg extracts after its resize, and its Rotate
// replaces the orientation instead of following it.
func (p *plan) before(s *imaging.Spec, info imaging.Info) error {
	turned := info.Orientation != 1
	if turned && (s.Extract != nil || s.Rotate != 0 || s.Flip || s.Flop) {
		p.passes = append(p.passes, bimg.Options{Type: bimg.PNG, StripMetadata: true})
	}
	if e := s.Extract; e != nil {
		if e.X > info.Width-e.Width || e.Y > info.Height-e.Height {
			return fault.New(fault.Permanent, "extract", "", fmt.Errorf(
				"the extract of %d×%d px at %d,%d reaches outside the image of %d×%d px", e.Width, e.Height, e.X, e.Y, info.Width, info.Height))
		}
		o := bimg.Options{Left: e.X, Top: e.Y, AreaWidth: e.Width, AreaHeight: e.Height, Type: bimg.PNG, StripMetadata: true}
		p.passes = append(p.passes, o)
		p.width, p.height = e.Width, e.Height
	}
	if s.Rotate != 0 {
		p.passes = append(p.passes, bimg.Options{Rotate: bimg.Angle(s.Rotate), Type: bimg.PNG, StripMetadata: true})
		if s.Rotate != 180 {
			p.width, p.height = p.height, p.width
		}
	}
	return nil
}

// resize returns the call that fits the image into its box, and sets the size
// of the result.
func (p *plan) resize(s *imaging.Spec) (bimg.Options, error) {
	w, h := float64(p.width), float64(p.height)
	boxW, boxH := box(s)
	fit := s.Fit
	if fit == "" || boxW == 0 || boxH == 0 {
		fit = imaging.FitInside
	}
	if boxW == 0 && boxH == 0 {
		return bimg.Options{}, nil
	}
	sx, sy := boxW/w, boxH/h
	switch {
	case boxW == 0:
		sx = sy
	case boxH == 0:
		sy = sx
	case fit == imaging.FitOutside || fit == imaging.FitCover:
		sx = max(sx, sy)
		sy = sx
	case fit != imaging.FitFill:
		sx = min(sx, sy)
		sy = sx
	}
	if !s.Enlarge {
		if fit == imaging.FitCover && sx > 1 {
			boxW, boxH = boxW/sx, boxH/sx
		}
		sx, sy = min(sx, 1), min(sy, 1)
	}
	if tooFlat(w, h, sx, sy) {
		return bimg.Options{}, lack("shrinking so flat an image")
	}
	scaledW, scaledH := pixels(w*sx), pixels(h*sy)
	switch fit {
	case imaging.FitCover:
		return p.cover(s, pixels(boxW), pixels(boxH))
	case imaging.FitContain:
		return p.contain(s, scaledW, scaledH, pixels(boxW), pixels(boxH))
	}
	p.width, p.height = scaledW, scaledH
	return bimg.Options{Width: scaledW, Height: scaledH, Force: true}, nil
}

// tooFlat is whether bimg's whole-number shrink, which is the same both ways,
// would leave nothing of one side.
func tooFlat(w, h, sx, sy float64) bool {
	return min(w, h) < math.Floor(1/min(sx, sy))
}

// box returns the box in device pixels; 0 for a side that is not given.
func box(s *imaging.Spec) (w, h float64) {
	dpr := s.DPR
	if dpr == 0 {
		dpr = 1
	}
	return math.Round(float64(s.Width) * dpr), math.Round(float64(s.Height) * dpr)
}

// pixels is never less than one.
func pixels(v float64) int { return max(1, int(math.Round(v))) }

// cover crops to w × h px, which the image covers.
func (p *plan) cover(s *imaging.Spec, w, h int) (bimg.Options, error) {
	p.width, p.height = w, h
	o := bimg.Options{Width: w, Height: h, Crop: true, Enlarge: true}
	if s.Focal != nil {
		return o, lack("focal point")
	}
	switch s.Gravity {
	case "", imaging.GravityCentre:
		o.Gravity = bimg.GravityCentre
	case imaging.GravityNorth:
		o.Gravity = bimg.GravityNorth
	case imaging.GravityEast:
		o.Gravity = bimg.GravityEast
	case imaging.GravitySouth:
		o.Gravity = bimg.GravitySouth
	case imaging.GravityWest:
		o.Gravity = bimg.GravityWest
	case imaging.GravitySmart:
		o.Gravity = bimg.GravitySmart
	default:
		return o, lack("gravity " + string(s.Gravity))
	}
	return o, nil
}

// contain resizes the image to w × h px on a canvas. bimg leaves a small image
// as it is, without its canvas.
func (p *plan) contain(s *imaging.Spec, w, h, canvasW, canvasH int) (bimg.Options, error) {
	if !centred(s) {
		return bimg.Options{}, lack("contain with a gravity")
	}
	if !s.Enlarge && w < canvasW && h < canvasH {
		return bimg.Options{}, lack("contain without enlargement")
	}
	p.width, p.height = canvasW, canvasH
	return bimg.Options{Width: canvasW, Height: canvasH, Embed: true, Enlarge: s.Enlarge, Extend: bimg.ExtendBackground}, nil
}

func centred(s *imaging.Spec) bool { return s.Gravity == "" || s.Gravity == imaging.GravityCentre }

func lack(what string) error { return &imaging.UnsupportedError{Engine: engineName, What: what} }
