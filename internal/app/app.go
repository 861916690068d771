// Package app is the constructor that every program of Pixmill shares: it makes
// the engine, the buckets and the handler that a configuration names. It is the
// only place where the core meets a driver or an engine by name; the programs
// add transports around it.
package app

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"pixmill/internal/blob"
	"pixmill/internal/blob/s3blob"
	"pixmill/internal/fault"
	"pixmill/internal/handler"
	"pixmill/internal/imaging"
	"pixmill/internal/imaging/bimgengine"
	"pixmill/internal/imaging/sandbox"
	"pixmill/internal/imaging/vips"
	"pixmill/internal/notify"
	"pixmill/internal/preset"
)

// Self starts processes of the program that it is in, for images that are drawn: an
// engine without one reads no SVG and no PDF.
type Self = sandbox.Program

// Start is the first call of a program, before it does anything else: a process that
// was started by Self does not return from it.
func Start(getenv func(string) string) *Self { return vips.Sandbox(getenv) }

// Options go with New.
type Options struct {
	Config *preset.Config
	Self   *Self // nil: what needs it is not done

	// Source and Output replace the S3 buckets that Config names: files, or
	// memory. Both or none. With them no completion events are sent.
	Source, Output *blob.Bucket
}

// App holds what was made. Close it when no Handle runs any more.
type App struct {
	Handler *handler.Handler
	Source  *blob.Bucket
	Output  *blob.Bucket
	Engine  imaging.Engine

	notify func(context.Context, handler.Completion) error // nil where Config names no place for events
	close  []func()
}

// New makes the engine, the buckets and the handler. It sends no request: a
// bucket that does not exist shows on the first one. The error is Misconfigured.
func New(ctx context.Context, o Options) (*App, error) {
	a := &App{Source: o.Source, Output: o.Output}
	if err := a.open(ctx, o); err != nil {
		a.Close()
		return nil, err
	}
	a.Handler = handler.New(handler.Config{
		Source:  a.Source,
		Output:  a.Output,
		Presets: o.Config,
		Engine:  a.Engine,
		Version: Version(),
		Now:     time.Now,
		Jitter:  func(max time.Duration) time.Duration { return rand.N(max) },
		Notify:  a.notify,
	})
	return a, nil
}

func (a *App) open(ctx context.Context, o Options) error {
	if (o.Source == nil) != (o.Output == nil) {
		return fault.New(fault.Misconfigured, "open buckets", "", errors.New("a source without an output, or the other way round"))
	}
	if o.Source == nil {
		store, err := s3blob.New(ctx, s3blob.Options{})
		if err != nil {
			return err
		}
		a.close = append(a.close, store.Close)
		a.Source, a.Output = store.Bucket(o.Config.Source.Bucket), store.Bucket(o.Config.Output.Bucket)
		if err := a.openNotify(ctx, o.Config.Notify); err != nil {
			return err
		}
	}
	return a.openEngine(o.Config, o.Self)
}

func (a *App) openNotify(ctx context.Context, to preset.Notify) error {
	if to == (preset.Notify{}) {
		return nil
	}
	n, err := notify.New(ctx, to)
	if err != nil {
		return err
	}
	a.notify, a.close = n.Send, append(a.close, n.Close)
	return nil
}

func (a *App) openEngine(c *preset.Config, self *Self) error {
	switch c.Engine {
	case "vips", "":
		e, err := vips.New(c.Limits, vips.Options{Sandbox: self})
		if err != nil {
			return err
		}
		a.Engine, a.close = e, append(a.close, func() { _ = e.Close() })
	case "bimg":
		e, err := bimgengine.New(c.Limits)
		if err != nil {
			return err
		}
		a.Engine = e
	default:
		return fault.New(fault.Misconfigured, "open engine", c.Engine, fmt.Errorf("want %q or %q", "vips", "bimg"))
	}
	return nil
}

// Close ends what New opened, in the opposite order.
func (a *App) Close() {
	for i := len(a.close) - 1; i >= 0; i-- {
		a.close[i]()
	}
	a.close = nil
}
