package dispatch

import (
	"context"
	"fmt"
	"time"

	"pixmill/internal/runtime/httpfn"
	"pixmill/internal/runtime/queue"
)

// An event is given up to which a function has answered for so long, and so often, that
// it is not to be had just now, as far as one run of the runtime knows. Time alone would
// count in which there was no function to ask.
const (
	maxPostponed   = 24 * time.Hour
	leastPostponed = 20 // in a day it is asked more often, whatever Retry-After it sends
)

// mostFull is between two tries of an event that there was no room for: a longer pause would
// leave the function idle that others are done with.
const mostFull = 10 * time.Second

// maxUnreached is how often the word of a proxy is taken for it that an event has not
// reached the function, though a look had just found that. Then it may be the event that
// ends it, of which a proxy that tries again by itself says nothing.
const maxUnreached = 10

// settleRemote settles an event whose HTTP request was no success.
func (d *Dispatcher) settleRemote(ctx context.Context, m *queue.Message, e *httpfn.Error) {
	switch e.Outcome {
	case httpfn.Rejected:
		d.bury(ctx, m, e.Reason)
	case httpfn.Later, httpfn.Full:
		d.postpone(ctx, m, e)
	case httpfn.Unreached:
		d.unreached(ctx, m, e)
	case httpfn.BrokenAlone:
		d.settleKill(ctx, m, e.Reason, e.Wait)
	case httpfn.Broken:
		d.suspect(ctx, m, e)
	case httpfn.Failed, httpfn.Away:
		d.retry(ctx, m, e.Reason, e.Wait)
	}
}

// unreached lets a message come again that a proxy could not bring to the function. It
// is no attempt at first, and then what it is when a request breaks off.
func (d *Dispatcher) unreached(ctx context.Context, m *queue.Message, e *httpfn.Error) {
	r := d.change(m, func(r *record) { r.unreached++ })
	switch {
	case r.unreached <= maxUnreached:
		d.again(ctx, m, r.unreached, e)
	case d.Alone != nil && r.suspect: // so it was alone
		d.settleKill(ctx, m, e.Reason, e.Wait)
	default:
		d.suspect(ctx, m, e)
	}
}

// suspect lets a message come again alone, after an attempt that broke off.
func (d *Dispatcher) suspect(ctx context.Context, m *queue.Message, e *httpfn.Error) {
	d.change(m, func(r *record) { r.suspect = true })
	d.retry(ctx, m, e.Reason, e.Wait)
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
	d.again(ctx, m, r.postponed, e)
}

// again lets a message come again as if it had never been begun, after times times.
func (d *Dispatcher) again(ctx context.Context, m *queue.Message, times int, e *httpfn.Error) {
	d.unbegin(ctx, []*queue.Message{m})
	delay := d.Backoff(times)
	if e.Outcome == httpfn.Full {
		delay = min(delay, mostFull)
	}
	delay = max(delay, e.Wait)
	d.Log.WarnContext(ctx, "event not taken and comes again", "message", m.ID, "times", times, "delay", delay, "reason", e.Reason)
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
