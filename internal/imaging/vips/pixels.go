package vips

import (
	"math"

	"pixmill/internal/imaging"
)

// finished is a variant's pixels, in memory and ready for any encoder.
type finished struct {
	picture *picture // frames one above the other
	frames  int
	height  int // px of one frame
	wide    bool
}

// pixels makes one variant of the working image, up to but without the encoding.
func (rs *regions) pixels(v *variantPlan, stop *stopper) (*finished, error) {
	px, g, err := rs.placed(v, stop)
	if err != nil {
		return nil, err
	}
	finish := newFinisher(v.spec, g, px, outputHasAlpha(v.format), stop)
	if v.animated {
		return rs.animate(px, g, finish, stop)
	}
	scaled, err := px.scaled(g, v.level || finish.looks(), stop)
	if err != nil {
		return nil, err
	}
	defer scaled.close()
	if v.level {
		px.keep(scaled)
	}
	out, err := chain(scaled, finish.apply, func(p *picture) (*picture, error) { return p.inMemory(stop) })
	if err != nil {
		return nil, err
	}
	return &finished{picture: out, frames: 1, height: out.height(), wide: rs.work.wide}, nil
}

// level makes of a kept variant only what smaller ones are made from. Where that
// fails it is no source for them, as when it was not kept.
func (rs *regions) level(v *variantPlan, stop *stopper) {
	px, g, err := rs.placed(v, stop)
	if err != nil {
		return
	}
	scaled, err := px.scaled(g, true, stop)
	if err != nil {
		return
	}
	defer scaled.close()
	px.keep(scaled)
}

// placed returns a variant's region, and where its pixels go once the trim is known.
func (rs *regions) placed(v *variantPlan, stop *stopper) (*regionPixels, geometry, error) {
	g := v.geometry
	px, err := rs.get(g.region, stop)
	if err != nil || v.spec.Trim == 0 {
		return px, g, err
	}
	g = place(px.sizing(v.spec), g.region, px.width, px.height)
	return px, g, checkTrimmed(v, g, rs.framesOf(v), rs.limits)
}

// scaled resizes the whole region, for a still image. The result is lazy unless
// it is wanted in memory or is there already.
func (px *regionPixels) scaled(g geometry, memory bool, stop *stopper) (*picture, error) {
	from := px.nearest(g.scaledW, g.scaledH)
	if from.width() == g.scaledW && from.height() == g.scaledH {
		return from.ref(), nil
	}
	return chain(from,
		func(p *picture) (*picture, error) { return p.watched(stop) },
		func(p *picture) (*picture, error) {
			return p.straight(func(p *picture) (*picture, error) { return p.resize(g.scaledW, g.scaledH) })
		},
		func(p *picture) (*picture, error) {
			if memory {
				return p.inMemory(stop)
			}
			return p.ref(), nil
		})
}

// animate makes every frame by itself, so that no frame bleeds into the next.
func (rs *regions) animate(px *regionPixels, g geometry, finish *finisher, stop *stopper) (*finished, error) {
	frames := make([]*picture, 0, len(px.frames))
	defer func() {
		for _, f := range frames {
			f.close()
		}
	}()
	for _, frame := range px.frames {
		out, err := chain(frame,
			func(p *picture) (*picture, error) { return p.watched(stop) },
			func(p *picture) (*picture, error) {
				return p.straight(func(p *picture) (*picture, error) { return p.resize(g.scaledW, g.scaledH) })
			},
			(*picture).memory,
			finish.apply,
			(*picture).memory)
		if err != nil {
			return nil, err
		}
		frames = append(frames, out)
	}
	joined, err := stacked(frames)
	if err != nil {
		return nil, err
	}
	defer joined.close()
	tall, err := joined.memory()
	if err != nil {
		return nil, err
	}
	return &finished{picture: tall, frames: len(frames), height: tall.height() / len(frames), wide: rs.work.wide}, nil
}

// finisher does what follows the resize: crop, flip, flop, pad.
type finisher struct {
	spec       *imaging.Spec
	g          geometry
	focal      *imaging.Point // of the region, 0 to 1
	background colour
	at         *box // the crop, once it is known; frames of an animation share it
	stop       *stopper
}

func newFinisher(s *imaging.Spec, g geometry, px *regionPixels, alpha bool, stop *stopper) *finisher {
	f := &finisher{spec: s, g: g, background: padColour(s, alpha), stop: stop}
	if s.Focal != nil {
		p := focalInRegion(*s.Focal, g.region, px)
		f.focal = &p
	}
	return f
}

// crops is whether the resized image overhangs the box.
func (f *finisher) crops() bool { return f.g.cropW < f.g.scaledW || f.g.cropH < f.g.scaledH }

// looks is whether the crop depends on the pixels, so that they must be there.
func (f *finisher) looks() bool {
	return f.crops() && f.focal == nil &&
		(f.spec.Gravity == imaging.GravitySmart || f.spec.Gravity == imaging.GravityEntropy)
}

func (f *finisher) apply(p *picture) (*picture, error) {
	return chain(p, f.crop, f.flip, f.flop, f.pad)
}

func (f *finisher) crop(p *picture) (*picture, error) {
	if !f.crops() {
		return p.ref(), nil
	}
	if f.at == nil {
		at, err := f.place(p)
		if err != nil {
			return nil, err
		}
		f.at = &at
	}
	return p.crop(*f.at)
}

func (f *finisher) flip(p *picture) (*picture, error) {
	if !f.spec.Flip {
		return p.ref(), nil
	}
	return p.flip()
}

func (f *finisher) flop(p *picture) (*picture, error) {
	if !f.spec.Flop {
		return p.ref(), nil
	}
	return p.flop()
}

// pad puts the image on its canvas, with the bands that the colour needs.
func (f *finisher) pad(p *picture) (*picture, error) {
	if f.g.canvasW == f.g.cropW && f.g.canvasH == f.g.cropH {
		return p.ref(), nil
	}
	x, y := gravityOffset(f.spec.Gravity, f.g.canvasW-f.g.cropW, f.g.canvasH-f.g.cropH)
	return chain(p,
		func(p *picture) (*picture, error) {
			if p.isGrey() && !f.background.grey() {
				return p.toSRGB()
			}
			return p.ref(), nil
		},
		func(p *picture) (*picture, error) {
			if !p.hasAlpha() && f.background[3] < 255 {
				return p.addAlpha()
			}
			return p.ref(), nil
		},
		func(p *picture) (*picture, error) {
			return p.pad(box{x, y, f.g.canvasW, f.g.canvasH}, f.background.values(p.bands()))
		})
}

// gravityOffset shares out the room on each axis; smart ones are centred.
func gravityOffset(g imaging.Gravity, roomX, roomY int) (x, y int) {
	fx, fy := 0.5, 0.5
	switch g {
	case imaging.GravityWest, imaging.GravityNorthWest, imaging.GravitySouthWest:
		fx = 0
	case imaging.GravityEast, imaging.GravityNorthEast, imaging.GravitySouthEast:
		fx = 1
	}
	switch g {
	case imaging.GravityNorth, imaging.GravityNorthEast, imaging.GravityNorthWest:
		fy = 0
	case imaging.GravitySouth, imaging.GravitySouthEast, imaging.GravitySouthWest:
		fy = 1
	}
	return int(math.Floor(float64(roomX) * fx)), int(math.Floor(float64(roomY) * fy))
}
