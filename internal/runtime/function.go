package runtime

import (
	"context"
	"time"

	"pixmill/internal/runtime/dispatch"
	"pixmill/internal/runtime/httpfn"
	"pixmill/internal/runtime/pool"
)

// function is what the dispatcher calls: processes of this machine, or something
// that is reached over HTTP.
type function interface {
	dispatch.Invoker
	// alone calls it with nothing else under way in it; nil if that is so anyway.
	alone() dispatch.Invoker
	// Close ends the invocations under way and what they run in.
	Close()
}

type processes struct{ *pool.Pool }

func (processes) alone() dispatch.Invoker { return nil }

type remote struct{ *httpfn.Function }

func (f remote) alone() dispatch.Invoker { return httpfn.Alone(f) }

func (r *Runtime) openFunction(ctx context.Context) {
	o := &r.opts
	if o.URL != nil {
		r.calls = remote{httpfn.New(httpfn.Options{
			URL: o.URL, Via: o.Via, Timeout: o.Timeout, Grace: killGrace, Now: o.Now, Heard: r.heard,
		})}
		return
	}
	o.mentionNotify(ctx)
	r.calls = processes{pool.New(pool.Options{
		Function: o.Function, Env: o.functionEnv(r.store.Endpoint()), Inherit: o.Environ, Max: o.Concurrency, Idle: o.Idle,
		Timeout: o.Timeout, Grace: killGrace, InitTimeout: initTimeout, Memory: o.Memory,
		Guard: r.guard, Log: o.Log, Now: o.Now, Rand: o.Rand,
	})}
}

// awaitEarlier waits for the end of what an earlier run has left under way in a function
// that runs elsewhere; the processes of one that does not have ended with it. What it
// worked on is in flight until it comes again.
func (r *Runtime) awaitEarlier(ctx context.Context) {
	if r.opts.URL == nil {
		return
	}
	if stats, err := r.queue.Stats(ctx); err == nil && stats.InFlight == 0 {
		return
	}
	timer := time.NewTimer(killGrace)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
