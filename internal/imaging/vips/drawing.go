package vips

// #include "pixmill.h"
import "C"

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
	"unsafe"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
	"pixmill/internal/imaging/sandbox"
)

// A drawing, SVG or a page of PDF, has no pixels of its own: it is drawn as large as
// the largest variant asks for, by libraries that can neither be interrupted nor be
// held to a memory budget, in a sandbox.

func isDrawing(f imaging.Format) bool { return f == imaging.FormatSVG || f == imaging.FormatPDF }

// drawTimes are what a sandbox may take of the processor. A drawing that needs more
// is refused.
type drawTimes struct{ measure, draw time.Duration }

// usualDrawTimes are some twice to four times what a map of 20 MB takes that is drawn
// 4,000 px wide (2.5 and 18 s, on one core of 2023). Together they are less than the
// minute that the deploy files give to a function of one vCPU.
func usualDrawTimes() drawTimes { return drawTimes{measure: 10 * time.Second, draw: 30 * time.Second} }

// sandboxMemory is for the process itself, which its limit does not count, bytes.
const sandboxMemory = 24 << 20

// drawMemory is what drawing src as w × h px may allocate, bytes. Measured: 20 MiB for
// libraries and fonts, and about 5 bytes for each px that is drawn, for tiles.
//
// Of SVG, up to 18 bytes for each one of a map, 36 for each px where there are filters
// or masks, and 7 for each px of a photograph in it. Of PDF, 5 bytes for each px of a
// scanned page, which is decoded whole: 160 MiB for A4 of 600 dpi.
func drawMemory(src *source, w, h int) int64 {
	pixels, size := int64(w)*int64(h), int64(len(src.data))
	if src.codec.format == imaging.FormatPDF {
		return 208<<20 + 2*size + 6*pixels
	}
	if src.layered {
		return 128<<20 + 16*size + 40*pixels
	}
	return 128<<20 + 16*size + 8*pixels
}

// layered is whether an SVG may draw layers of the whole and put them together.
func layered(svg []byte) bool {
	for _, name := range []string{"filter", "mask", "blend"} {
		if bytes.Contains(svg, []byte(name)) {
			return true
		}
	}
	return false
}

// sandboxed does a job with a drawing in a sandbox, and returns faults. The job's
// arguments after the first two are more.
func (e *Engine) sandboxed(ctx context.Context, op, job string, src *source, limits sandbox.Limits, out func(io.Reader) error, more ...string) error {
	err := e.sandbox.Run(ctx, sandbox.Call{
		Job:    job,
		Args:   append([]string{string(src.codec.format), strconv.Itoa(len(src.data))}, more...),
		Limits: limits,
		In:     src.data,
		Out:    out,
	})
	if err != nil {
		return drawingError(op, src, err, limits)
	}
	return nil
}

// measure lets a sandbox read a drawing's size. The error is a fault.
func (e *Engine) measure(ctx context.Context, src *source) error {
	src.layered = src.codec.format == imaging.FormatSVG && layered(src.data)
	limits := sandbox.Limits{Memory: drawMemory(src, 0, 0), CPU: e.drawTimes.measure}
	leave, err := e.memory.enter(ctx, limits.Memory+sandboxMemory+int64(len(src.data)))
	if err != nil {
		return err
	}
	defer leave()
	if err := e.cpu.Acquire(ctx, 1); err != nil {
		return fault.New(fault.Transient, "probe", "", err)
	}
	defer e.cpu.Release(1)
	var said measured
	read := func(r io.Reader) error { return binary.Read(r, binary.LittleEndian, &said) }
	if err := e.sandboxed(ctx, "probe", measureJob, src, limits, read); err != nil {
		return err
	}
	if said.Fontless {
		return fault.New(fault.Rejected, "probe", "", &imaging.UnsupportedError{
			Engine: engineName, What: "text in " + string(src.codec.format), Advice: "no fonts are installed here; paths in place of text need none",
		})
	}
	if !said.sane() {
		return drawingError("probe", src, fmt.Errorf("%w: it says that the drawing has %g × %g px", sandbox.ErrCrashed, said.Width, said.Height), limits)
	}
	src.exactW, src.exactH = said.Width, said.Height
	src.width, src.height = scaled(1, said.Width), scaled(1, said.Height)
	src.frames, src.orientation, src.bitDepth = 1, 1, 8
	src.bands, src.alpha = drawnBands(src.codec.format), src.codec.format == imaging.FormatSVG
	src.space = C.VIPS_INTERPRETATION_sRGB
	return nil
}

// sane is whether a drawing can be of that size: a sandbox is not believed.
func (m measured) sane() bool {
	ok := func(side float64) bool { return side >= 0.5 && side <= endless } // false for NaN
	return ok(m.Width) && ok(m.Height)
}

// drawnBands: SVG is transparent where nothing is drawn, PDF is on white paper.
func drawnBands(f imaging.Format) int {
	if f == imaging.FormatPDF {
		return 3
	}
	return 4
}

// draw makes the working image of a drawing.
func (e *Engine) draw(ctx context.Context, src *source, p *plan) (*working, error) {
	bands := drawnBands(src.codec.format)
	blank, err := own("draw", C.px_blank(C.int(p.drawW), C.int(p.drawH), C.int(bands)))
	if err != nil {
		return nil, fault.New(fault.Rejected, "decode", string(src.codec.format), err)
	}
	defer blank.close()
	limits := sandbox.Limits{Memory: drawMemory(src, p.drawW, p.drawH), CPU: e.drawTimes.draw}
	read := func(r io.Reader) error {
		_, err := io.ReadFull(r, unsafe.Slice((*byte)(unsafe.Pointer(blank.im.data)), blank.bytes()))
		return err
	}
	err = e.sandboxed(ctx, "decode", drawJob, src, limits, read,
		number(src.exactW), number(src.exactH), strconv.Itoa(p.drawW), strconv.Itoa(p.drawH))
	if err != nil {
		return nil, err
	}
	drawn, err := blank.dropOpaqueAlpha()
	if err != nil {
		return nil, fault.New(fault.Rejected, "decode", string(src.codec.format), err)
	}
	return &working{tall: drawn, frames: []*picture{drawn.ref()}, width: src.width, height: src.height}, nil
}

// number is v as an argument.
func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// drawingError gives what went wrong in a sandbox its kind, and plain words.
func drawingError(op string, src *source, err error, limits sandbox.Limits) error {
	format := src.codec.format
	reject := func(what string) error {
		return fault.New(fault.Rejected, op, string(format), &imaging.LibraryError{What: what, Err: err})
	}
	name := formatName(format)
	if _, ok := errors.AsType[*sandbox.JobError](err); ok {
		return reject(unreadable(format, src.data))
	}
	switch {
	case errors.Is(err, sandbox.ErrCPU):
		return reject(fmt.Sprintf("drawing the %s takes more than the limit of %v of processor time", name, limits.CPU))
	case errors.Is(err, sandbox.ErrMemory):
		return reject(fmt.Sprintf("drawing the %s takes more than the limit of %d MiB of memory", name, limits.Memory>>20))
	case errors.Is(err, sandbox.ErrCrashed):
		return reject(fmt.Sprintf("the %s cannot be drawn: it takes more than the limit of %d MiB of memory, or is damaged", name, limits.Memory>>20))
	case errors.Is(err, sandbox.ErrConfine):
		return fault.New(fault.Misconfigured, op, string(format), err)
	}
	return fault.New(fault.Transient, op, string(format), err)
}
