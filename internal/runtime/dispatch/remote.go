package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pixmill/internal/runtime/httpfn"
	"pixmill/internal/runtime/pool"
	"pixmill/internal/runtime/queue"
)

// An event is given up to which a function has answered for so long, and so often, that
// it is not to be had just now, as far as one run of the runtime knows. Time alone would
// count in which there was no function to ask.
const (
	maxPostponed   = 24 * time.Hour
	leastPostponed = 20 // in a day it is asked more often, whatever Retry-After it sends
)

// settleRemote settles an event whose HTTP request was no success.
func (d *Dispatcher) settleRemote(ctx context.Context, m *queue.Message, e *httpfn.Error) {
	switch e.Outcome {
	case httpfn.Rejected:
		d.bury(ctx, m, e.Reason)
	case httpfn.Later:
		d.postpone(ctx, m, e)
	case httpfn.BrokenAlone:
		d.settleKill(ctx, m, e.Reason, e.Wait)
	case httpfn.Broken:
		d.change(m, func(r *record) { r.suspect = true })
		d.retry(ctx, m, e.Reason, e.Wait)
	case httpfn.Failed, httpfn.Away:
		d.retry(ctx, m, e.Reason, e.Wait)
	}
}

// postpone lets a message come again of which nothing was begun. It is no attempt.
func (d *Dispatcher) postpone(ctx context.Context, m *queue.Message, e *httpfn.Error) {
	r := d.change(m, func(r *record) {
		if r.postponed++; r.postponed == 1 {
			r.since = d.Now()
		}
	})
	if r.postponed > leastPostponed && d.Now().Sub(r.since) > maxPostponed {
		d.bury(ctx, m, fmt.Sprintf("was not taken for %v, at last: %s", maxPostponed, e.Reason))
		return
	}
	d.unbegin(ctx, []*queue.Message{m})
	delay := max(d.Backoff(r.postponed), e.Wait)
	d.Log.WarnContext(ctx, "event not taken and comes again", "message", m.ID, "times", r.postponed, "delay", delay, "reason", e.Reason)
	d.logged(ctx, m, m.Retry(delay))
}

// invoker is for messages of which one may have ended the function before another one
// than for all others.
func (d *Dispatcher) invoker(messages []*queue.Message) Invoker {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.Alone != nil && d.records[messages[0].ID].suspect {
		return d.Alone
	}
	return d.Function
}

// notThere reports whether there was no function to begin anything.
func notThere(err error) bool {
	if _, ok := errors.AsType[*pool.StartError](err); ok {
		return true
	}
	remote, ok := errors.AsType[*httpfn.Error](err)
	return ok && remote.Outcome == httpfn.Away
}
