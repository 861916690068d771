package vips_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
	"pixmill/internal/imaging/vips"
)

func TestNew_InputNotThere(t *testing.T) {
	_, err := vips.New(imaging.Limits{}, vips.Options{Inputs: []imaging.Format{imaging.FormatPDF}})
	if fault.KindOf(err) != fault.Misconfigured || !strings.Contains(err.Error(), "pdf") {
		t.Errorf("got %v, want a misconfiguration that names pdf", err)
	}
}

func TestNew_InputsAllowed(t *testing.T) {
	e, err := vips.New(imaging.Limits{}, vips.Options{Inputs: []imaging.Format{imaging.FormatPNG, imaging.FormatJPEG, imaging.FormatPNG}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := e.Capability().Inputs, []imaging.Format{imaging.FormatJPEG, imaging.FormatPNG}; !slices.Equal(got, want) {
		t.Errorf("the inputs are %v, want %v", got, want)
	}
	webp := renderOne(t, e, photo(t, "coffee.png"), imaging.Spec{Width: 50, Format: imaging.FormatWebP})
	if _, err := e.Probe(t.Context(), webp.Data); fault.KindOf(err) != fault.Rejected || !strings.Contains(err.Error(), "input webp: the configuration leaves it out") {
		t.Errorf("probing a format that is not allowed: %v", err)
	}
}

// TestRender_EveryErrorOfASpecIsNamed: a reader mends a spec in one go.
func TestRender_EveryErrorOfASpecIsNamed(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	_, out := renderAll(t, e, photo(t, "coffee.png"), imaging.Spec{Width: -1, Quality: 200, Gravity: "up"})
	for _, want := range []string{"width is -1", "quality is 200", `gravity is "up"`} {
		if err := out[0].Err; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error %v does not say %q", err, want)
		}
	}
}

// TestRender_CancelStopsLibvips cancels while a large image is resized, which
// would take many seconds.
func TestRender_CancelStopsLibvips(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	ctx, cancel := context.WithCancel(t.Context())
	specs := []imaging.Spec{
		{Width: 20, Format: imaging.FormatPNG},
		{Width: 12000, Enlarge: true, Format: imaging.FormatPNG, Effort: 10},
		{Width: 11000, Enlarge: true, Format: imaging.FormatPNG, Effort: 10},
	}
	timer := time.AfterFunc(300*time.Millisecond, cancel)
	defer timer.Stop()
	start := time.Now()
	_, err := e.Render(ctx, photo(t, "coffee.png"), imaging.Request{Specs: specs}, func(int, imaging.Encoded) error { return nil })
	if fault.KindOf(err) != fault.Transient || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want a transient error of the context", err)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("Render returned %v after the cancellation", took)
	}
}

// TestRender_WaitsForMemory runs more than the budget holds at a time: all are
// made, one after the other.
func TestRender_WaitsForMemory(t *testing.T) {
	src := photo(t, "coffee.png")
	probe := newEngine(t, imaging.Limits{})
	info, _ := renderAll(t, probe, src, webSet...)
	e := newEngine(t, imaging.Limits{Memory: info.Memory + info.Memory/2})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, err := e.Render(t.Context(), src, imaging.Request{Specs: webSet}, failOnError(t)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// TestRender_BudgetCountsTheSource: its bytes are held for as long as its pixels.
func TestRender_BudgetCountsTheSource(t *testing.T) {
	src := photo(t, "coffee.png")
	info, _ := renderAll(t, newEngine(t, imaging.Limits{}), src, webSet...)
	need := info.Memory + int64(len(src))
	renderAll(t, newEngine(t, imaging.Limits{Memory: need}), src, webSet...)
	_, err := newEngine(t, imaging.Limits{Memory: need - 1}).Render(t.Context(), src, imaging.Request{Specs: webSet}, failOnError(t))
	limit, ok := errors.AsType[*fault.LimitError](err)
	if !ok || limit.Field != imaging.FieldMemory || limit.Value != need || limit.Limit != need-1 {
		t.Errorf("one byte less than %d: %v, want a limit error with both numbers", need, err)
	}
}

// TestRender_VariantsShareOneResize: what is made from a finished size looks as
// if it were made by itself.
func TestRender_VariantsShareOneResize(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	specs := []imaging.Spec{
		{Width: 240, Format: imaging.FormatPNG},
		{Width: 240, Format: imaging.FormatWebP, Lossless: true},
		{Width: 240, Flop: true, Format: imaging.FormatPNG},
	}
	_, together := renderAll(t, e, photo(t, "chelsea.png"), specs...)
	for i, spec := range specs {
		if alone := renderOne(t, e, photo(t, "chelsea.png"), spec); !slices.Equal(alone.Data, together[i].Data) {
			t.Errorf("variant %d differs from the one that was made alone", i)
		}
	}
}

// TestRender_Mutated renders damaged images of every format: whatever comes, it
// is a result or a classified error, and nothing is left behind (see TestMain).
func TestRender_Mutated(t *testing.T) {
	e := newEngine(t, imaging.Limits{Pixels: 4_000_000, TotalPixels: 8_000_000})
	rng := rand.New(rand.NewPCG(1, 2))
	rounds := 60
	if testing.Short() {
		rounds = 5
	}
	for _, format := range e.Capability().Outputs {
		src := renderOne(t, e, photo(t, "coffee.png"), imaging.Spec{Width: 120, Format: format, Effort: 1}).Data
		for range rounds {
			data := mutate(rng, src)
			specs := []imaging.Spec{{Width: 60, Format: imaging.FormatWebP, Effort: 1}, {Trim: 20, Format: imaging.FormatPNG}}
			_, err := e.Render(t.Context(), data, imaging.Request{Specs: specs}, func(_ int, v imaging.Encoded) error {
				if v.Err != nil && fault.KindOf(v.Err) == fault.Transient {
					t.Errorf("%s: a variant's error is transient: %v", format, v.Err)
				}
				return nil
			})
			if err != nil && fault.KindOf(err) != fault.Rejected {
				t.Errorf("%s: %v, want it rejected", format, err)
			}
		}
	}
}

// mutate flips some bytes behind the magic ones and now and then cuts the end off.
func mutate(rng *rand.Rand, src []byte) []byte {
	out := slices.Clone(src)
	for range 1 + rng.IntN(8) {
		out[16+rng.IntN(len(out)-16)] = byte(rng.Uint32())
	}
	if rng.IntN(4) == 0 {
		out = out[:16+rng.IntN(len(out)-16)]
	}
	return out
}
