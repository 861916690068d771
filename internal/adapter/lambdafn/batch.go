package lambdafn

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

// batch is the state of one invocation.
type batch struct {
	*Adapter
	log     *slog.Logger
	sources map[sourceID]*source
	order   []*source       // as they were handled
	stopped map[string]bool // groups in which something failed; "" is none
	busy    bool            // a source took more than a look
}

// sourceID is what the events of one object have in common.
type sourceID struct{ bucket, key string }

// source is one object of a batch, however many events name it.
type source struct {
	event    event.ObjectEvent // the last one, of those that name it for certain if there are any
	certain  bool              // event.Key is what the event says, and not what it may mean
	messages int               // items that name it
	attempt  int               // the highest of theirs
	handled  bool
	outcome  handler.Outcome
	err      error
	elapsed  time.Duration
}

// verdict is how an item ended: with what has to be brought again, if anything.
type verdict struct{ errs []error }

func (v verdict) failed() bool { return len(v.errs) > 0 }

func (v *verdict) add(s *source) {
	if s.err != nil && comesAgain(fault.KindOf(s.err)) {
		v.errs = append(v.errs, s.err)
	}
}

// wantsNothing reports whether the key turned out to be that of no source.
func (s *source) wantsNothing() bool {
	return s.err == nil && (s.outcome.Result == handler.ResultNothing || s.outcome.Result == handler.ResultDeleted)
}

// newBatch finds the sources that a delivery names. Several events for one
// object need one look only, and the last one says most about it.
func (a *Adapter) newBatch(log *slog.Logger, d event.Delivery) *batch {
	b := &batch{Adapter: a, log: log, sources: map[sourceID]*source{}, stopped: map[string]bool{}}
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
		s = &source{}
		b.sources[id] = s
	}
	if certain || !s.certain {
		s.event, s.certain = ev, certain
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
func (b *batch) item(ctx context.Context, it event.Item) verdict {
	if it.GroupID != "" && b.stopped[it.GroupID] {
		return b.giveBackUnseen(ctx, it)
	}
	b.logIgnored(ctx, it)
	var v verdict
	if it.Err != nil {
		b.log.ErrorContext(ctx, "message not understood", "message_id", it.MessageID, "attempt", it.Attempt, "error", it.Err)
		v.errs = append(v.errs, it.Err) // in the queue, and in the end in its dead-letter queue, it is not lost
	}
	for _, ev := range it.Events {
		s := b.handle(ctx, ev)
		v.add(s)
		if ev.Alternative != "" && s.wantsNothing() {
			v.add(b.handle(ctx, alternative(ev)))
		}
	}
	if v.failed() {
		b.stopped[it.GroupID] = true
	}
	return v
}

// giveBackUnseen returns an item without looking at what it names.
func (b *batch) giveBackUnseen(ctx context.Context, it event.Item) verdict {
	err := fault.New(fault.Transient, "handle message", it.MessageID,
		fmt.Errorf("an earlier message of group %q failed", it.GroupID))
	b.log.WarnContext(ctx, "message given back unseen", "message_id", it.MessageID, "attempt", it.Attempt, "error", err)
	return verdict{errs: []error{err}}
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
func (b *batch) handle(ctx context.Context, ev event.ObjectEvent) *source {
	s := b.sources[sourceID{ev.Bucket, ev.Key}]
	if s.handled {
		return s
	}
	s.handled = true
	start := b.Now()
	if b.busy && !b.enoughTime(ctx) {
		s.outcome = handler.Outcome{Key: s.event.Key, Result: resultNotBegun}
		s.err = fault.New(fault.Transient, "handle", s.event.Key, errors.New("too little time is left of this invocation"))
	} else {
		s.outcome, s.err = b.guarded(ctx, s.event)
	}
	s.elapsed = b.Now().Sub(start)
	b.busy = b.busy || !s.wantsNothing()
	b.order = append(b.order, s)
	b.logSource(ctx, s)
	return s
}

// guarded turns a panic into an error of this source alone.
func (b *batch) guarded(ctx context.Context, ev event.ObjectEvent) (out handler.Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			b.log.ErrorContext(ctx, "panic", "key", ev.Key, "value", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fault.New(fault.Transient, "handle", ev.Key, fmt.Errorf("panic: %v", p))
		}
	}()
	return b.Handler.Handle(ctx, ev)
}
