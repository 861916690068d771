package main

import (
	"context"
	"sync"
	"time"

	"pixmill/bench/pods"
)

// poll is the time between two counts of pods: each costs a run of kubectl.
const poll = time.Second

// census counts pods of all Services at once.
type census struct {
	place *pods.Place

	mu   sync.Mutex
	now  map[string]int           // pods, by namespace
	most map[string]int           // at a time
	sum  map[string]time.Duration // pods × time
	err  error
}

// startCensus counts until ctx has ended; then done is closed.
func startCensus(ctx context.Context, place *pods.Place) (c *census, done chan struct{}) {
	c = &census{place: place, most: map[string]int{}, sum: map[string]time.Duration{}}
	done = make(chan struct{})
	go func() {
		defer close(done)
		for last := time.Now(); ; {
			now, err := c.count(ctx)
			if ctx.Err() != nil {
				return
			}
			at := time.Now()
			c.add(now, at.Sub(last), err)
			last = at
			if pods.Sleep(ctx, poll) != nil {
				return
			}
		}
	}()
	return c, done
}

// count looks for pods that were not told to end, by namespace.
func (c *census) count(ctx context.Context) (map[string]int, error) {
	var list struct {
		Items []struct {
			Metadata struct {
				Namespace         string
				DeletionTimestamp *time.Time
			}
		}
	}
	if err := c.place.JSON(ctx, &list, "get", "pods", "--all-namespaces", "-l", "serving.knative.dev/service=pixmill"); err != nil {
		return nil, err
	}
	found := map[string]int{}
	for _, p := range list.Items {
		if p.Metadata.DeletionTimestamp == nil {
			found[p.Metadata.Namespace]++
		}
	}
	return found, nil
}

func (c *census) add(now map[string]int, since time.Duration, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.err = err
		return
	}
	c.now = now
	for namespace, n := range now {
		c.most[namespace] = max(c.most[namespace], n)
		c.sum[namespace] += time.Duration(n) * since
	}
}

// of says what was counted in a namespace so far.
func (c *census) of(namespace string) (now, most int, sum time.Duration, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now[namespace], c.most[namespace], c.sum[namespace], c.err
}
