package handler_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"pixmill/internal/blob"
	"pixmill/internal/blob/driver"
	"pixmill/internal/blob/faultblob"
	"pixmill/internal/blob/memblob"
	"pixmill/internal/event"
	"pixmill/internal/fault"
	"pixmill/internal/handler"
	"pixmill/internal/imaging"
	"pixmill/internal/manifest"
	"pixmill/internal/preset"
)

// fixture is a handler over two buckets in memory, with what it asked of the
// output recorded.
type fixture struct {
	t              *testing.T
	source, output *memblob.Bucket
	calls          *faultblob.Recorder // of the output
	hooks          faultblob.Hooks     // around the output; may be set at any time
	sourceHooks    faultblob.Hooks
	engine         imaging.Engine
	config         *preset.Config
	now            func() time.Time
	notify         func(context.Context, handler.Completion) error
}

func newFixture(t *testing.T) *fixture {
	return &fixture{
		t:      t,
		source: memblob.New(memblob.Options{Versions: true}),
		output: memblob.New(memblob.Options{}),
		calls:  &faultblob.Recorder{},
		engine: newToyEngine(),
		config: modelConfig(),
		now:    time.Now,
	}
}

func (f *fixture) handler() *handler.Handler { return f.handlerOver(f.output) }

func (f *fixture) handlerOver(store driver.Bucket) *handler.Handler {
	output := faultblob.Wrap(faultblob.Wrap(store, f.calls.Hooks()), f.hooks)
	return handler.New(handler.Config{
		Source:  blob.NewBucket("sources", faultblob.Wrap(f.source, f.sourceHooks)),
		Output:  blob.NewBucket("outputs", output),
		Presets: f.config,
		Engine:  f.engine,
		Version: "test",
		Now:     f.now,
		Notify:  f.notify,
	})
}

func (f *fixture) put(key, content string, meta map[string]string) {
	f.t.Helper()
	if _, err := f.source.Put(context.Background(), key, []byte(content), &driver.PutOptions{Metadata: meta}); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) remove(key string) {
	f.t.Helper()
	if err := f.source.Delete(context.Background(), key); err != nil {
		f.t.Fatal(err)
	}
}

// event is one about a key of the source bucket.
func (f *fixture) event(key string) event.ObjectEvent {
	return event.ObjectEvent{Bucket: "sources", Key: key, Op: event.OpCreated, Sequencer: "0055"}
}

// handle wants agreement with the given result.
func (f *fixture) handle(key string, want handler.Result) handler.Outcome {
	f.t.Helper()
	f.calls.Reset()
	out, err := f.handler().Handle(context.Background(), f.event(key))
	if err != nil {
		f.t.Fatalf("Handle(%q): %v", key, err)
	}
	if out.Result != want {
		f.t.Fatalf("Handle(%q) is %q (%s), want %q", key, out.Result, out.Reason, want)
	}
	return out
}

// handleFails wants an error of the given kind.
func (f *fixture) handleFails(key string, kind fault.Kind) error {
	f.t.Helper()
	f.calls.Reset()
	_, err := f.handler().Handle(context.Background(), f.event(key))
	if err == nil || fault.KindOf(err) != kind {
		f.t.Fatalf("Handle(%q): %v, want a %s error", key, err, kind)
	}
	return err
}

// wantObjects wants exactly these keys in the output bucket.
func (f *fixture) wantObjects(keys ...string) {
	f.t.Helper()
	var got []string
	for e, err := range blob.NewBucket("outputs", f.output).List(context.Background(), blob.ListOptions{}) {
		if err != nil {
			f.t.Fatal(err)
		}
		got = append(got, e.Key)
	}
	slices.Sort(keys)
	if !slices.Equal(got, keys) {
		f.t.Fatalf("the output holds %q, want %q", got, keys)
	}
}

func (f *fixture) wantContent(key, want string) {
	f.t.Helper()
	if got, _ := f.read(key); string(got) != want {
		f.t.Fatalf("%s is %q, want %q", key, got, want)
	}
}

func (f *fixture) read(key string) ([]byte, *blob.Attrs) {
	f.t.Helper()
	data, a, err := blob.NewBucket("outputs", f.output).Get(context.Background(), key, 0)
	if err != nil {
		f.t.Fatal(err)
	}
	return data, a
}

func (f *fixture) manifest(key string) *manifest.Manifest {
	f.t.Helper()
	data, _ := f.read(f.config.Folder(key) + manifest.Name)
	m, err := manifest.Parse(data)
	if err != nil {
		f.t.Fatal(err)
	}
	return m
}

// wantCalls wants exactly these writes to the output, as "put KEY" or "delete KEY".
func (f *fixture) wantCalls(want ...string) {
	f.t.Helper()
	var got []string
	for _, c := range f.calls.Calls(faultblob.OpPut, faultblob.OpDelete) {
		got = append(got, string(c.Op)+" "+c.Key)
	}
	if !slices.Equal(got, want) {
		f.t.Fatalf("writes to the output:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
