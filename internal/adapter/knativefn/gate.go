package knativefn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/semaphore"
)

// gate admits deliveries: a number of them is handled, a number more may wait, and the
// bodies of all of them have so much memory and no more. The rest is refused at once,
// and what waited for too long after that: the sender tries again later, or at another
// pod, which waiting here would keep it from. How many images are decoded at the same
// time is the engine's to say, which knows what each of them costs.
type gate struct {
	inside chan struct{} // one for each delivery that is handled or waits
	slots  chan struct{} // one for each that is handled

	room  *semaphore.Weighted // bytes, for bodies
	bytes int64               // of room, all of it
}

var errDraining = errors.New("the function is about to stop")

func newGate(slots, queue int, room int64) *gate {
	slots = max(slots, 1)
	return &gate{
		inside: make(chan struct{}, slots+max(queue, 0)),
		slots:  make(chan struct{}, slots),
		room:   semaphore.NewWeighted(room),
		bytes:  room,
	}
}

// enter admits a delivery, if there is room, until leave is called.
func (g *gate) enter() (leave func(), err error) {
	select {
	case g.inside <- struct{}{}:
		return func() { <-g.inside }, nil
	default:
		return nil, fmt.Errorf("%d deliveries are handled or wait, as many as may", cap(g.inside))
	}
}

// begin waits for a slot, for so long at most; 0: as long as ctx lasts. After nil, end
// has to be called.
func (g *gate) begin(ctx context.Context, wait time.Duration) error {
	if wait > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, wait, fmt.Errorf("waited %v for one of %d", wait, cap(g.slots)))
		defer cancel()
	}
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("no slot came free: %w", context.Cause(ctx))
	}
}

func (g *gate) end() { <-g.slots }

// close waits until no delivery is inside, and lets none in any more.
func (g *gate) close(ctx context.Context) error {
	for range cap(g.inside) {
		select {
		case g.inside <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// lease is how much of the room for bodies one request holds.
type lease struct {
	gate *gate
	held int64
}

func (g *gate) lease() *lease { return &lease{gate: g} }

// grow takes n bytes more, if there is room now.
func (l *lease) grow(n int64) error {
	if !l.gate.room.TryAcquire(n) {
		return full{fmt.Errorf("there is no room for more of the body: requests have filled the %d bytes that there are for bodies", l.gate.bytes)}
	}
	l.held += n
	return nil
}

// release gives all back; the body must not be used any more.
func (l *lease) release() {
	l.gate.room.Release(l.held)
	l.held = 0
}

// full says that others have what a request needs: it may come again.
type full struct{ error }
