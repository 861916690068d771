package handler_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"pixmill/internal/blob/driver"
	"pixmill/internal/blob/faultblob"
	"pixmill/internal/blob/memblob"
	"pixmill/internal/fault"
	"pixmill/internal/handler"
	"pixmill/internal/imaging"
	"pixmill/internal/manifest"
)

func TestHandle_VariantThatCannotBeMade(t *testing.T) {
	f := newFixture(t)
	f.put("a", "img:1", nil)
	f.handle("a", handler.ResultWritten)
	f.put("a", "half:1", nil)
	f.handle("a", handler.ResultWritten)
	f.wantObjects("a/manifest.json", "a/one.png")
	m := f.manifest("a")
	if v := m.Variants[1]; m.Status != manifest.StatusPartial || v.Status != manifest.StatusFailed || v.Reason != "half an image" || m.Capability == "" {
		t.Errorf("manifest %+v", m)
	}
	f.handle("a", handler.ResultUnchanged)
}

func TestHandle_RecordedFailureIsTriedAgainByABetterBuild(t *testing.T) {
	f := newFixture(t)
	f.put("a", "half:1", nil)
	f.handle("a", handler.ResultWritten)
	f.engine = betterEngine{newToyEngine()}
	f.handle("a", handler.ResultWritten)
	f.wantCalls("put a/two.png", "put a/manifest.json") // one.png is kept
	f.wantContent("a/two.png", "mended")
}

// betterEngine can make what the toy engine cannot.
type betterEngine struct{ toyEngine }

func (betterEngine) Capability() imaging.Capability {
	return imaging.Capability{Engine: "toy", Version: "2", Limits: imaging.Limits{SourceBytes: toyLimit}}
}

func (e betterEngine) Render(ctx context.Context, src []byte, req imaging.Request, emit func(int, imaging.Encoded) error) (imaging.Info, error) {
	return e.toyEngine.Render(ctx, src, req, func(i int, out imaging.Encoded) error {
		if out.Err != nil {
			out.Err, out.Data = nil, []byte("mended")
		}
		return emit(i, out)
	})
}

func TestHandle_CutOffInvocationLosesNothing(t *testing.T) {
	f := newFixture(t)
	f.put("a", "img:1", nil)
	cut := errors.New("cut off")
	f.hooks.Before = func(_ context.Context, op faultblob.Op, key string) error {
		if op == faultblob.OpPut && key == "a/manifest.json" {
			return cut
		}
		return nil
	}
	if err := f.handleFails("a", fault.Transient); !errors.Is(err, cut) {
		t.Errorf("error %v, want %v", err, cut)
	}
	whole := f.manifestAfter(t)
	f.wantCalls("put a/manifest.json") // the variants are kept
	fresh := newFixture(t)
	fresh.put("a", "img:1", nil)
	fresh.handle("a", handler.ResultWritten)
	want := fresh.manifest("a")
	want.Timings, whole.Timings = manifest.Timings{}, manifest.Timings{}
	if got, want := marshal(t, whole), marshal(t, want); got != want {
		t.Errorf("the manifest made of kept variants is\n%s\nwant, as made at once,\n%s", got, want)
	}
}

// TestHandle_WhatIsKeptLeavesNoTrace takes away what an invocation that was cut off
// had not written yet, in every combination: the output is as if it never was.
func TestHandle_WhatIsKeptLeavesNoTrace(t *testing.T) {
	names := []string{"one", "two", "three"}
	for subset := range 1 << len(names) {
		f := newFixture(t)
		f.put("a/x", "img:1", nil)
		f.handle("a/x", handler.ResultWritten)
		want, contents := f.manifest("a/x"), map[string]string{}
		missing := []string{"a/x/manifest.json"}
		for i, name := range names {
			key := "a/x/" + name + ".png"
			data, _ := f.read(key)
			contents[key] = string(data)
			if subset>>i&1 == 1 {
				missing = append(missing, key)
			}
		}
		for _, key := range missing {
			if err := f.output.Delete(context.Background(), key); err != nil {
				t.Fatal(err)
			}
		}
		if out := f.handle("a/x", handler.ResultWritten); out.Puts != len(missing) {
			t.Errorf("without %q, %d objects were written", missing, out.Puts)
		}
		for key, content := range contents {
			f.wantContent(key, content)
		}
		got := f.manifest("a/x")
		got.Timings, want.Timings = manifest.Timings{}, manifest.Timings{}
		if got, want := marshal(t, got), marshal(t, want); got != want {
			t.Errorf("without %q, the next manifest is\n%s\nwant, as made at once,\n%s", missing, got, want)
		}
	}
}

