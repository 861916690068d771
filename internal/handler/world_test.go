package handler_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"pixmill/internal/blob"
	"pixmill/internal/blob/driver"
	"pixmill/internal/blob/memblob"
	"pixmill/internal/event"
	"pixmill/internal/handler"
	"pixmill/internal/imaging"
	"pixmill/internal/preset"
)

// world is a bucket of sources, a bucket of outputs, a queue that delivers at
// least once, and invocations whose every store request waits for the schedule.
// It lives inside a synctest bubble.
type world struct {
	source, output *memblob.Bucket
	config         *preset.Config
	handler        *handler.Handler

	queue   []event.ObjectEvent
	runs    []*run
	started int
	faults  int            // injected so far
	seen    map[string]int // times that a source key was put

	mu      sync.Mutex
	pending []*request
	effects int             // writes to the output and events sent, so far
	written map[string]int  // by source key: the effects before the last write to its folder
	sent    []sent          // completion events that arrived
	told    map[string]bool // source keys of which there was an event
}

// run is one invocation.
type run struct {
	id      int
	ev      event.ObjectEvent
	crashed bool
	acked   bool // by a mutant that does not wait for Handle to return
	done    bool
	err     error
}

// request is a store operation that waits for a verdict.
type request struct {
	run             *run
	bucket, op, key string
	verdict         chan verdict
}

func (r *request) String() string {
	return fmt.Sprintf("%02d %s %s %s", r.run.id, r.bucket, r.op, r.key)
}

// verdict is what becomes of a request.
type verdict int

const (
	proceed    verdict = iota
	failBefore         // the store answers 5xx and did nothing
	failAfter          // the request took effect and its answer was lost
	conflict           // a conditional write meets another and gets 409
	crash              // the invocation is gone: nothing happens any more
)

var errCrashed = errors.New("the invocation crashed")

func newWorld(config *preset.Config) *world {
	w := &world{
		source: memblob.New(memblob.Options{Versions: true}),
		output: memblob.New(memblob.Options{}),
		config: config,
		seen:   map[string]int{},

		written: map[string]int{},
		told:    map[string]bool{},
	}
	w.handler = handler.New(handler.Config{
		Source:  blob.NewBucket(config.Source.Bucket, &gate{w: w, name: "source", Bucket: w.source}),
		Output:  blob.NewBucket(config.Output.Bucket, &gate{w: w, name: "output", Bucket: w.output}),
		Presets: config,
		Engine:  newToyEngine(),
		Version: "test",
		Now:     time.Now,
		Notify:  w.notify,
	})
	return w
}

// put changes a source and queues its event; s3 shows the change first.
func (w *world) put(key, content string, meta map[string]string) {
	a, err := w.source.Put(context.Background(), key, []byte(content), &driver.PutOptions{Metadata: meta})
	if err != nil {
		return // the bucket is missing: the client knows
	}
	w.seen[key]++
	w.told[key] = true
	w.queue = append(w.queue, event.ObjectEvent{Bucket: w.config.Source.Bucket, Key: key, Op: event.OpCreated, ETag: a.ETag})
}

func (w *world) remove(key string) {
	if w.source.Delete(context.Background(), key) == nil {
		w.told[key] = true
		w.queue = append(w.queue, event.ObjectEvent{Bucket: w.config.Source.Bucket, Key: key, Op: event.OpRemoved})
	}
}

// start delivers the i-th queued event to a new invocation.
func (w *world) start(i int) {
	r := &run{id: w.started, ev: w.queue[i]}
	w.started++
	w.queue = slices.Delete(w.queue, i, i+1)
	w.runs = append(w.runs, r)
	ctx := context.WithValue(context.Background(), runKey{}, r)
	ctx = context.WithValue(ctx, ackKey, func() { r.acked = true }) //nolint:staticcheck // a mutant must be able to name the key
	go func() {
		_, r.err = w.handler.Handle(ctx, r.ev)
		r.done = true
	}()
	w.settle()
}

