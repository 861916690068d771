package vips_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// TestRender_EncodeBound refuses what could not be stopped and would take minutes.
func TestRender_EncodeBound(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	for name, spec := range map[string]imaging.Spec{
		"avif": {Width: 6000, Format: imaging.FormatAVIF, Effort: 10}, // 24 megapixels
		"jxl":  {Width: 3000, Format: imaging.FormatJXL, Effort: 10, Lossless: true},
		"png":  {Width: 9000, Format: imaging.FormatPNG, Palette: 256},
		"gif":  {Width: 6000, Format: imaging.FormatGIF, Effort: 10},
	} {
		t.Run(name, func(t *testing.T) {
			needs(t, e, spec.Format)
			spec.Enlarge = true
			_, out := renderAll(t, e, photo(t, "coffee.png"), spec)
			limit, ok := errors.AsType[*fault.LimitError](out[0].Err)
			if !ok || limit.Value <= limit.Limit || limit.Unit != "s" || limit.Field != "predicted time to encode "+name {
				t.Errorf("got %v, want a limit error in seconds", out[0].Err)
			}
		})
	}
}

// TestRender_NotStartedNearTheDeadline: an encode that would outlive the context
// makes the rendering transient, after the other variants. A format that might win
// with more time is not passed over.
func TestRender_NotStartedNearTheDeadline(t *testing.T) {
	e := newEngine(t, imaging.Limits{})
	for name, slow := range map[string]imaging.Spec{
		"avif": {Width: 1500, Format: imaging.FormatAVIF, Effort: 10},
		"jxl":  {Width: 1500, Format: imaging.FormatJXL, Effort: 10, Lossless: true},
		"png":  {Width: 2700, Format: imaging.FormatPNG, Palette: 16},
		"auto": {Width: 1500, Format: imaging.FormatAuto, Formats: []imaging.Format{imaging.FormatJPEG, imaging.FormatAVIF}, Effort: 10},
	} {
		t.Run(name, func(t *testing.T) {
			if slow.Format != imaging.FormatAuto {
				needs(t, e, slow.Format)
			}
			slow.Enlarge = true
			notStarted(t, e, slow)
		})
	}
}

func notStarted(t *testing.T, e imaging.Engine, slow imaging.Spec) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	specs := []imaging.Spec{slow, {Width: 100, Format: imaging.FormatJPEG}, {Width: 200, Format: imaging.FormatWebP}}
	start := time.Now()
	var emitted []int
	_, err := e.Render(ctx, photo(t, "coffee.png"), imaging.Request{Specs: specs}, func(i int, out imaging.Encoded) error {
		if out.Err != nil {
			t.Errorf("variant %d: %v", i, out.Err)
		}
		emitted = append(emitted, i)
		return nil
	})
	slices.Sort(emitted)
	if fault.KindOf(err) != fault.Transient || !strings.Contains(err.Error(), "too little time is left: about") || !slices.Equal(emitted, []int{1, 2}) {
		t.Errorf("got %v after variants %v, want a transient error with the times after 1 and 2", err, emitted)
	}
	if took := time.Since(start); took > 8*time.Second {
		t.Errorf("it took %v to see that the time does not suffice", took)
	}
}
