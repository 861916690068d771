package vips

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"pixmill/internal/imaging"
)

// TestStopped_EveryStepThatLooksAtPixels: a step that computes pixels ends at its
// first tile when the rendering has ended.
func TestStopped_EveryStepThatLooksAtPixels(t *testing.T) {
	e, err := New(imaging.Limits{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join("..", "imagingtest", "testdata", "photos", "hubble_deep_field.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	src, err := e.probe(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	plan := planAll(src, imaging.Request{Specs: []imaging.Spec{{}}}, e.limits)
	going := newStopper(t.Context())
	defer going.close()
	work, err := decode(src, &plan, going)
	if err != nil {
		t.Fatal(err)
	}
	defer work.close()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	stopped := newStopper(ended)
	defer stopped.close()
	stopped.undo() // returns when the flag is set

	picture := work.frames[0]
	whole := box{0, 0, picture.width(), picture.height()}
	for name, step := range map[string]func(*stopper) error{
		"trim": func(s *stopper) error { _, err := trimmedBox(picture, whole, 10, s); return err },
		"entropy": func(s *stopper) error {
			spec := imaging.Spec{Width: 300, Height: 600, Fit: imaging.FitCover, Gravity: imaging.GravityEntropy}
			_, err := newFinisher(&spec, geometry{cropW: 300, cropH: 600}, &regionPixels{}, false, s).place(picture)
			return err
		},
		"placeholder": func(s *stopper) error {
			_, err := placeholder(picture, false, s)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := step(going); err != nil {
				t.Fatalf("before the end: %v", err)
			}
			if err := step(stopped); err == nil {
				t.Error("it went on after the end")
			}
		})
	}
}
