package vips

// #include <stdlib.h>
// #include "pixmill.h"
import "C"

import (
	"image"
	"unsafe"
)

// picture owns one reference to an image of libvips. Its methods return new
// pictures and leave the receiver as it is; nothing is computed before memory
// or encode asks for the pixels.
type picture struct{ im *C.VipsImage }

// own wraps the result of a call.
func own(call string, im *C.VipsImage) (*picture, error) {
	if im == nil {
		return nil, libraryError(call)
	}
	return &picture{im: im}, nil
}

// close gives the reference back; a nil or closed picture is left alone.
func (p *picture) close() {
	if p != nil && p.im != nil {
		C.g_object_unref(C.gpointer(unsafe.Pointer(p.im)))
		p.im = nil
	}
}

// ref returns another picture of the same image.
func (p *picture) ref() *picture {
	C.g_object_ref(C.gpointer(unsafe.Pointer(p.im)))
	return &picture{im: p.im}
}

func (p *picture) width() int     { return int(p.im.Xsize) }
func (p *picture) height() int    { return int(p.im.Ysize) }
func (p *picture) bands() int     { return int(p.im.Bands) }
func (p *picture) bytes() int64   { return int64(p.im.Xsize) * int64(p.im.Ysize) * int64(p.im.Bands) }
func (p *picture) hasAlpha() bool { return C.vips_image_hasalpha(p.im) != 0 }
func (p *picture) isGrey() bool   { return p.bands() <= 2 }

// memory computes the pixels and keeps them.
func (p *picture) memory() (*picture, error) { return own("evaluate", C.px_memory(p.im)) }

// copy shares the pixels and has metadata of its own, which may be changed.
func (p *picture) copy() (*picture, error) { return own("copy", C.px_copy(p.im)) }

// watched is a copy, but what is computed from it stops at the next tile after stop.
func (p *picture) watched(s *stopper) (*picture, error) {
	return own("copy", C.px_watched(p.im, s.flag))
}

// inMemory computes the pixels, stopping when s says so; a picture whose pixels
// are there already is returned as it is.
func (p *picture) inMemory(s *stopper) (*picture, error) {
	if p.im.dtype == C.VIPS_IMAGE_SETBUF {
		return p.ref(), nil
	}
	return chain(p, func(p *picture) (*picture, error) { return p.watched(s) }, (*picture).memory)
}

func (p *picture) resize(w, h int) (*picture, error) {
	if w == p.width() && h == p.height() {
		return p.ref(), nil
	}
	hscale := float64(w) / float64(p.width())
	vscale := float64(h) / float64(p.height())
	return own("resize", C.px_resize(p.im, C.double(hscale), C.double(vscale)))
}

func (p *picture) shrink(factor int) (*picture, error) {
	return own("shrink", C.px_shrink(p.im, C.int(factor)))
}

func (p *picture) crop(b box) (*picture, error) {
	if b == (box{0, 0, p.width(), p.height()}) {
		return p.ref(), nil
	}
	return own("crop", C.px_crop(p.im, C.int(b.x), C.int(b.y), C.int(b.w), C.int(b.h)))
}

// smartBox returns where libvips would crop to w × h.
func (p *picture) smartBox(w, h int, interesting C.VipsInteresting) (box, error) {
	out, err := own("smartcrop", C.px_smartcrop(p.im, C.int(w), C.int(h), interesting))
	if err != nil {
		return box{}, err
	}
	defer out.close()
	return box{x: -int(out.im.Xoffset), y: -int(out.im.Yoffset), w: w, h: h}, nil
}

func (p *picture) rotate(degrees int) (*picture, error) {
	angle := map[int]C.VipsAngle{90: C.VIPS_ANGLE_D90, 180: C.VIPS_ANGLE_D180, 270: C.VIPS_ANGLE_D270}[degrees]
	if degrees == 0 {
		return p.ref(), nil
	}
	return own("rotate", C.px_rotate(p.im, angle))
}

func (p *picture) flip() (*picture, error) {
	return own("flip", C.px_flip(p.im, C.VIPS_DIRECTION_VERTICAL))
}

func (p *picture) flop() (*picture, error) {
	return own("flop", C.px_flip(p.im, C.VIPS_DIRECTION_HORIZONTAL))
}

// pad puts p at x, y of a w × h canvas of one colour, which has a value for each band.
func (p *picture) pad(b box, colour []float64) (*picture, error) {
	return own("pad", C.px_pad(p.im, C.int(b.x), C.int(b.y), C.int(b.w), C.int(b.h),
		(*C.double)(unsafe.Pointer(&colour[0])), C.int(len(colour))))
}

// findTrim returns what is left without a border of the corner's colour; an
// empty box where nothing is.
func (p *picture) findTrim(threshold int) (box, error) {
	var x, y, w, h C.int
	if C.px_find_trim(p.im, C.double(threshold), &x, &y, &w, &h) != 0 {
		return box{}, libraryError("find_trim")
	}
	return box{int(x), int(y), int(w), int(h)}, nil
}

// stacked puts frames one above the other.
func stacked(frames []*picture) (*picture, error) {
	ims := make([]*C.VipsImage, len(frames))
	for i, f := range frames {
		ims[i] = f.im
	}
	// The array holds C pointers only, so that Go may pass it.
	return own("join", C.px_join(&ims[0], C.int(len(ims))))
}

// chain applies steps one after the other and closes what lies between; the
// first picture stays the caller's.
func chain(p *picture, steps ...func(*picture) (*picture, error)) (*picture, error) {
	cur := p.ref()
	for _, step := range steps {
		next, err := step(cur)
		cur.close()
		if err != nil {
			return nil, err
		}
		cur = next
	}
	return cur, nil
}

// box is a region, px.
type box struct{ x, y, w, h int }

// rgb copies an 8-bit picture of three bands, in memory, to Go.
func (p *picture) rgb() *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, p.width(), p.height()))
	for y := range p.height() {
		row := unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(p.im.data), y*p.width()*3)), p.width()*3)
		for x := range p.width() {
			copy(img.Pix[img.PixOffset(x, y):], row[3*x:3*x+3])
			img.Pix[img.PixOffset(x, y)+3] = 255
		}
	}
	return img
}