func (f *fixture) manifestAfter(t *testing.T) *manifest.Manifest {
	t.Helper()
	f.hooks = faultblob.Hooks{}
	f.handle("a", handler.ResultWritten)
	return f.manifest("a")
}

func marshal(t *testing.T, m *manifest.Manifest) string {
	t.Helper()
	data, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestHandle_NearTheDeadlineKeepsWhatIsDone(t *testing.T) {
	f := newFixture(t)
	f.engine = slowEngine{newToyEngine()}
	f.put("a/x", "img:1", nil)
	for redelivery := 1; ; redelivery++ {
		if redelivery > 3 {
			t.Fatal("three variants are not done after three deliveries")
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		f.calls.Reset()
		_, err := f.handler().Handle(ctx, f.event("a/x"))
		cancel()
		if err == nil {
			break
		}
		if fault.KindOf(err) != fault.Transient || !errors.Is(err, handler.ErrNearDeadline) {
			t.Fatalf("error %v, want transient, near the deadline", err)
		}
		if n := len(f.calls.Calls(faultblob.OpPut)); n != 1 {
			t.Fatalf("delivery %d stored %d variants, want 1", redelivery, n)
		}
	}
	f.wantObjects("a/x/manifest.json", "a/x/one.png", "a/x/two.png", "a/x/three.png")
}

// slowEngine says that each variant took most of the hour.
type slowEngine struct{ toyEngine }

func (e slowEngine) Render(ctx context.Context, src []byte, req imaging.Request, emit func(int, imaging.Encoded) error) (imaging.Info, error) {
	return e.toyEngine.Render(ctx, src, req, func(i int, out imaging.Encoded) error {
		out.Elapsed = 50 * time.Minute
		return emit(i, out)
	})
}

func TestHandle_NewerRevisionWritesNothing(t *testing.T) {
	f := newFixture(t)
	f.config.Revision = 7
	f.put("c", "img:1", nil)
	f.handle("c", handler.ResultWritten)
	f.config.Revision = 6
	f.put("c", "img:2", nil)
	err := f.handleFails("c", fault.Transient)
	if !strings.Contains(err.Error(), "revision 7") {
		t.Errorf("error %v does not name the revision", err)
	}
	f.wantCalls()
}

func TestHandle_StoreWithoutConditions(t *testing.T) {
	f := newFixture(t)
	plain := unconditional{f.output}
	f.put("c", "img:1", nil)
	f.hooks = faultblob.Hooks{}
	h := f.handlerOver(plain)
	if out, err := h.Handle(context.Background(), f.event("c")); err != nil || out.Result != handler.ResultWritten {
		t.Fatalf("%+v, %v", out, err)
	}
	f.wantObjects("c/manifest.json", "c/one.png")
}

// unconditional is a store that answers 501 to conditional writes.
type unconditional struct{ *memblob.Bucket }

func (u unconditional) Put(ctx context.Context, key string, body []byte, opts *driver.PutOptions) (*driver.Attrs, error) {
	if opts.IfMatch != "" || opts.IfNoneMatch {
		return nil, &driver.Error{Code: driver.CodeNotImplemented}
	}
	return u.Bucket.Put(ctx, key, body, opts)
}

func TestHandle_ForeignDocumentInTheManifestsPlace(t *testing.T) {
	f := newFixture(t)
	f.put("c", "img:1", nil)
	f.mustPutOutput("c/manifest.json")
	f.handle("c", handler.ResultWritten)
	f.wantObjects("c/manifest.json", "c/one.png")
}
