package vips_test

import (
	"context"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
	"pixmill/internal/imaging/imagingtest"
	"pixmill/internal/imaging/vips"
)

// endlessly begins to render what never ends, and returns when it is being drawn: the
// process that draws, and where the error will be.
func endlessly(t *testing.T, ctx context.Context, e *vips.Engine) (pid int, ended <-chan error) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("processes are looked up in /proc")
	}
	reads(t, e, "svg")
	out := make(chan error, 1)
	go func() {
		_, err := e.Render(ctx, endlessSVG(), imaging.Request{Specs: []imaging.Spec{{Width: 400}}}, func(int, imaging.Encoded) error { return nil })
		out <- err
	}()
	for range 1000 {
		for _, pid := range sandboxes(t) {
			if command, err := os.ReadFile(procFile(pid, "cmdline")); err == nil && strings.Contains(string(command), "\x00draw\x00") {
				return pid, out
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("no process draws")
	return 0, nil
}

func TestDrawing_EndsAtTheDeadline(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	reads(t, e, "svg")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := e.Render(ctx, endlessSVG(), imaging.Request{Specs: []imaging.Spec{{Width: 400}}}, func(int, imaging.Encoded) error { return nil })
	if err == nil || fault.KindOf(err) != fault.Transient {
		t.Errorf("got %v, want a transient error", err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("it ended after %v, want 300 ms", took)
	}
	if left := sandboxes(t); len(left) > 0 {
		t.Errorf("the processes %v are left", left)
	}
}

func TestDrawing_EndsWhenItIsCancelled(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, ended := endlessly(t, ctx, e)
	cancel()
	if err := <-ended; err == nil || fault.KindOf(err) != fault.Transient {
		t.Errorf("got %v, want a transient error", err)
	}
	if left := sandboxes(t); len(left) > 0 {
		t.Errorf("the processes %v are left", left)
	}
}

// TestDrawing_KilledFromOutside: that says nothing of the drawing.
func TestDrawing_KilledFromOutside(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	pid, ended := endlessly(t, t.Context(), e)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil || fault.KindOf(err) != fault.Transient {
		t.Errorf("got %v, want a transient error", err)
	}
}

func TestClose_WaitsForADrawing(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, ended := endlessly(t, ctx, e)
	closed := make(chan error, 1)
	go func() { closed <- e.Close() }()
	select {
	case err := <-closed:
		t.Fatalf("Close did not wait for the drawing, and returned %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	cancel()
	if err := <-ended; err == nil || fault.KindOf(err) != fault.Transient {
		t.Errorf("got %v, want a transient error", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if left := sandboxes(t); len(left) > 0 {
		t.Errorf("the processes %v are left after Close", left)
	}
}

// TestDrawing_ManyWaitForMemory: a budget for one or two of them is enough for all.
func TestDrawing_ManyWaitForMemory(t *testing.T) {
	e := newEngine(t, imaging.Limits{Memory: 400 << 20})
	reads(t, e, "svg")
	reads(t, e, "pdf")
	var all sync.WaitGroup
	drawings := 20
	if raceDetector {
		drawings = 4
	}
	for i := range drawings {
		all.Go(func() {
			data := [][]byte{imagingtest.SVGCard("", "RGBY"), imagingtest.PDFCard()}[i%2]
			if made, err := render(t, e, data, imaging.Spec{Width: 300, Format: imaging.FormatPNG}); made != 1 || err != nil {
				t.Errorf("drawing %d: %d variants, %v", i, made, err)
			}
		})
	}
	all.Wait()
}

// TestDrawing_OverTheBudget is refused before a process is started for it.
func TestDrawing_OverTheBudget(t *testing.T) {
	e := newEngine(t, imaging.Limits{Memory: 32 << 20})
	reads(t, e, "svg")
	made, err := render(t, e, imagingtest.SVGCard("", "RGBY"), imaging.Spec{Width: 300})
	if made != 0 || err == nil || !strings.Contains(err.Error(), imaging.FieldMemory) {
		t.Errorf("%d variants, %v; want that %s is over the limit", made, err, imaging.FieldMemory)
	}
	plainly(t, err)
}
