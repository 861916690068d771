package imagingtest

import (
	"sync/atomic"
	"testing"

	"pixmill/internal/imaging"
)

// render renders specs and checks what holds for every rendering: no error,
// one emit for each spec and never two at a time, and Info as Probe gives it.
func (s *suite) render(t *testing.T, e imaging.Engine, src []byte, specs ...imaging.Spec) (imaging.Info, []imaging.Encoded) {
	t.Helper()
	out := make([]imaging.Encoded, len(specs))
	calls := make([]int, len(specs))
	var emitting atomic.Int32
	info, err := e.Render(t.Context(), src, imaging.Request{Specs: specs}, func(i int, v imaging.Encoded) error {
		if emitting.Add(1) != 1 {
			t.Error("emit was called while it was running")
		}
		defer emitting.Add(-1)
		if i < 0 || i >= len(specs) {
			t.Errorf("emit was called for spec %d of %d", i, len(specs))
			return nil
		}
		calls[i]++
		out[i] = v
		return nil
	})
	if err != nil {
		s.skipUnsupported(t, err)
		t.Fatalf("Render: %v", err)
	}
	for i, n := range calls {
		if n != 1 {
			t.Fatalf("emit was called %d times for spec %d, want once", n, i)
		}
	}
	return info, out
}

// one renders one spec and returns its variant. It skips the test if the
// engine lacks what the spec asks for.
func (s *suite) one(t *testing.T, e imaging.Engine, src []byte, spec imaging.Spec) imaging.Encoded {
	t.Helper()
	_, out := s.render(t, e, src, spec)
	s.made(t, spec, out[0])
	return out[0]
}

// made checks what holds for every variant that was made: it has bytes, they
// are of the format and size that it says, and the content type agrees.
func (s *suite) made(t *testing.T, spec imaging.Spec, v imaging.Encoded) {
	t.Helper()
	if v.Err != nil {
		s.skipUnsupported(t, v.Err)
		t.Fatalf("spec %+v: %v", spec, v.Err)
	}
	h, err := readHeader(v.Data)
	if err != nil {
		t.Fatalf("spec %+v: the result's header: %v", spec, err)
	}
	if h.Format != v.Format || h.Width != v.Width || h.Height != v.Height || h.Frames != v.Frames {
		t.Fatalf("spec %+v: the bytes are %s, %d×%d px, %d frames, but the engine says %s, %d×%d px, %d frames",
			spec, h.Format, h.Width, h.Height, h.Frames, v.Format, v.Width, v.Height, v.Frames)
	}
	if v.ContentType != v.Format.ContentType() {
		t.Errorf("content type %q of %s", v.ContentType, v.Format)
	}
	if v.Elapsed <= 0 {
		t.Errorf("Elapsed is %v, want more than nothing", v.Elapsed)
	}
}

// size fails t if v has another size.
func size(t *testing.T, v imaging.Encoded, width, height int) {
	t.Helper()
	if v.Width != width || v.Height != height {
		t.Errorf("the variant is %d×%d px, want %d×%d", v.Width, v.Height, width, height)
	}
}
