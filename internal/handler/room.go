package handler

import (
	"context"
	"fmt"

	"golang.org/x/sync/semaphore"

	"pixmill/internal/fault"
)

// sourceShare is which part of the engine's memory budget the sources of all
// invocations may take together. The budget counts a source once it is let in; this
// bounds those that wait for that.
const sourceShare = 8

// room is how much memory there is for sources; of a budget of 0, any.
type room struct {
	bytes  int64
	places *semaphore.Weighted
}

func newRoom(budget int64) *room {
	if budget == 0 {
		return &room{}
	}
	n := max(budget/sourceShare, 1)
	return &room{bytes: n, places: semaphore.NewWeighted(n)}
}

// enter waits until there is room for a source of n bytes, in the order in which they
// came. One that is larger than all of it is let in alone: whether it is too large is
// for the engine to say. leave is to be called once. The error is Transient.
func (r *room) enter(ctx context.Context, key string, n int64) (leave func(), err error) {
	if r.places == nil {
		return func() {}, nil
	}
	n = min(n, r.bytes)
	if err := r.places.Acquire(ctx, n); err != nil {
		return nil, fault.New(fault.Transient, "fetch", key, fmt.Errorf("waiting for room for the source: %w", err))
	}
	return func() { r.places.Release(n) }, nil
}
