// Package imagingtest is the conformance suite of image engines: what every
// imaging.Engine does, whatever it is made of. An engine's own test calls Run
// in a few lines. Pictures are made by Go's encoders or stored in testdata, and
// results are judged by Go's decoders and by package perceptual, so that an
// engine's own mistakes do not hide themselves; only WebP, AVIF and the like
// are decoded by the engine under test.
//
// What an engine lacks is skipped only where it answers with
// *imaging.UnsupportedError and Options.Lacks names that lack.
package imagingtest

import (
	"errors"
	"flag"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"pixmill/internal/imaging"
)

// NewEngine returns an engine for one test, which it also closes.
type NewEngine func(t *testing.T, limits imaging.Limits) imaging.Engine

// Options say how far one engine's results may be from the ideal.
type Options struct {
	// Lacks are the What of each *imaging.UnsupportedError that the engine may
	// answer, and formats and behaviours that it is known not to have. One that
	// is named and was not met in a full run fails the suite, so that the list
	// stays true.
	Lacks []string

	// GoldenSSIM is the least luma SSIM to a golden; 0 means 0.98.
	GoldenSSIM float64
	// FidelitySSIM is the least luma SSIM of a plain resize to the float
	// reference; 0 means 0.995.
	FidelitySSIM float64

	// UpdateGoldens names the set of goldens to write from this engine: "main" is
	// written whole, another only with the pictures that are unlike all there are.
	// It says for each how far it moved and fails the test, so that nobody does it
	// unawares. It is for a flag of the engine's own test.
	UpdateGoldens string
}

// Run runs the whole suite as subtests of t.
func Run(t *testing.T, newEngine NewEngine, o Options) {
	if o.GoldenSSIM == 0 {
		o.GoldenSSIM = 0.98
	}
	if o.FidelitySSIM == 0 {
		o.FidelitySSIM = 0.995
	}
	s := &suite{new: newEngine, opts: o, met: map[string]bool{}}
	for _, group := range []struct {
		name string
		run  func(*suite, *testing.T)
	}{
		{"Probe", (*suite).probe},
		{"Outputs", (*suite).outputs},
		{"Encoding", (*suite).encoding},
		{"Fit", (*suite).fit},
		{"Crop", (*suite).crop},
		{"Geometry", (*suite).geometry},
		{"Trim", (*suite).trim},
		{"Orientation", (*suite).orientation},
		{"Colour", (*suite).colour},
		{"Metadata", (*suite).metadata},
		{"Animation", (*suite).animation},
		{"Drawn", (*suite).drawn},
		{"Auto", (*suite).auto},
		{"MaxBytes", (*suite).maxBytes},
		{"Placeholder", (*suite).placeholder},
		{"Emit", (*suite).emit},
		{"Kept", (*suite).kept},
		{"BadSpec", (*suite).badSpec},
		{"BadSource", (*suite).badSource},
		{"Limits", (*suite).limits},
		{"Cancel", (*suite).cancel},
		{"Concurrent", (*suite).concurrent},
		{"Fidelity", (*suite).fidelity},
		{"Golden", (*suite).golden},
	} {
		t.Run(group.name, func(t *testing.T) {
			group.run(s, t)
			goleak.VerifyNone(t, goleak.IgnoreCurrent())
		})
	}
	s.checkLacks(t)
}

// suite is one run of the suite.
type suite struct {
	new  NewEngine
	opts Options

	mu  sync.Mutex
	met map[string]bool // lacks that were met
}

// engine returns an engine with default limits.
func (s *suite) engine(t *testing.T) imaging.Engine {
	t.Helper()
	return s.new(t, imaging.Limits{})
}

// lacks skips t if what is among the engine's named lacks, and fails it if not.
func (s *suite) lacks(t *testing.T, what string) {
	t.Helper()
	if !slices.Contains(s.opts.Lacks, what) {
		t.Fatalf("the engine lacks %q, which its Options do not name", what)
	}
	s.mu.Lock()
	s.met[what] = true
	s.mu.Unlock()
	t.Skipf("the engine lacks %q", what)
}

// lackOr skips t if what is among the engine's named lacks; it is for results
// that an engine is known to get wrong, just before they are reported.
func (s *suite) lackOr(t *testing.T, what string) {
	t.Helper()
	if slices.Contains(s.opts.Lacks, what) {
		s.lacks(t, what)
	}
}

// skipUnsupported calls lacks if err is an *imaging.UnsupportedError.
func (s *suite) skipUnsupported(t *testing.T, err error) {
	t.Helper()
	if u, ok := errors.AsType[*imaging.UnsupportedError](err); ok {
		s.lacks(t, u.What)
	}
}

// checkLacks fails t for a named lack that no test met, after a full run.
func (s *suite) checkLacks(t *testing.T) {
	for _, name := range []string{"test.run", "test.skip"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return // some tests did not run
		}
	}
	for _, what := range s.opts.Lacks {
		if !s.met[what] {
			t.Errorf("Options.Lacks names %q, but no test met it", what)
		}
	}
}
