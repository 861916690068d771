package imagingtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// webSet is a set of variants as a site would ask for.
func webSet() []imaging.Spec {
	return []imaging.Spec{
		{Width: 400, Format: imaging.FormatJPEG, Quality: 80},
		{Width: 320, Format: imaging.FormatWebP, Quality: 80},
		{Width: 200, Format: imaging.FormatPNG},
		{Width: 200, Height: 200, Fit: imaging.FitCover, Gravity: imaging.GravitySmart, Format: imaging.FormatJPEG, Quality: 80},
		{Width: 100, Height: 100, Fit: imaging.FitCover, Format: imaging.FormatWebP, Quality: 80},
	}
}

// emit checks the calls of emit: once for each spec (which render checks
// everywhere), one at a time even if it is slow, and its error ends the rendering.
func (s *suite) emit(t *testing.T) {
	e := s.engine(t)
	src := file(t, "photos/hubble_deep_field.jpg")
	t.Run("slow receiver", func(t *testing.T) {
		var running, calls atomic.Int32
		_, err := e.Render(t.Context(), src, imaging.Request{Specs: webSet()}, func(int, imaging.Encoded) error {
			if running.Add(1) != 1 {
				t.Error("emit was called while it was running")
			}
			time.Sleep(20 * time.Millisecond)
			running.Add(-1)
			calls.Add(1)
			return nil
		})
		if err != nil || int(calls.Load()) != len(webSet()) {
			t.Errorf("%d calls and %v, want %d calls", calls.Load(), err, len(webSet()))
		}
	})
	t.Run("an error stops and is returned", func(t *testing.T) {
		stop := errors.New("the disk is full")
		calls := 0
		_, err := e.Render(t.Context(), src, imaging.Request{Specs: webSet()}, func(int, imaging.Encoded) error {
			calls++
			if calls == 2 {
				return stop
			}
			return nil
		})
		if !errors.Is(err, stop) {
			t.Errorf("Render returned %v, want the error of emit", err)
		}
		if calls != 2 {
			t.Errorf("emit was called %d times, want 2: none after its error", calls)
		}
	})
	t.Run("no specs", func(t *testing.T) {
		info, out := s.render(t, e, src)
		if len(out) != 0 || info.Width != 1000 || info.Height != 872 {
			t.Errorf("without specs: %+v", info)
		}
	})
	t.Run("the source is not written to", func(t *testing.T) {
		before := bytes.Clone(src)
		s.render(t, e, src, webSet()...)
		if !bytes.Equal(before, src) {
			t.Error("Render changed the source's bytes")
		}
	})
}

// cancel checks that a context that has ended, or ends, ends the rendering soon.
func (s *suite) cancel(t *testing.T) {
	e := s.engine(t)
	src := jpegOf(t, card(3000, 2000))
	t.Run("before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := e.Render(ctx, src, imaging.Request{Specs: webSet()}, func(int, imaging.Encoded) error {
			t.Error("emit was called")
			return nil
		})
		transient(t, err, context.Canceled)
	})
	specs := make([]imaging.Spec, 60)
	for i := range specs {
		specs[i] = imaging.Spec{Width: 1500 + i, Format: imaging.FormatWebP, Quality: 80}
	}
	t.Run("while rendering", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var cancelled time.Time
		_, err := e.Render(ctx, src, imaging.Request{Specs: specs}, func(int, imaging.Encoded) error {
			if cancelled.IsZero() {
				cancelled = time.Now()
				cancel()
			}
			return nil
		})
		took := time.Since(cancelled)
		transient(t, err, context.Canceled)
		if took > 5*time.Second { // one variant, on a busy machine; all of them take many
			t.Errorf("Render returned %v after the context was cancelled", took)
		}
	})
	t.Run("deadline", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := e.Render(ctx, src, imaging.Request{Specs: specs}, func(int, imaging.Encoded) error { return nil })
		transient(t, err, context.DeadlineExceeded)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("Render returned after %v, with a deadline of 50 ms", took)
		}
	})
}

// transient fails t unless err is transient and says which context error it is.
func transient(t *testing.T, err, want error) {
	t.Helper()
	if err == nil || fault.KindOf(err) != fault.Transient || !errors.Is(err, want) {
		t.Errorf("the error is %v (%v), want a transient one for %v", err, fault.KindOf(err), want)
	}
}

// concurrent checks that renderings that run at once give the bytes that each
// gives alone.
func (s *suite) concurrent(t *testing.T) {
	e := s.engine(t)
	sources := [][]byte{file(t, "photos/hubble_deep_field.jpg"), file(t, "photos/astronaut.png"), file(t, "photos/rocket.jpg")}
	alone := make([][]imaging.Encoded, len(sources))
	for i, src := range sources {
		_, alone[i] = s.render(t, e, src, webSet()...)
		for k, v := range alone[i] {
			s.made(t, webSet()[k], v)
		}
	}
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			which := worker % len(sources)
			_, err := e.Render(t.Context(), sources[which], imaging.Request{Specs: webSet()}, func(i int, v imaging.Encoded) error {
				if v.Err != nil {
					return v.Err
				}
				if !bytes.Equal(v.Data, alone[which][i].Data) {
					return fmt.Errorf("variant %d of source %d differs from the one made alone", i, which)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}
