package runtime

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"pixmill/internal/app"
	"pixmill/internal/blob"
	"pixmill/internal/runtime/store"
)

// recheckWorkers bounds the looks at once; each is three requests.
const recheckWorkers = 8

// recheck queues every source key whose output is not what it asks for, of all
// that are in the source or have anything in the output. It finds what a crash
// between a change and its event left behind, what changed presets ask for, and
// what was changed in the directory by other means.
//
// A source whose events were given up before is tried again, too: whoever starts
// the runtime anew may have mended the reason. That ends after maxGivenUp times
// with the same source and the same settings. Then it takes a new source, changed
// settings, or the event sent again by hand ("pixmill redrive").
//
// A pass that breaks off begins anew, later and later, until one is complete.
func (r *Runtime) recheck(ctx context.Context) {
	defer r.news.forget()
	for n := 1; ; n++ {
		begin := r.opts.Now()
		pass, err := r.recheckAll(ctx)
		log := r.opts.Log.With("looked_at", pass.looked.Load(), "queued", pass.queued.Load(), "took", r.opts.Now().Sub(begin))
		if err == nil {
			log.InfoContext(ctx, "recheck done")
			pass.tellLeftAlone(ctx)
			return
		}
		delay := backoff(n, time.Second, 3, time.Minute)
		select {
		case <-ctx.Done():
			return
		case <-time.After(delay):
			log.ErrorContext(ctx, "recheck broke off and begins anew", "after", delay, "error", err)
		}
	}
}

// newsKeys are the keys that have had an event since the store opened, for as
// long as the recheck runs: it need not queue them again.
type newsKeys struct {
	mu   sync.Mutex
	keys map[string]struct{} // nil: no longer kept
}

func (n *newsKeys) add(key string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.keys != nil {
		n.keys[key] = struct{}{}
	}
}

func (n *newsKeys) has(key string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, ok := n.keys[key]
	return ok
}

// remember begins to keep them.
func (n *newsKeys) remember() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.keys = map[string]struct{}{}
}

func (n *newsKeys) forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.keys = nil
}

// recheckAll makes one pass and returns it, broken off or not.
func (r *Runtime) recheckAll(ctx context.Context) (*recheckPass, error) {
	pass := &recheckPass{Runtime: r}
	client, err := r.Endpoint().Client(ctx)
	if err != nil {
		return pass, err
	}
	defer client.Close()
	presets := r.opts.Presets
	pass.app, err = app.New(ctx, app.Options{
		Config: presets, Self: r.opts.Self,
		Source: client.Bucket(presets.Source.Bucket),
		Output: client.Bucket(presets.Output.Bucket),
	})
	if err != nil {
		return pass, err
	}
	defer pass.app.Close()
	if pass.givenUp, err = r.givenUp(ctx); err != nil {
		return pass, err
	}
	return pass, pass.run(ctx)
}

type recheckPass struct {
	*Runtime
	app            *app.App
	givenUp        map[sourceState]int
	looked, queued atomic.Int64
	leftAlone      atomic.Int64
	oneLeftAlone   atomic.Pointer[string] // any of their keys
}

// tellLeftAlone warns of sources that are not as they should be and stay so.
func (p *recheckPass) tellLeftAlone(ctx context.Context) {
	if key := p.oneLeftAlone.Load(); key != nil {
		p.opts.Log.WarnContext(ctx, "sources left alone that were given up at each start before: put them again, or use pixmill redrive",
			"sources", p.leftAlone.Load(), "times", maxGivenUp, "one_of_them", *key)
	}
}

func (p *recheckPass) run(ctx context.Context) error {
	looks, ctx := errgroup.WithContext(ctx)
	looks.SetLimit(recheckWorkers)
	err := p.walkSources(ctx, looks)
	if err == nil {
		err = p.walkOutputs(ctx, looks)
	}
	if lookErr := looks.Wait(); lookErr != nil {
		return lookErr // the walk broke off because of it
	}
	return err
}

func (p *recheckPass) walkSources(ctx context.Context, looks *errgroup.Group) error {
	for e, err := range p.app.Source.List(ctx, blob.ListOptions{Prefix: p.opts.Presets.Source.Prefix}) {
		if err != nil {
			return err
		}
		looks.Go(func() error {
			return p.look(ctx, store.Change{Key: e.Key, Name: store.CreatedPut, ETag: e.ETag, Size: e.Size})
		})
	}
	return nil
}

// walkOutputs looks at the outputs whose source is gone; the others were looked at.
func (p *recheckPass) walkOutputs(ctx context.Context, looks *errgroup.Group) error {
	var key string
	var objects []string // of its output, as far as they follow each other
	flush := func() {
		if len(objects) > 0 {
			k, o := key, objects
			looks.Go(func() error { return p.lookAtOutput(ctx, k, o) })
		}
		objects = nil
	}
	for e, err := range p.app.Output.List(ctx, blob.ListOptions{Prefix: p.opts.Presets.Output.Prefix}) {
		if err != nil {
			return err
		}
		k, ok := p.opts.Presets.SourceKey(e.Key)
		if !ok {
			continue
		}
		if k != key {
			flush()
		}
		key, objects = k, append(objects, e.Key)
	}
	flush()
	return nil
}

// lookAtOutput looks at a key without a source, if any of its output is Pixmill's:
// what somebody else has put into the bucket is left alone.
func (p *recheckPass) lookAtOutput(ctx context.Context, key string, objects []string) error {
	switch _, err := p.app.Source.Head(ctx, key); {
	case err == nil, blob.CodeOf(err) == blob.CodeInvalidKey:
		return nil // it was looked at, or is no key that a source can have
	case blob.CodeOf(err) != blob.CodeNotFound:
		return err
	}
	for _, o := range objects {
		a, err := p.app.Output.Head(ctx, o)
		switch {
		case err == nil && isPixmills(a):
			return p.look(ctx, store.Change{Key: key, Name: store.RemovedDelete})
		case err != nil && blob.CodeOf(err) != blob.CodeNotFound:
			return err
		}
	}
	return nil
}

// isPixmills reports whether the handler wrote an object: it says so in the
// metadata of each.
func isPixmills(a *blob.Attrs) bool {
	for name := range a.Metadata {
		if strings.HasPrefix(name, "pixmill-") {
			return true
		}
	}
	return false
}

// look queues a key unless its output agrees with it. A look that fails queues,
// too: the function will find out, and try again as often as an event may.
func (p *recheckPass) look(ctx context.Context, c store.Change) error {
	p.looked.Add(1)
	agrees, err := p.app.Handler.Agrees(ctx, c.Key)
	if err == nil && agrees || ctx.Err() != nil || p.news.has(c.Key) {
		return ctx.Err()
	}
	if p.givenUp[sourceState{c.Key, c.ETag}] >= maxGivenUp {
		p.leftAlone.Add(1)
		p.oneLeftAlone.Store(&c.Key)
		return nil
	}
	if c.Sequencer, err = p.store.NextSequencer(); err != nil {
		return err
	}
	c.Bucket, c.Time = p.opts.Presets.Source.Bucket, p.opts.Now()
	p.queued.Add(1)
	return p.enqueue(ctx, c)
}
