package vips

// #include "pixmill.h"
import "C"

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"unsafe"

	"pixmill/internal/imaging"
	"pixmill/internal/imaging/sandbox"
)

// Sandbox is the first call of a program whose engine reads SVG and PDF: see
// sandbox.Main.
func Sandbox(getenv func(string) string) *sandbox.Program {
	return sandbox.Main(map[string]sandbox.Job{measureJob: measureDrawing, drawJob: drawDrawing}, getenv)
}

// The jobs, with their arguments; the drawing itself comes in.
const (
	measureJob = "measure" // format, bytes; writes a measured
	drawJob    = "draw"    // format, bytes, px of the drawing's own size and of what is drawn; writes the pixels, row by row
)

// measured is what is said of a drawing.
type measured struct {
	Width, Height float64 // px as the drawing itself wants it
	Fontless      bool    // it has text, and there is no font
}

func measureDrawing(args []string, in io.Reader, out *os.File) error {
	d, err := newDrawing(args, in)
	if err != nil {
		return err
	}
	defer d.pin.Unpin()
	said, err := d.measure()
	if err != nil {
		return err
	}
	said.Fontless = d.codec.format == imaging.FormatSVG && hasText(d.data) && C.px_has_fonts() == 0
	return binary.Write(out, binary.LittleEndian, said)
}

// hasText looks for SVG's text element, with or without a prefix.
func hasText(svg []byte) bool { return textElement.Match(svg) }

var textElement = regexp.MustCompile(`<([\w.-]+:)?text[\s>]`)

func drawDrawing(args []string, in io.Reader, out *os.File) error {
	d, err := newDrawing(args, in)
	if err != nil {
		return err
	}
	defer d.pin.Unpin()
	natural, err := parsed(args[2:], 2, parseFloat)
	if err != nil {
		return err
	}
	size, err := parsed(args[4:], 2, strconv.Atoi)
	if err != nil {
		return err
	}
	im, err := d.covering(natural[0], natural[1], size[0], size[1])
	if err != nil {
		return err
	}
	defer im.close()
	fitted, err := im.fit(size[0], size[1])
	if err != nil {
		return saidBy(err)
	}
	defer fitted.close()
	if want := drawnBands(d.codec.format); fitted.bands() != want {
		return fmt.Errorf("%d bands were drawn, want %d", fitted.bands(), want)
	}
	if C.px_write_rows(fitted.im, C.int(out.Fd())) != 0 {
		return saidBy(libraryError("draw"))
	}
	return nil
}

// saidBy is what the library itself said: the parent has the words for users.
func saidBy(err error) error {
	if said := imaging.LibraryDetail(err); said != "" {
		return errors.New(said)
	}
	return err
}

// fit is p as w × h px.
func (p *picture) fit(w, h int) (*picture, error) {
	return own("fit", C.px_fit(p.im, C.int(w), C.int(h)))
}

// parsed reads the first n arguments.
func parsed[T any](args []string, n int, parse func(string) (T, error)) ([]T, error) {
	if len(args) < n {
		return nil, fmt.Errorf("%d arguments, want %d", len(args), n)
	}
	out := make([]T, n)
	for i := range out {
		var err error
		if out[i], err = parse(args[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func parseFloat(s string) (float64, error) { return strconv.ParseFloat(s, 64) }

// drawing is one in the memory of a sandbox.
type drawing struct {
	codec codec
	data  []byte
	pin   runtime.Pinner
}

func newDrawing(args []string, in io.Reader) (*drawing, error) {
	size, err := parsed(args[1:], 1, strconv.Atoi)
	if err != nil {
		return nil, err
	}
	c, ok := codecOf(imaging.Format(args[0]))
	if !ok || size[0] < 1 {
		return nil, fmt.Errorf("a drawing of %q, %d bytes", args[0], size[0])
	}
	d := &drawing{codec: c, data: make([]byte, size[0])}
	if _, err := io.ReadFull(in, d.data); err != nil {
		return nil, err
	}
	if c.format == imaging.FormatSVG {
		d.data = rootInPixels(d.data)
	}
	if err := startLibrary(); err != nil {
		return nil, err
	}
	C.px_allow_drawings()
	C.px_end_without_memory(sandbox.NoMemory)
	d.pin.Pin(&d.data[0])
	return d, nil
}

// at is the drawing at scale px for each of its own.
func (d *drawing) at(scale float64) (*picture, error) {
	im, err := own("load", C.px_draw(d.codec.number, unsafe.Pointer(&d.data[0]), C.size_t(len(d.data)), C.double(scale)))
	if err != nil {
		return nil, saidBy(err)
	}
	return im, nil
}

// fine is how many parts of a px a drawing is measured in: its own size is seldom a
// whole number, and what is drawn large has the shape of the exact one.
const fine = 100

// measure reads the drawing's own size.
func (d *drawing) measure() (measured, error) {
	im, err := d.at(fine)
	if err != nil {
		return measured{}, err
	}
	defer im.close()
	if im.width() >= fine/2 && im.height() >= fine/2 {
		return measured{Width: float64(im.width()) / fine, Height: float64(im.height()) / fine}, nil
	}
	// No drawing is as small as that: it is too large to be counted in parts of a px.
	whole, err := d.at(1)
	if err != nil {
		return measured{}, err
	}
	defer whole.close()
	return measured{Width: large(im.width(), whole.width()), Height: large(im.height(), whole.height())}, nil
}

// endless stands for a side that libvips cannot count, px.
const endless = 1e9

// large is a side of a drawing in px, given in parts of a px and in px. libvips gives
// 1 for what it cannot count.
func large(parts, whole int) float64 {
	switch {
	case parts >= fine/2:
		return float64(parts) / fine
	case whole >= fine/2:
		return float64(whole)
	}
	return endless
}

// covering is the drawing, whose own size is ownW × ownH px, at the least scale at
// which it covers w × h px. Each size is rounded: the first try may be a little small.
func (d *drawing) covering(ownW, ownH float64, w, h int) (*picture, error) {
	scale := max(float64(w)/ownW, float64(h)/ownH)
	for tries := 3; ; tries-- {
		im, err := d.at(scale)
		if err != nil || tries == 0 || (im.width() >= w && im.height() >= h) {
			return im, err
		}
		scale *= max(float64(w)/float64(im.width()), float64(h)/float64(im.height()))
		im.close()
	}
}
