package store

import (
	"context"
	"sync"
)

// inflight knows the writes that are under way.
type inflight struct {
	mu      sync.Mutex
	next    uint64
	running map[uint64]write
}

// write is one that is under way.
type write struct {
	bucket, key string
	done        chan struct{} // closed when it has ended
}

// begin enters a write; the caller calls what it returns when the write has ended.
func (f *inflight) begin(bucket, key string) (end func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running == nil {
		f.running = map[uint64]write{}
	}
	f.next++
	id, done := f.next, make(chan struct{})
	f.running[id] = write{bucket, key, done}
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.running, id)
		close(done)
	}
}

// settled waits for the writes that have begun by now and that count.
func (f *inflight) settled(ctx context.Context, counts func(bucket, key string) bool) error {
	f.mu.Lock()
	var running []chan struct{}
	for _, w := range f.running {
		if counts(w.bucket, w.key) {
			running = append(running, w.done)
		}
	}
	f.mu.Unlock()
	for _, done := range running {
		select {
		case <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Settled waits until every write that counts and that the store has begun by now
// has ended. A client that died or gave up may have left one behind: an event
// must not be delivered again before such a write has landed.
func (s *Store) Settled(ctx context.Context, counts func(bucket, key string) bool) error {
	return s.writes.settled(ctx, counts)
}
