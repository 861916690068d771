package stand

import (
	"testing"

	"go.uber.org/goleak"

	"pixmill/internal/blob"
	"pixmill/internal/runtime/store/storetest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, storetest.Late()...)
}

func TestStand_KeepsSourcesAndForgetsWhatWasMade(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir(), "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	keys, err := s.Put(t.Context(), "a", []byte("photograph"), 3)
	if err != nil || len(keys) != 3 {
		t.Fatal(keys, err)
	}
	for _, key := range keys {
		if _, err := s.Output.Put(t.Context(), key+"/manifest.json", []byte("{}"), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	if source, output := count(t, s.Source), count(t, s.Output); source != 3 || output != 0 {
		t.Errorf("there are %d sources and %d outputs; want 3 and none", source, output)
	}
	if got, want := Direct(keys[0]), `{"bucket": "uploads", "key": "a/000.jpg"}`; got != want {
		t.Errorf("invocation is %s, want %s", got, want)
	}
}

func count(t *testing.T, b *blob.Bucket) int {
	t.Helper()
	n := 0
	for _, err := range b.List(t.Context(), blob.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}
