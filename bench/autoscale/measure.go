package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"sync"
	"time"

	"pixmill/bench/pods"
)

const (
	settle   = 2 * time.Second   // before the first burst
	stays    = 100 * time.Second // how long a pod is counted after the last answer that does not go
	mostTime = 10 * time.Minute  // until all other pods have gone
)

// outcome is what a choice gave and cost.
type outcome struct {
	choice
	service       *pods.Service
	first, second []time.Duration // until the variants are there; from zero, and after the pause
	failed        int             // requests
	ended         time.Time       // the last answer
	most          int             // pods at a time
	pods          time.Duration   // pods × time
}

// measure sends to one Service after the other, and goes on counting the pods of those
// before meanwhile: they do nothing any more, and are there as long as the settings say.
func measure(ctx context.Context, s settings, place *pods.Place, photo []byte, only *regexp.Regexp) ([]*outcome, error) {
	img, err := place.ReadImage(s.image, "pixmill")
	if err != nil {
		return nil, err
	}
	if _, err := place.Load(ctx, img); err != nil {
		return nil, err
	}
	keys, err := place.Put(ctx, "burst", photo, 2*s.burst)
	if err != nil {
		return nil, err
	}
	counting, stop := context.WithCancel(ctx)
	count, stopped := startCensus(counting, place)
	defer func() { stop(); <-stopped }()
	var all []*outcome
	for _, c := range chosen(only) {
		if err := place.Forget(ctx); err != nil {
			return nil, err
		}
		o := &outcome{choice: c}
		if o.service, err = place.Pixmill(ctx, "autoscale", img.Name, c.overlay()); err != nil {
			return nil, err
		}
		if err := o.send(ctx, s, keys); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, o.service.Explain(ctx, err))
		}
		all = append(all, o)
	}
	ctx, cancel := context.WithTimeout(ctx, mostTime)
	defer cancel()
	for _, o := range all {
		if err := o.awaitEnd(ctx, count); err != nil {
			return nil, fmt.Errorf("%s: %w", o.name, err)
		}
	}
	return all, nil
}

// send sends two bursts.
func (o *outcome) send(ctx context.Context, s settings, keys []string) error {
	if err := pods.Sleep(ctx, settle); err != nil {
		return err
	}
	o.first = o.burst(ctx, keys[:s.burst])
	if err := pods.Sleep(ctx, s.pause); err != nil {
		return err
	}
	o.second = o.burst(ctx, keys[s.burst:])
	o.ended = time.Now()
	fmt.Fprintf(os.Stderr, "%s: from zero %s, after the pause %s, %d failed\n", o.name, two(o.first), two(o.second), o.failed)
	return ctx.Err()
}

// burst sends all keys at once.
func (o *outcome) burst(ctx context.Context, keys []string) []time.Duration {
	took, errs := make([]time.Duration, len(keys)), make([]error, len(keys))
	var senders sync.WaitGroup
	for i, key := range keys {
		senders.Go(func() {
			began := time.Now()
			errs[i] = o.service.Make(ctx, key)
			took[i] = time.Since(began)
		})
	}
	senders.Wait()
	for _, err := range errs {
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", o.name, err)
			o.failed++
		}
	}
	return took
}

// awaitEnd waits until no pod is left, or has been long enough.
func (o *outcome) awaitEnd(ctx context.Context, count *census) error {
	for {
		now, most, sum, err := count.of(o.service.Name)
		over := now == 0
		if o.annotations["min-scale"] != "" {
			over = time.Since(o.ended) >= stays
		}
		if err != nil || over {
			o.most, o.pods = most, sum
			return errors.Join(err, o.service.Remove(ctx))
		}
		if err := pods.Sleep(ctx, poll); err != nil {
			return err
		}
	}
}
