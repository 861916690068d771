package handler_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"pixmill/internal/blob/faultblob"
	"pixmill/internal/fault"
	"pixmill/internal/handler"
	"pixmill/internal/imaging"
)

// waitingEngine has a budget of 160 bytes, so that there are 20 for sources, and does
// not render before it may.
type waitingEngine struct {
	toyEngine
	may chan struct{}
}

func (e waitingEngine) Capability() imaging.Capability {
	c := e.toyEngine.Capability()
	c.Limits.Memory = 160
	return c
}

func (e waitingEngine) Render(ctx context.Context, src []byte, req imaging.Request, emit func(int, imaging.Encoded) error) (imaging.Info, error) {
	select {
	case <-e.may:
	case <-ctx.Done():
		return imaging.Info{}, fault.New(fault.Transient, "render", "", ctx.Err())
	}
	return e.toyEngine.Render(ctx, src, req, emit)
}

func TestHandle_SourcesInMemoryAreBounded(t *testing.T) {
	for _, tt := range []struct {
		name string
		a, b string // the sources
		held int64  // how many are read before either is rendered
	}{
		{"both fit", "img:1", "img:2", 2},
		{"one fits", "img:12345678", "img:23456789", 1},
		{"one is larger than all there is", "img:12345678901234567890123", "img:2", 1},
		{"and comes second", "img:1", "img:12345678901234567890123", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t)
				may := make(chan struct{})
				f.engine = waitingEngine{newToyEngine(), may}
				var read atomic.Int64
				f.sourceHooks.Before = func(_ context.Context, op faultblob.Op, _ string) error {
					if op == faultblob.OpGet {
						read.Add(1)
					}
					return nil
				}
				f.put("a/b", tt.a, nil)
				f.put("a/c", tt.b, nil)
				h := f.handler()
				done := make(chan error, 2)
				for _, key := range []string{"a/b", "a/c"} {
					go func() {
						out, err := h.Handle(t.Context(), f.event(key))
						if err == nil && out.Result != handler.ResultWritten {
							t.Errorf("%s is %s", key, out.Result)
						}
						done <- err
					}()
					synctest.Wait()
				}
				if got := read.Load(); got != tt.held {
					t.Errorf("%d sources were read before one was rendered, want %d", got, tt.held)
				}
				close(may)
				for range 2 {
					if err := <-done; err != nil {
						t.Error(err)
					}
				}
			})
		})
	}
}

func TestHandle_TimeEndsWhileASourceWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		may := make(chan struct{})
		f.engine = waitingEngine{newToyEngine(), may}
		f.put("a/b", "img:12345678", nil)
		f.put("a/c", "img:23456789", nil)
		h := f.handler()
		done := make(chan error, 1)
		go func() {
			_, err := h.Handle(t.Context(), f.event("a/b"))
			done <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			synctest.Wait()
			cancel()
		}()
		if _, err := h.Handle(ctx, f.event("a/c")); fault.KindOf(err) != fault.Transient {
			t.Errorf("error is %v, want a transient one", err)
		}
		close(may)
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, err := h.Handle(t.Context(), f.event("a/c")); err != nil {
			t.Errorf("the one that gave up left something behind: %v", err)
		}
	})
}
