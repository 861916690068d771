package knativefn

import (
	"context"
	"errors"
	"fmt"
)

// gate admits deliveries: a number of them is handled, a number more may wait. The
// rest is refused at once: the sender tries again later, or at another pod, which
// waiting here would keep it from. How many images are decoded at the same time is
// the engine's to say, which knows what each of them costs.
type gate struct {
	inside chan struct{} // one for each delivery that is handled or waits
	slots  chan struct{} // one for each that is handled
}

var errDraining = errors.New("the function is about to stop")

func newGate(slots, queue int) *gate {
	slots = max(slots, 1)
	return &gate{inside: make(chan struct{}, slots+max(queue, 0)), slots: make(chan struct{}, slots)}
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

// begin waits for a slot. After nil, end has to be called.
func (g *gate) begin(ctx context.Context) error {
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
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
