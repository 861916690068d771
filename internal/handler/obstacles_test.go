package handler_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pixmill/internal/blob"
	"pixmill/internal/blob/driver"
	"pixmill/internal/blob/faultblob"
	"pixmill/internal/fault"
	"pixmill/internal/handler"
	"pixmill/internal/imaging"
	"pixmill/internal/manifest"
)

// greedyEngine refuses sources, as a whole, for which its budget is too small:
// a pixel of width needs a byte.
type greedyEngine struct {
	toyEngine
	budget int64
}

func (e greedyEngine) Capability() imaging.Capability {
	c := e.toyEngine.Capability()
	c.Limits.Memory = e.budget
	return c
}

func (e greedyEngine) Render(ctx context.Context, src []byte, req imaging.Request, emit func(int, imaging.Encoded) error) (imaging.Info, error) {
	for _, s := range req.Specs {
		if need := int64(s.Width); need > e.budget {
			return imaging.Info{}, fault.New(fault.Rejected, "admit", "", &fault.LimitError{Field: imaging.FieldMemory, Limit: e.budget, Value: need, Unit: "bytes"})
		}
	}
	return e.toyEngine.Render(ctx, src, req, emit)
}

func TestHandle_RefusalForWantOfMemoryEndsWithABiggerBudget(t *testing.T) {
	f := newFixture(t)
	f.engine = greedyEngine{newToyEngine(), 2}
	f.put("a/b", "img:1", nil)
	if out := f.handle("a/b", handler.ResultRejected); out.Reason != "estimated memory is 3 bytes, over the limit of 2 bytes" {
		t.Errorf("reason %q", out.Reason)
	}
	f.handle("a/b", handler.ResultUnchanged)
	f.engine = greedyEngine{newToyEngine(), 3}
	f.handle("a/b", handler.ResultWritten)
	f.wantObjects("a/b/manifest.json", "a/b/one.png", "a/b/three.png", "a/b/two.png")
}

func TestHandle_OtherRefusalsDoNotDependOnTheBudget(t *testing.T) {
	f := newFixture(t)
	f.engine = greedyEngine{newToyEngine(), 2}
	f.put("c", "text", nil)
	f.handle("c", handler.ResultRejected)
	f.engine = greedyEngine{newToyEngine(), 3}
	f.handle("c", handler.ResultUnchanged)
}

func TestHandle_RefusalEndsWithThePresetThatCausedIt(t *testing.T) {
	f := newFixture(t)
	f.engine = greedyEngine{newToyEngine(), 2}
	f.put("a/b", "img:1", nil)
	f.handle("a/b", handler.ResultRejected)
	rule := &f.config.Rules[2]
	rule.Variants, rule.Hash = rule.Variants[:2], "without the large one"
	f.handle("a/b", handler.ResultWritten)
	f.wantObjects("a/b/manifest.json", "a/b/one.png", "a/b/two.png")
}

func TestHandle_ObstacleInTheStoreIsNotRecorded(t *testing.T) {
	f := newFixture(t)
	f.put("a", "img:1", nil)
	f.hooks.Before = func(_ context.Context, op faultblob.Op, key string) error {
		if op == faultblob.OpPut && key == "a/two.png" {
			return &driver.Error{Code: driver.CodeInvalidKey, Err: errors.New("a folder is in the way")}
		}
		return nil
	}
	_ = f.handleFails("a", fault.Misconfigured)
	f.hooks = faultblob.Hooks{}
	f.handle("a", handler.ResultWritten)
	f.wantObjects("a/manifest.json", "a/one.png", "a/two.png")
}

func TestHandle_KeyTooLongForOneVariantFailsThatVariantAlone(t *testing.T) {
	f := newFixture(t)
	key := "a/" + fmt.Sprintf("%0*d", driver.MaxKeyBytes-len("a//manifest.json"), 0) // three.png fits; "a rather long name.png" does not
	rule := &f.config.Rules[2]
	rule.Variants[2].Name = "a rather long name"
	f.put(key, "img:1", nil)
	f.handle(key, handler.ResultWritten)
	m := f.manifest(key)
	if v := m.Variants[2]; m.Status != manifest.StatusPartial || v.Status != manifest.StatusFailed || m.Variants[1].Status != manifest.StatusOK {
		t.Errorf("manifest is %s with %+v", m.Status, m.Variants)
	}
	f.handle(key, handler.ResultUnchanged)
}

func TestHandle_SourceThatNeverRestsIsLeftToTheQueue(t *testing.T) {
	f := newFixture(t)
	n := 0
	f.hooks.Before = func(_ context.Context, op faultblob.Op, _ string) error {
		if op == faultblob.OpPut {
			n++
			f.put("c", fmt.Sprintf("img:%d", n), nil)
		}
		return nil
	}
	f.put("c", "img:0", nil)
	var jitters []time.Duration
	h := handler.New(handler.Config{
		Source: blob.NewBucket("sources", f.source), Output: blob.NewBucket("outputs", faultblob.Wrap(f.output, f.hooks)),
		Presets: f.config, Engine: f.engine, Now: time.Now,
		Jitter: func(limit time.Duration) time.Duration {
			jitters = append(jitters, limit)
			return time.Microsecond
		},
	})
	out, err := h.Handle(t.Context(), f.event("c"))
	if err == nil || fault.KindOf(err) != fault.Transient || out.Passes != 5 {
		t.Errorf("%+v, %v; want a transient error after 5 looks", out, err)
	}
	if len(jitters) != 3 || jitters[0] >= jitters[1] || jitters[1] >= jitters[2] {
		t.Errorf("pauses up to %v, want three that grow: none before the first act", jitters)
	}
}

// panickingEngine emits one variant and panics.
type panickingEngine struct{ toyEngine }

func (e panickingEngine) Render(ctx context.Context, src []byte, req imaging.Request, emit func(int, imaging.Encoded) error) (imaging.Info, error) {
	return e.toyEngine.Render(ctx, src, req, func(i int, out imaging.Encoded) error {
		if err := emit(i, out); err != nil {
			return err
		}
		panic("the engine is broken")
	})
}

func TestHandle_PanicLeavesNoUploadBehind(t *testing.T) {
	f := newFixture(t)
	f.engine = panickingEngine{newToyEngine()}
	f.put("c", "img:1", nil)
	f.hooks.Before = func(_ context.Context, op faultblob.Op, _ string) error {
		if op == faultblob.OpPut {
			time.Sleep(50 * time.Millisecond)
		}
		return nil
	}
	defer func() {
		if recover() == nil {
			t.Error("the panic was swallowed")
		}
		f.wantCalls("put c/one.png")
	}()
	_, err := f.handler().Handle(t.Context(), f.event("c"))
	t.Errorf("Handle returned %v", err)
}
