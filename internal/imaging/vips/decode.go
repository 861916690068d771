package vips

import (
	"errors"
	"fmt"
	"runtime"

	"pixmill/internal/imaging"
)

// working is the decoded source: in memory, oriented, 8 bits, shrunk to what
// the plan's largest variant needs. Every variant is made from it.
type working struct {
	tall   *picture   // owns the pixels; for an animation, all frames one above the other
	frames []*picture // views of tall
	wide   bool       // in Display P3
	width  int        // px of one frame in full resolution, oriented
	height int
}

func (w *working) close() {
	for _, f := range w.frames {
		f.close()
	}
	w.tall.close()
}

// decode reads the pixels once. Closing the result frees them.
func decode(src *source, p *plan, stop *stopper) (*working, error) {
	if src.codec.format == imaging.FormatGIF {
		if gifEndsEarly(src.data) {
			return nil, errors.New(unreadable(imaging.FormatGIF, src.data))
		}
	}
	var pin runtime.Pinner
	defer pin.Unpin() // after the loader is closed
	pages := 1
	if p.animated {
		pages = -1
	}
	loaded, err := src.load(&pin, p.shrink, p.load, pages)
	if err != nil {
		return nil, err
	}
	defer loaded.close()
	count := 1
	if p.animated {
		count = max(1, loaded.getInt("n-pages", 1))
	}
	wide := p.wide && src.wideGamut()
	tall, err := chain(loaded,
		func(im *picture) (*picture, error) { return im.watched(stop) },
		func(im *picture) (out *picture, err error) {
			out, wide, err = src.toWorking(im, wide)
			return out, err
		},
		func(im *picture) (*picture, error) { return im.boxShrink(p.box) },
		func(im *picture) (*picture, error) { return im.memory() },
		(*picture).dropOpaqueAlpha,
	)
	if err != nil {
		return nil, err
	}
	w := &working{tall: tall, wide: wide}
	w.width, w.height = src.oriented()
	if count == 1 {
		return w, w.orientStill(src.orientation)
	}
	return w, w.split(count, src.orientation)
}

// orientStill turns a still image and forgets the pixels as they were stored.
func (w *working) orientStill(orientation int) error {
	turned, err := chain(w.tall,
		func(im *picture) (*picture, error) { return im.orient(orientation) },
		func(im *picture) (*picture, error) {
			if orientation == 1 {
				return im.ref(), nil
			}
			return im.memory()
		})
	if err != nil {
		w.close()
		return err
	}
	w.tall.close()
	w.tall, w.frames = turned, []*picture{turned.ref()}
	return nil
}

// split gives each frame of an animation its view.
func (w *working) split(count, orientation int) error {
	height := w.tall.height() / count
	if height*count != w.tall.height() {
		defer w.close()
		return fmt.Errorf("%d frames do not divide %d rows", count, w.tall.height())
	}
	for i := range count {
		frame, err := chain(w.tall,
			func(im *picture) (*picture, error) { return im.crop(box{0, i * height, im.width(), height}) },
			func(im *picture) (*picture, error) { return im.orient(orientation) })
		if err != nil {
			w.close()
			return err
		}
		w.frames = append(w.frames, frame)
	}
	return nil
}

// orient applies an EXIF orientation, 1 to 8 (Exif 2.32, tag 0x0112).
func (p *picture) orient(orientation int) (*picture, error) {
	turn := [9]struct {
		degrees int
		flop    bool
	}{2: {0, true}, 3: {180, false}, 4: {180, true}, 5: {90, true}, 6: {90, false}, 7: {270, true}, 8: {270, false}}[orientation]
	return chain(p,
		func(p *picture) (*picture, error) { return p.rotate(turn.degrees) },
		func(p *picture) (*picture, error) {
			if !turn.flop {
				return p.ref(), nil
			}
			return p.flop()
		})
}

// boxShrink averages factor × factor pixels while the rows come in.
func (p *picture) boxShrink(factor int) (*picture, error) {
	if factor <= 1 {
		return p.ref(), nil
	}
	return p.straight(func(p *picture) (*picture, error) { return p.shrink(factor) })
}

// straight runs a step that mixes pixels on premultiplied colours, so that what
// is transparent lends no colour to its neighbours.
func (p *picture) straight(step func(*picture) (*picture, error)) (*picture, error) {
	if !p.hasAlpha() {
		return step(p)
	}
	return chain(p, (*picture).premultiply, step, (*picture).unpremultiply)
}
