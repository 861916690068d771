package e2e

import (
	"context"
	"fmt"
	"net/http"
	"sync"
)

// hold keeps requests waiting, so that a scenario can do something at a certain
// moment of an invocation.
type hold struct {
	match func(request) bool

	mu      sync.Mutex
	stopped bool
	changed chan struct{} // closed and replaced with every change of what follows
	held    int           // requests that were held so far
	ended   int           // of these: let go and answered to the end, or abandoned by the client
	open    chan struct{} // closed by release
}

// hold makes what matches wait until release, or until its client is gone.
func (p *proxy) hold(match func(request) bool) *hold {
	h := &hold{match: match, changed: make(chan struct{}), open: make(chan struct{})}
	p.add(h)
	return h
}

func (h *hold) matches(r request) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.stopped && h.match(r)
}

func (h *hold) apply(_ http.ResponseWriter, r *http.Request) bool {
	h.change(func() { h.held++ })
	// The context of a request ends with its answer, and with its client.
	context.AfterFunc(r.Context(), func() { h.change(func() { h.ended++ }) })
	select {
	case <-h.open:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (h *hold) change(what func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	what()
	close(h.changed)
	h.changed = make(chan struct{})
}

// stop lets new requests pass; those that are held wait on, until their client is gone.
func (h *hold) stop() { h.change(func() { h.stopped = true }) }

// release lets everything pass.
func (h *hold) release() {
	h.stop()
	close(h.open)
}

// reached waits until n requests were held.
func (h *hold) reached(ctx context.Context, n int) error {
	return h.until(ctx, func() bool { return h.held >= n })
}

// count returns how many requests were held.
func (h *hold) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.held
}

// settled waits until nothing that was held is under way any more.
func (h *hold) settled(ctx context.Context) error {
	return h.until(ctx, func() bool { return h.held == h.ended })
}

func (h *hold) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return fmt.Sprintf("%d requests were held, of which %d have ended", h.held, h.ended)
}

func (h *hold) until(ctx context.Context, cond func() bool) error {
	for {
		h.mu.Lock()
		done, changed := cond(), h.changed
		h.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return &unmet{h.String()}
		}
	}
}
