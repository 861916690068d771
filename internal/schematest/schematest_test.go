package schematest

import (
	"os"
	"path/filepath"
	"testing"
)

// recorder is a test that may fail.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Name() string          { return "TestX" }
func (r *recorder) Errorf(string, ...any) { r.failed = true }

func TestUpToDate_FailsForAnotherFileAndUpdatesIt(t *testing.T) {
	t.Setenv("UPDATE_GOLDEN", "")
	file := filepath.Join(t.TempDir(), "x.json")
	if err := os.WriteFile(file, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	schema := map[string]any{"type": "integer"}
	r := recorder{TB: t}
	if UpToDate(&r, file, schema); !r.failed {
		t.Error("another schema is taken for up to date")
	}
	t.Setenv("UPDATE_GOLDEN", "1")
	UpToDate(t, file, schema)
	t.Setenv("UPDATE_GOLDEN", "")
	UpToDate(t, file, schema)
	s := Compile(t, file)
	if err := s.Validate(t, []byte("7")); err != nil {
		t.Error(err)
	}
	if s.Validate(t, []byte(`"7"`)) == nil {
		t.Error("a text is taken for an integer")
	}
}
