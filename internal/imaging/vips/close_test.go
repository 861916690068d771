package vips_test

import (
	"testing"
	"time"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
	"pixmill/internal/imaging/vips"
)

func TestEngine_Closed(t *testing.T) {
	e, err := vips.New(imaging.Limits{}, vips.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Probe(t.Context(), photo(t, "coffee.png")); fault.KindOf(err) != fault.Transient || err == nil {
		t.Errorf("Probe after Close: %v, want a transient error", err)
	}
}

// TestClose_WhileAnEmitFunctionCallsTheEngine: Close waits for the rendering, which
// waits for its emit function, which must not wait for Close.
func TestClose_WhileAnEmitFunctionCallsTheEngine(t *testing.T) {
	e, err := vips.New(imaging.Limits{}, vips.Options{})
	if err != nil {
		t.Fatal(err)
	}
	src := photo(t, "coffee.png")
	closed := make(chan error, 1)
	refused := false
	_, err = e.Render(t.Context(), src, imaging.Request{Specs: []imaging.Spec{{Width: 50, Format: imaging.FormatJPEG}}}, func(int, imaging.Encoded) error {
		go func() { closed <- e.Close() }()
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			for range 5000 { // until Close has begun
				if _, err := e.Probe(t.Context(), src); err != nil {
					refused = fault.KindOf(err) == fault.Transient
					return
				}
				time.Sleep(time.Millisecond)
			}
		}()
		select {
		case <-answered:
		case <-time.After(20 * time.Second):
			panic("the engine does not answer while Close waits") // the test could not end either
		}
		select {
		case err := <-closed:
			t.Error("Close did not wait for the rendering")
			closed <- err
		default:
		}
		return nil
	})
	if err != nil || !refused {
		t.Errorf("Render: %v; the emit function's call was refused: %v", err, refused)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}
