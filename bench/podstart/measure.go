package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"pixmill/bench/pods"
)

// settle is the least time between the end of what happened before and a start. A
// random part of a second comes on top: the kubelet looks after its containers once a
// second, and starts that follow each other evenly would all meet the same moment of it.
const settle = 1500 * time.Millisecond

// measure starts the services in turns, each time from zero.
func (b *bench) measure(ctx context.Context) error {
	for n := range 1 + b.count + b.fresh {
		fresh := n > b.count
		if err := b.awaitZero(ctx); err != nil {
			return err
		}
		if fresh {
			if err := b.loadFresh(ctx); err != nil {
				return err
			}
		}
		for i := range b.services {
			s := b.services[(n+i)%len(b.services)] // each comes first in turn
			took, err := b.start(ctx, s, n)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", s.image.words, s.words, s.Explain(ctx, err))
			}
			switch {
			case fresh:
				s.fresh = append(s.fresh, took)
			case n > 0: // the first brings the files into the page cache
				s.warm = append(s.warm, took)
			}
		}
	}
	return nil
}

// awaitZero waits until no service has a pod. They go to zero at the same time.
func (b *bench) awaitZero(ctx context.Context) error {
	for _, s := range b.services {
		if err := s.AwaitZero(ctx); err != nil {
			return err
		}
	}
	return nil
}

// loadFresh has the node get all images anew.
func (b *bench) loadFresh(ctx context.Context) error {
	for _, i := range b.images {
		took, err := b.place.LoadFresh(ctx, i.Image)
		if err != nil {
			return err
		}
		i.loads = append(i.loads, took)
	}
	return nil
}

// start sends the n-th request to a service without a pod.
func (b *bench) start(ctx context.Context, s *service, n int) (time.Duration, error) {
	if err := pods.Sleep(ctx, settle+time.Duration(b.random.Int64N(int64(time.Second)))); err != nil {
		return 0, err
	}
	began := time.Now()
	err := s.send(ctx, n)
	took := time.Since(began)
	fmt.Fprintf(os.Stderr, "%3d %-14s %-32s %v\n", n, s.image.words, s.words, took.Round(time.Millisecond))
	return took, err
}
