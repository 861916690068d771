package faultblob

import (
	"context"
	"slices"
	"sync"
)

// Call is one operation that was done.
type Call struct {
	Op  Op
	Key string // of a list: the prefix
	Err error  // its result
}

// Recorder keeps the operations that were done, in the order in which they
// ended. The zero value is ready for use.
type Recorder struct {
	mu    sync.Mutex
	calls []Call
}

// Hooks returns the hooks that record. Wrapped around the store itself they
// see what took effect; around other hooks, what the caller was told.
func (r *Recorder) Hooks() Hooks {
	return Hooks{After: func(_ context.Context, op Op, key string, err error) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.calls = append(r.calls, Call{Op: op, Key: key, Err: err})
		return err
	}}
}

// Calls returns what was recorded of the given operations, or of all if none
// is given.
func (r *Recorder) Calls(ops ...Op) []Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(ops) == 0 {
		return slices.Clone(r.calls)
	}
	var calls []Call
	for _, c := range r.calls {
		if slices.Contains(ops, c.Op) {
			calls = append(calls, c)
		}
	}
	return calls
}

// Reset forgets what was recorded.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = nil
}
