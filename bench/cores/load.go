package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"pixmill/bench/stand"
)

// patience is the longest that one image may take.
const patience = time.Minute

// perCore is how many requests are under way for each core: one that is rendered and
// one that can begin as soon as it is done.
const perCore = 2

// series is a number of images that were rendered as fast as they could be.
type series struct {
	images int           // within took
	took   time.Duration // in which as many requests were under way as may be
	busy   time.Duration // CPU time of all that ran on the machine's cores that count, within took
	cost   time.Duration // CPU time of the function for an image, the first and the last ones too
	cores  int           // that the function may use at a time
	count  int           // cores that count: the same, or more if it may choose among them
}

// rate is in images a second.
func (s series) rate() float64 { return float64(s.images) / s.took.Seconds() }

// used, others and left are in cores: what the function had, what everything else
// took, and what the function could have had.
func (s series) used() float64   { return s.rate() * s.cost.Seconds() }
func (s series) others() float64 { return s.busy.Seconds()/s.took.Seconds() - s.used() }
func (s series) left() float64   { return min(float64(s.cores), float64(s.count)-s.others()) }

// measure has images rendered by a function that may use a number of cores out of some.
// The rate is that of the time in which as many requests are under way as may be: not
// of the first images, and not of the last.
func measure(ctx context.Context, f function, s *stand.Stand, keys []string, images, cores int, among []int) (series, error) {
	parallel := cores * perCore
	keys = keys[:warm+images+parallel]
	if err := s.Forget(ctx); err != nil {
		return series{}, err
	}
	one := series{images: images, cores: cores, count: len(among)}
	before, err := f.cpu(ctx)
	if err != nil {
		return one, err
	}
	var began time.Time
	var busy time.Duration
	err = load(ctx, f, keys, parallel, func(done int) error {
		if done != warm && done != warm+images {
			return nil
		}
		now, err := busyTime(among)
		one.took, one.busy = time.Since(began), now-busy // of use at the second time
		began, busy = time.Now(), now
		return err
	})
	if err != nil {
		return one, err
	}
	after, err := f.cpu(ctx)
	one.cost = (after - before) / time.Duration(len(keys))
	return one, err
}

// load sends all keys, some at a time, and calls note with the number of those that are done.
func load(ctx context.Context, f function, keys []string, parallel int, note func(done int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan string)
	var senders sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range parallel {
		senders.Go(func() {
			for key := range next {
				err := f.send(ctx, key)
				mu.Lock()
				if done++; err == nil {
					err = note(done)
				}
				mu.Unlock()
				if err != nil {
					cancel(fmt.Errorf("%s: %w", key, err))
				}
			}
		})
	}
	for _, key := range keys {
		next <- key
	}
	close(next)
	senders.Wait()
	return context.Cause(ctx)
}