// settle waits until every goroutine waits for a verdict, and takes the finished
// invocations away: those that failed have their event delivered again.
func (w *world) settle() {
	synctest.Wait()
	w.runs = slices.DeleteFunc(w.runs, func(r *run) bool {
		if r.done && (r.err != nil || r.crashed) && !r.acked {
			w.queue = append(w.queue, r.ev)
		}
		return r.done
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.SortFunc(w.pending, func(a, b *request) int { return cmp.Compare(a.String(), b.String()) })
}

// grant gives the i-th waiting request its verdict and lets its invocation go on
// to the next one.
func (w *world) grant(i int, v verdict) {
	w.mu.Lock()
	r := w.pending[i]
	w.pending = slices.Delete(w.pending, i, i+1)
	w.mu.Unlock()
	if v == crash {
		w.crash(r)
	}
	r.verdict <- v
	w.settle()
}

// crash ends an invocation: none of its requests has an effect from now on.
func (w *world) crash(r *request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r.run.crashed = true
	w.pending = slices.DeleteFunc(w.pending, func(other *request) bool {
		if other.run == r.run {
			other.verdict <- crash
		}
		return other.run == r.run
	})
}

// abandon crashes everything, so that the bubble can end.
func (w *world) abandon() {
	for len(w.pending) > 0 {
		w.grant(0, crash)
	}
}

type runKey struct{}

// ackKey is where a mutant finds the acknowledgement that the real handler
// leaves to its caller.
const ackKey = "ack"

// gate lets a bucket's operations wait for the schedule.
type gate struct {
	*memblob.Bucket
	w    *world
	name string
}

// pass runs one operation as the schedule says.
func (g *gate) pass(ctx context.Context, op, key string, do func() error) error {
	r := ctx.Value(runKey{}).(*run)
	g.w.mu.Lock()
	if r.crashed {
		g.w.mu.Unlock()
		return errCrashed
	}
	req := &request{run: r, bucket: g.name, op: op, key: key, verdict: make(chan verdict, 1)}
	g.w.pending = append(g.w.pending, req)
	g.w.mu.Unlock()
	switch <-req.verdict {
	case crash:
		return errCrashed
	case failBefore:
		return &driver.Error{Code: driver.CodeUnavailable, Err: errors.New("injected")}
	case failAfter:
		if err := do(); err != nil {
			return err
		}
		return &driver.Error{Code: driver.CodeUnavailable, Err: errors.New("injected after the effect")}
	case conflict:
		return &driver.Error{Code: driver.CodeConflict, Err: errors.New("injected")}
	}
	return do()
}

func (g *gate) Head(ctx context.Context, key string) (a *driver.Attrs, err error) {
	err = g.pass(ctx, "head", key, func() error { a, err = g.Bucket.Head(ctx, key); return err })
	return a, err
}

func (g *gate) Get(ctx context.Context, key string) (r io.ReadCloser, a *driver.Attrs, err error) {
	err = g.pass(ctx, "get", key, func() error { r, a, err = g.Bucket.Get(ctx, key); return err })
	return r, a, err
}

func (g *gate) Put(ctx context.Context, key string, body []byte, opts *driver.PutOptions) (a *driver.Attrs, err error) {
	op := "put"
	if opts.IfMatch != "" || opts.IfNoneMatch {
		op = "put-if"
	}
	err = g.pass(ctx, op, key, func() error {
		a, err = g.Bucket.Put(ctx, key, body, opts)
		g.w.wrote(key)
		return err
	})
	return a, err
}

func (g *gate) Delete(ctx context.Context, key string) error {
	return g.pass(ctx, "delete", key, func() error {
		g.w.wrote(key)
		return g.Bucket.Delete(ctx, key)
	})
}

func (g *gate) ListPage(ctx context.Context, opts *driver.ListOptions) (p *driver.Page, err error) {
	small := *opts
	small.PageSize = 2 // so that a listing can change between its pages
	err = g.pass(ctx, "list", opts.Prefix+"\x00"+opts.Token, func() error { p, err = g.Bucket.ListPage(ctx, &small); return err })
	return p, err
}

// modelConfig has two rules and a key, "other", that none matches.
func modelConfig() *preset.Config {
	variant := func(name string, width int) preset.Variant {
		s := imaging.Spec{Width: width, Height: width, Fit: imaging.FitCover, Format: imaging.FormatPNG}
		return preset.Variant{Name: name, Spec: s, Hash: fmt.Sprintf("hash of %d", width)}
	}
	return &preset.Config{
		Source: preset.Location{Bucket: "sources"},
		Output: preset.Location{Bucket: "outputs"},
		Rules: []preset.Rule{
			{Match: "c", Variants: []preset.Variant{variant("one", 1)}, Hash: "rule c"},
			{Match: "a", Variants: []preset.Variant{variant("one", 1), variant("two", halfWidth)}, Hash: "rule a"},
			{Match: "a/**", Variants: []preset.Variant{variant("one", 1), variant("two", halfWidth), variant("three", 3)}, Hash: "rule below a"},
		},
	}
}
