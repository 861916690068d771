package vips

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// Render implements imaging.Engine.
func (e *Engine) Render(ctx context.Context, data []byte, req imaging.Request, emit func(int, imaging.Encoded) error) (imaging.Info, error) {
	if err := e.enter(); err != nil {
		return imaging.Info{}, err
	}
	defer e.running.Done()
	if e.limits.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, e.limits.Deadline)
		defer cancel()
	}
	if err := ctx.Err(); err != nil {
		return imaging.Info{}, fault.New(fault.Transient, "render", "", err)
	}
	src, err := e.probe(ctx, data)
	if err != nil {
		return imaging.Info{}, err
	}
	plan := planAll(src, req, e.limits)
	info := src.info()
	info.Memory = estimate(src, plan, e.workers, e.footprint)
	leave, err := e.memory.enter(ctx, info.Memory+int64(len(data))) // which is held meanwhile, too
	if err != nil {
		return info, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &rendering{engine: e, ctx: ctx, cancel: cancel, src: src, plan: plan, results: make(chan result, len(plan.variants))}
	go r.run(leave)
	// results is closed when every goroutine has ended and all pixels are freed.
	for res := range r.results {
		if ctx.Err() != nil {
			continue
		}
		if err := emit(res.index, res.out); err != nil {
			cancel(&emitError{err})
		}
	}
	info.Placeholder = r.placeholder
	return info, r.outcome()
}

// emitError marks what emit returned, renderError what ended the rendering from
// within, as causes of a cancelled context: they are given back as they were.
type (
	emitError   struct{ error }
	renderError struct{ error }
)

// rendering is one call of Render.
type rendering struct {
	engine  *Engine
	ctx     context.Context
	cancel  context.CancelCauseFunc
	src     *source
	plan    plan
	results chan result

	stop        *stopper
	encoding    sync.WaitGroup
	placeholder *imaging.Placeholder

	mu        sync.Mutex
	postponed error // of the first variant that there was no time for
}

type result struct {
	index int
	out   imaging.Encoded
}

// run decodes, resizes from large to small, and lets encoders run meanwhile.
// leave gives the memory back as soon as the pixels are gone: results may still
// wait to be emitted then.
func (r *rendering) run(leave func()) {
	defer close(r.results)
	defer leave()
	r.stop = newStopper(r.ctx)
	defer r.stop.close()
	defer r.encoding.Wait()
	if err := r.withCPU(r.produce); err != nil {
		r.fail(err)
	}
}

// withCPU runs work on a thread of its own while it holds one of the engine's workers.
func (r *rendering) withCPU(work func() error) error {
	if err := r.engine.cpu.Acquire(r.ctx, 1); err != nil {
		return err
	}
	defer r.engine.cpu.Release(1)
	var err error
	onThread(func() { err = work() })
	return err
}

// produce makes the pixels of every wanted variant and hands each to an encoder.
func (r *rendering) produce() error {
	work, err := r.decode()
	if err != nil {
		return err
	}
	defer work.close()
	made := newRegions(work, r.engine.limits)
	defer made.close()
	for i := range r.plan.variants {
		v := &r.plan.variants[i]
		if r.ctx.Err() != nil {
			return r.ctx.Err()
		}
		if v.kept {
			if v.level {
				made.level(v, r.stop)
			}
			continue
		}
		start := r.engine.now()
		if v.err != nil {
			r.send(v.index, imaging.Encoded{Elapsed: r.engine.now().Sub(start)}, v.err)
			continue
		}
		pixels, err := made.pixels(v, r.stop)
		if err != nil {
			r.send(v.index, imaging.Encoded{Elapsed: r.engine.now().Sub(start)}, variantError(err))
			continue
		}
		r.encode(v, pixels, r.engine.now().Sub(start))
	}
	if p, err := placeholder(made.small(), work.wide, r.stop); err == nil {
		r.placeholder = p // without one the variants are as good
	}
	return nil
}

// decode makes the working image, from pixels or from a drawing.
func (r *rendering) decode() (*working, error) {
	if isDrawing(r.src.codec.format) {
		return r.engine.draw(r.ctx, r.src, &r.plan)
	}
	work, err := decode(r.src, &r.plan, r.stop)
	if err != nil {
		format := r.src.codec.format
		return nil, fault.New(fault.Rejected, "decode", string(format), sourceError(format, r.src.data, err))
	}
	return work, nil
}

// encode runs the encoder when a worker is free.
func (r *rendering) encode(v *variantPlan, in *finished, resized time.Duration) {
	r.encoding.Go(func() {
		defer in.picture.close()
		var out imaging.Encoded
		err := r.withCPU(func() error {
			start := r.engine.now()
			x := &encoding{spec: v.spec, format: v.format, source: r.src, engine: r.engine, stop: r.stop, in: in}
			var err error
			out, err = x.run(r.ctx)
			out.Elapsed = resized + r.engine.now().Sub(start)
			return err
		})
		r.send(v.index, out, variantError(err))
	})
}

// send passes a result on. A transient error is no result: it ends the
// rendering, or when there is no time for this variant, waits for the others.
func (r *rendering) send(index int, out imaging.Encoded, err error) {
	if r.ctx.Err() != nil {
		return // whatever failed now failed because of that
	}
	if errors.Is(err, errNoTime) {
		r.postpone(err)
		return
	}
	if err != nil {
		if fault.KindOf(err) == fault.Transient {
			r.fail(err)
			return
		}
		out = imaging.Encoded{Err: err, Elapsed: out.Elapsed}
	}
	r.results <- result{index, out}
}

// fail ends the rendering; the first cause counts.
func (r *rendering) fail(err error) { r.cancel(&renderError{err}) }

func (r *rendering) postpone(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.postponed = cmp.Or(r.postponed, err)
}

// outcome is what Render returns, when every goroutine has ended.
func (r *rendering) outcome() error {
	cause := context.Cause(r.ctx)
	switch c := cause.(type) { //nolint:errorlint // the cause is what was given to cancel
	case nil:
		return r.postponed
	case *emitError:
		return c.error
	case *renderError:
		return c.error
	}
	return fault.New(fault.Transient, "render", "", cause)
}

// errNoTime is in the transient error of a variant that was not begun.
var errNoTime = errors.New("too little time is left")

// enoughTime refuses to start what cannot be interrupted and would outlive ctx.
func enoughTime(ctx context.Context, now time.Time, need time.Duration) error {
	deadline, ok := ctx.Deadline()
	if !ok {
		return nil
	}
	if left := deadline.Sub(now); left < need {
		return fault.New(fault.Transient, "encode", "", fmt.Errorf("%w: about %v are needed and %v are left",
			errNoTime, need.Round(time.Millisecond), left.Round(time.Millisecond)))
	}
	return nil
}
