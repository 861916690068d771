package vips_test

import (
	"os"
	"path/filepath"
	"testing"

	"pixmill/internal/imaging"
	"pixmill/internal/imaging/vips"
)

// photo reads a photograph of the conformance suite.
func photo(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "imagingtest", "testdata", "photos", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// renderAll returns every variant, in the order of specs.
func renderAll(t *testing.T, e *vips.Engine, src []byte, specs ...imaging.Spec) (imaging.Info, []imaging.Encoded) {
	t.Helper()
	out := make([]imaging.Encoded, len(specs))
	info, err := e.Render(t.Context(), src, imaging.Request{Specs: specs}, func(i int, v imaging.Encoded) error {
		out[i] = v
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return info, out
}

// renderOne returns a variant that must be made.
func renderOne(t *testing.T, e *vips.Engine, src []byte, spec imaging.Spec) imaging.Encoded {
	t.Helper()
	_, out := renderAll(t, e, src, spec)
	if out[0].Err != nil {
		t.Fatal(out[0].Err)
	}
	return out[0]
}
