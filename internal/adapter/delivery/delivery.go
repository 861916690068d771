// Package delivery handles what one delivery names, whoever brought it: each
// source once, however many events name it; the other key that an event may mean
// after the first; the rest of a FIFO group not after a failure. What became of it
// is told to the adapter, which has the table from an error's kind to what its own
// sender understands. The package knows no transport and keeps nothing between
// deliveries.
package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"pixmill/internal/event"
	"pixmill/internal/fault"
	"pixmill/internal/handler"
)

// Handler makes the output of one source agree with it; *handler.Handler does.
type Handler interface {
	Handle(ctx context.Context, ev event.ObjectEvent) (handler.Outcome, error)
}

// Options are what Handle needs.
type Options struct {
	Handler Handler
	Log     *slog.Logger     // gets one line for each source
	Now     func() time.Time // the clock

	// Fails is the adapter's table: which kinds of a source's error are errors of the
	// items that name it, too. What cannot be decoded always is.
	Fails func(fault.Kind) bool
	// EnoughTime reports whether a further source may be begun; nil: always.
	EnoughTime func(context.Context) bool
}

// Result is what became of a delivery.
type Result struct {
	Verdicts []Verdict // of each item
	Sources  []*Source // in the order in which they were handled
}

// Handle handles what a delivery names, one source after the other.
func Handle(ctx context.Context, o Options, d event.Delivery) Result {
	b := newBatch(o, d)
	r := Result{Verdicts: make([]Verdict, len(d.Items))}
	for i, item := range d.Items {
		r.Verdicts[i] = b.item(ctx, item)
	}
	r.Sources = b.order
	return r
}

// batch is the state of one delivery.
type batch struct {
	Options
	sources map[sourceID]*Source
	order   []*Source       // as they were handled
	stopped map[string]bool // groups in which something failed; "" is none
	busy    bool            // a source took more than a look
}

// sourceID is what the events of one object have in common.
type sourceID struct{ bucket, key string }

// Source is one object of a delivery, however many events name it.
type Source struct {
	Event   event.ObjectEvent // the last one, of those that name it for certain if there are any
	Outcome handler.Outcome
	Err     error // Handle's
	Elapsed time.Duration

	certain  bool // Event.Key is what the event says, and not what it may mean
	messages int  // items that name it
	attempt  int  // the highest of theirs
	handled  bool
}

// Verdict is how an item ended: with what has to be brought again, if anything.
type Verdict struct{ Errs []error }

// Failed reports whether there is any error.
func (v Verdict) Failed() bool { return len(v.Errs) > 0 }

func (b *batch) add(v *Verdict, s *Source) {
	if s.Err != nil && b.Fails(fault.KindOf(s.Err)) {
		v.Errs = append(v.Errs, s.Err)
	}
}

// wantsNothing reports whether the key turned out to be that of no source.
func (s *Source) wantsNothing() bool {
	return s.Err == nil && (s.Outcome.Result == handler.ResultNothing || s.Outcome.Result == handler.ResultDeleted)
}

// newBatch finds the sources that a delivery names. Several events for one
// object need one look only, and the last one says most about it.
func newBatch(o Options, d event.Delivery) *batch {
	b := &batch{Options: o, sources: map[sourceID]*Source{}, stopped: map[string]bool{}}
	for _, item := range d.Items {
		for _, ev := range item.Events {
			b.name(ev, item, true)
			if ev.Alternative != "" {
				b.name(alternative(ev), item, false)
			}
		}
	}
	return b
}

// name enters an event of an item. What is said of an alternative may be said of
// another object: the source's own events go before it.
func (b *batch) name(ev event.ObjectEvent, item event.Item, certain bool) {
	id := sourceID{ev.Bucket, ev.Key}
	s := b.sources[id]
	if s == nil {
		s = &Source{}
		b.sources[id] = s
	}
	if certain || !s.certain {
		s.Event, s.certain = ev, certain
	}
	s.messages++
	s.attempt = max(s.attempt, item.Attempt)
}

// alternative is the event with the other key that it may mean.
func alternative(ev event.ObjectEvent) event.ObjectEvent {
	ev.Key, ev.Alternative = ev.Alternative, ""
	return ev
}

// item handles what one item names. One that fails keeps no other from being
// handled, except later ones of its FIFO group, whose order would be lost.
func (b *batch) item(ctx context.Context, it event.Item) Verdict {
	if it.GroupID != "" && b.stopped[it.GroupID] {
		return b.giveBackUnseen(ctx, it)
	}
	b.logIgnored(ctx, it)
	var v Verdict
	if it.Err != nil {
		b.Log.ErrorContext(ctx, "message not understood", "message_id", it.MessageID, "attempt", it.Attempt, "error", it.Err)
		v.Errs = append(v.Errs, it.Err) // in the queue, and in the end in its dead-letter queue, it is not lost
	}
	for _, ev := range it.Events {
		s := b.handle(ctx, ev)
		b.add(&v, s)
		if ev.Alternative != "" && s.wantsNothing() {
			b.add(&v, b.handle(ctx, alternative(ev)))
		}
	}
	if v.Failed() {
		b.stopped[it.GroupID] = true
	}
	return v
}

// giveBackUnseen returns an item without looking at what it names.
func (b *batch) giveBackUnseen(ctx context.Context, it event.Item) Verdict {
	err := fault.New(fault.Transient, "handle message", it.MessageID,
		fmt.Errorf("an earlier message of group %q failed", it.GroupID))
	b.Log.WarnContext(ctx, "message given back unseen", "message_id", it.MessageID, "attempt", it.Attempt, "error", err)
	return Verdict{Errs: []error{err}}
}

// handle handles the source that an event names, once, unless so little time is
// left that it would only be cut off. The first one that needs work is always
// begun: with a short time-out nothing else would ever get done.
//
// A source that takes longer than an invocation has is cut off between two
// variants, keeps those that are stored, and comes again: the next delivery makes
// the rest. What bounds that is the queue's maxReceiveCount times the function's
// time-out, which the messages of a batch share: a batch of slow sources needs
// either a small batch size or a high maxReceiveCount. What is still not done
// then waits in the dead-letter queue, with the variants that it has.
func (b *batch) handle(ctx context.Context, ev event.ObjectEvent) *Source {
	s := b.sources[sourceID{ev.Bucket, ev.Key}]
	if s.handled {
		return s
	}
	s.handled = true
	start := b.Now()
	if b.busy && b.EnoughTime != nil && !b.EnoughTime(ctx) {
		s.Outcome = handler.Outcome{Key: s.Event.Key, Result: resultNotBegun}
		s.Err = fault.New(fault.Transient, "handle", s.Event.Key, errors.New("too little time is left of this invocation"))
	} else {
		s.Outcome, s.Err = b.guarded(ctx, s.Event)
	}
	s.Elapsed = b.Now().Sub(start)
	b.busy = b.busy || !s.wantsNothing()
	b.order = append(b.order, s)
	b.logSource(ctx, s)
	return s
}

// guarded turns a panic into an error of this source alone.
func (b *batch) guarded(ctx context.Context, ev event.ObjectEvent) (out handler.Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			b.Log.ErrorContext(ctx, "panic", "key", ev.Key, "value", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fault.New(fault.Transient, "handle", ev.Key, fmt.Errorf("panic: %v", p))
		}
	}()
	return b.Handler.Handle(ctx, ev)
}
