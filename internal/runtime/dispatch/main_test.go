package dispatch_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pixmill/internal/event"
	"pixmill/internal/runtime/dispatch"
	"pixmill/internal/runtime/pool"
	"pixmill/internal/runtime/queue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// function is an Invoker in this process. The tests' answers depend on the keys
// of the batch, which it records.
type function struct {
	t         *testing.T
	answer    func(ctx context.Context, batch []item) ([]byte, error)
	complaint func(context.Context) string // of every answer

	mu      sync.Mutex
	batches [][]string
}

// item is one event of a batch.
type item struct {
	id, key string
	attempt int
}

func (f *function) Invoke(ctx context.Context, payload []byte) (pool.Answer, error) {
	d, err := event.Decode(payload)
	if err != nil {
		f.t.Errorf("the payload cannot be decoded: %v", err)
		return pool.Answer{}, err
	}
	var batch []item
	var keys []string
	for _, it := range d.Items {
		for _, e := range it.Events {
			batch = append(batch, item{it.MessageID, e.Key, it.Attempt})
			keys = append(keys, e.Key)
		}
	}
	f.mu.Lock()
	f.batches = append(f.batches, keys)
	f.mu.Unlock()
	body, err := f.answer(ctx, batch)
	return pool.Answer{Body: body, Complaint: f.complaint}, err
}

func (f *function) seen() [][]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.batches)
}

// fixture is a queue with a dispatcher before a function.
type fixture struct {
	t   *testing.T
	dir string
	q   *queue.Queue
	f   *function
	o   dispatch.Options
}

// openQueue opens the queue, or closes it and opens it again: then the
// consumer knows every message that was sent.
func (x *fixture) openQueue(visibility time.Duration) {
	x.t.Helper()
	if x.q != nil {
		x.q.Close()
	}
	q, err := queue.Open(x.t.Context(), queue.Options{Dir: x.dir, Visibility: visibility, Log: x.o.Log})
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(q.Close)
	x.q, x.o.Queue, x.o.Visibility = q, q, visibility
}

func setUp(t *testing.T, answer func(context.Context, []item) ([]byte, error)) *fixture {
	t.Helper()
	f := &function{t: t, answer: answer}
	soon := func(int) time.Duration { return 20 * time.Millisecond }
	x := &fixture{t: t, dir: t.TempDir(), f: f, o: dispatch.Options{
		Function: f, Form: dispatch.FormSQS, Workers: 1, Batch: 10, MaxAttempts: 3,
		Backoff: soon, RestartBackoff: soon, Settled: func(context.Context) error { return nil }, Log: slog.New(slog.DiscardHandler), Now: time.Now,
	}}
	x.openQueue(time.Minute)
	return x
}

func (x *fixture) send(keys ...string) {
	x.t.Helper()
	for _, k := range keys {
		body, err := event.MarshalS3(event.S3Record{ObjectEvent: event.ObjectEvent{Bucket: "uploads", Key: k, Name: "ObjectCreated:Put"}})
		if err == nil {
			err = x.q.Send(x.t.Context(), body)
		}
		if err != nil {
			x.t.Fatal(err)
		}
	}
}

// start runs the dispatcher; stop ends it and waits.
func (x *fixture) start() (stop func()) {
	ctx, cancel := context.WithCancel(x.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		dispatch.New(x.o).Run(ctx)
	}()
	return func() { cancel(); <-ended }
}

// drain runs the dispatcher until the queue is empty and returns the dead letters.
func (x *fixture) drain() []queue.Letter {
	x.t.Helper()
	stop := x.start()
	defer stop()
	x.until("the queue is empty", func(s queue.Stats) bool { return s.Idle() })
	letters, err := x.q.Letters(x.t.Context(), 100)
	if err != nil {
		x.t.Fatal(err)
	}
	return letters
}

func (x *fixture) until(what string, cond func(queue.Stats) bool) {
	x.t.Helper()
	for range 2000 {
		s, err := x.q.Stats(x.t.Context())
		if err != nil {
			x.t.Fatal(err)
		}
		if cond(s) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	x.t.Fatalf("not within 10 s: %s; batches so far: %q", what, x.f.seen())
}

func failuresOf(ids ...string) ([]byte, error) {
	type failure struct {
		ID string `json:"itemIdentifier"`
	}
	list := []failure{}
	for _, id := range ids {
		list = append(list, failure{id})
	}
	return json.Marshal(map[string]any{"batchItemFailures": list})
}

func ok() ([]byte, error) { return failuresOf() }
