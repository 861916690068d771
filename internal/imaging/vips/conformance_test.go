package vips_test

import (
	"flag"
	"testing"

	"pixmill/internal/imaging"
	"pixmill/internal/imaging/imagingtest"
	"pixmill/internal/imaging/vips"
)

var updateGoldens = flag.String("update-goldens", "", "write this set of the conformance suite's goldens from this engine: main, or a version of libvips")

func TestConformance(t *testing.T) {
	imagingtest.Run(t, func(t *testing.T, limits imaging.Limits) imaging.Engine {
		return newEngine(t, limits)
	}, imagingtest.Options{UpdateGoldens: *updateGoldens})
}

// newEngine returns an engine that is closed when the test ends, and fails the
// test if libvips then still holds an object.
func newEngine(t *testing.T, limits imaging.Limits) *vips.Engine {
	t.Helper()
	e, err := vips.New(limits, vips.Options{Sandbox: self})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		if _, objects := vips.Tracked(); objects != 0 {
			t.Errorf("libvips still holds %d objects", objects)
		}
	})
	return e
}
