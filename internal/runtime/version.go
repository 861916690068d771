package runtime

import (
	"context"
	"sync"
	"time"
)

// steadyTime is how long a new version of an HTTP function has to be the only one that
// answers before it counts. While it takes over, what is queued may go to the old one.
const steadyTime = time.Minute

// versions are those that an HTTP function gives itself in its answers.
type versions struct {
	mu    sync.Mutex
	known bool   // counts is what it says; else nobody has answered yet
	last  string // of the latest answer that had one
	// counts is the one that answers, as far as is known; empty where it gives itself none.
	// What is given up is given up by it.
	counts string
	change chan struct{} // holds one when last is another one than before
}

func newVersions() *versions { return &versions{change: make(chan struct{}, 1)} }

// heard keeps the version of an answer. It reports whether it was the first: that one
// counts at once.
func (v *versions) heard(version string) (first bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if first = !v.known; first {
		v.known, v.counts = true, version
	}
	if v.last != version && !first {
		select {
		case v.change <- struct{}{}:
		default:
		}
	}
	v.last = version
	return first
}

// answered keeps that there was an answer: without a version in it, the function has none.
func (v *versions) answered() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.known = true
}

func (v *versions) counting() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.counts
}

// takeOver makes the version of the latest answer the one that counts, and reports
// whether it is another one than before.
func (v *versions) takeOver() (from, to string, other bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	from, v.counts = v.counts, v.last
	return from, v.counts, from != v.counts
}

// steady waits until no answer had another version than the one before for so long. It
// returns false when ctx ended first.
func (v *versions) steady(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-v.change:
			timer.Reset(d)
		case <-timer.C:
			return true
		}
	}
}

// heard is told which version of the function gave an answer.
func (r *Runtime) heard(version string) {
	if r.versions.heard(version) {
		r.queue.SetSettings(r.settings())
	}
}

// settings are those of Options, with the version of the function that counts.
func (r *Runtime) settings() string { return r.opts.settings(r.versions.counting()) }

// rechecks is the recheck at the start. With a function that runs elsewhere it waits for
// an answer: what was given up is only told apart by the version that gave it up. And
// there is another one for each version that takes over later.
func (r *Runtime) rechecks(ctx context.Context) {
	f, elsewhere := r.calls.(remote)
	if !elsewhere {
		r.recheck(ctx)
		return
	}
	if !r.awaitAnswer(ctx, f) {
		return
	}
	for {
		r.recheck(ctx)
		if !r.awaitVersion(ctx) {
			return
		}
		r.news.remember()
	}
}

// awaitAnswer waits until the function is found there; false: ctx ended first.
func (r *Runtime) awaitAnswer(ctx context.Context, f remote) bool {
	for n := 1; ; n++ {
		err := f.Look(ctx)
		if err == nil {
			r.versions.answered()
			r.opts.Log.InfoContext(ctx, "the function is there", "version", r.versions.counting())
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if n == 1 {
			r.opts.Log.WarnContext(ctx, "the recheck waits for the function", "error", err)
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(restartBackoff(n)):
		}
	}
}

// awaitVersion waits until another version of the function has taken over; false: ctx
// ended first. It asks nothing of the function, which may rest at no pod: what is there
// shows with the next answer.
func (r *Runtime) awaitVersion(ctx context.Context) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-r.versions.change:
		}
		if !r.versions.steady(ctx, r.steady) {
			return false
		}
		if from, to, other := r.versions.takeOver(); other {
			r.queue.SetSettings(r.settings())
			r.opts.Log.InfoContext(ctx, "another version of the function has taken over: what does not agree is queued again", "from", from, "to", to)
			return true
		}
	}
}
