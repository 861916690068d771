// Package vips is the default image engine: it decodes a source once with
// libvips, shrunk while loading to what the largest variant needs, keeps that
// image in memory and makes every variant from it, in parallel.
//
// All C of the project is in this package, in a few thin files by topic. It
// uses only loaders of an allow-list, never reads a file or fetches anything,
// and never leaves an operation running after a call has returned.
package vips

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
	"pixmill/internal/imaging/sandbox"
)

// Options are choices of the operator that are not limits.
type Options struct {
	// Inputs are the formats that may be read; empty means every one that this
	// libvips can read.
	Inputs []imaging.Format

	// Sandbox draws SVG and PDF; nil means that the engine reads neither.
	Sandbox *sandbox.Program

	// Now is the clock that variants are timed with; nil means the system's.
	Now func() time.Time

	// Workers is how many decodes, resizes and encodes run at a time in the
	// whole engine; 0 means GOMAXPROCS, which follows the CPU quota.
	Workers int
}

// Engine implements imaging.Engine with libvips.
type Engine struct {
	capability imaging.Capability
	limits     imaging.Limits
	encoders   encoders
	footprint  footprint
	readable   []imaging.Format // by this libvips, allowed or not
	workers    int
	now        func() time.Time
	sandbox    *sandbox.Program
	drawTimes  drawTimes
	cpu        *semaphore.Weighted
	memory     *admission

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup // calls; none is added once closed is set
}

var _ imaging.Engine = (*Engine)(nil)

// New starts libvips, once for the process however many engines there are, and
// returns an engine. A zero limit means its default. The error is Misconfigured.
func New(limits imaging.Limits, opts Options) (*Engine, error) {
	if err := startLibrary(); err != nil {
		return nil, fault.New(fault.Misconfigured, "start libvips", "", err)
	}
	limits = withDefaults(limits)
	budget, err := memoryBudget(limits.Memory, os.Getenv)
	if err != nil {
		return nil, fault.New(fault.Misconfigured, "memory budget", "", err)
	}
	limits.Memory = budget
	readable := libraryInputs()
	if opts.Sandbox == nil {
		readable = slices.DeleteFunc(readable, isDrawing)
	}
	inputs, err := allowedInputs(opts.Inputs, readable)
	if err != nil {
		return nil, fault.New(fault.Misconfigured, "inputs", "", err)
	}
	workers := opts.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	now := opts.Now
	if now == nil {
		now = time.Now
	}
	enc := libraryEncoders()
	return &Engine{
		capability: imaging.Capability{
			Engine:  engineName,
			Version: libraryVersion(),
			Inputs:  inputs,
			Outputs: enc.formats,
			Limits:  limits,
		},
		limits:    limits,
		encoders:  enc,
		footprint: footprintOf(enc.mozjpeg, libraryMinor()),
		readable:  readable,
		workers:   workers,
		now:       now,
		sandbox:   opts.Sandbox,
		drawTimes: usualDrawTimes(),
		cpu:       semaphore.NewWeighted(int64(workers)),
		memory:    newAdmission(budget),
	}, nil
}

const engineName = "vips"

// Capability implements imaging.Engine.
func (e *Engine) Capability() imaging.Capability {
	c := e.capability
	c.Inputs = slices.Clone(c.Inputs)
	c.Outputs = slices.Clone(c.Outputs)
	return c
}

// Probe implements imaging.Engine.
func (e *Engine) Probe(ctx context.Context, data []byte) (imaging.Info, error) {
	if err := e.enter(); err != nil {
		return imaging.Info{}, err
	}
	defer e.running.Done()
	if err := ctx.Err(); err != nil {
		return imaging.Info{}, fault.New(fault.Transient, "probe", "", err)
	}
	src, err := e.probe(ctx, data)
	if err != nil {
		return imaging.Info{}, err
	}
	info := src.info()
	info.Memory = estimate(src, planAll(src, imaging.Request{}, e.limits), e.workers, e.footprint)
	return info, nil
}

// enter holds the engine open until e.running.Done. The mutex is not held
// meanwhile, so that an emit function may call the engine while Close waits.
func (e *Engine) enter() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return fault.New(fault.Transient, "render", "", errClosed)
	}
	e.running.Add(1)
	return nil
}

var errClosed = errors.New("the engine is closed")

// Close refuses further calls, with a Transient error, and waits for those that
// run. An emit function may call the engine meanwhile, but not Close: that would
// wait for itself. libvips stays up for other engines: see Shutdown.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.running.Wait()
	return nil
}

// allowedInputs intersects what is wanted with what libvips can read.
func allowedInputs(want, have []imaging.Format) ([]imaging.Format, error) {
	if len(want) == 0 {
		return have, nil
	}
	for _, f := range want {
		if !slices.Contains(have, f) {
			return nil, fmt.Errorf("libvips %s cannot read %q; it reads %v", libraryVersion(), f, have)
		}
	}
	want = slices.Clone(want)
	slices.Sort(want)
	return slices.Compact(want), nil
}

// withDefaults fills the zero fields of l.
func withDefaults(l imaging.Limits) imaging.Limits {
	d := imaging.DefaultLimits()
	l.SourceBytes = orDefault(l.SourceBytes, d.SourceBytes)
	l.Pixels = orDefault(l.Pixels, d.Pixels)
	l.TotalPixels = orDefault(l.TotalPixels, d.TotalPixels)
	l.Frames = orDefault(l.Frames, d.Frames)
	l.Dimension = orDefault(l.Dimension, d.Dimension)
	return l
}

func orDefault(v, d int64) int64 {
	if v <= 0 {
		return d
	}
	return v
}
