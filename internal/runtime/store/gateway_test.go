package store_test

import (
	"path/filepath"
	"strings"
	"testing"

	"pixmill/internal/runtime/store"
)

func TestOpen_FolderWhosePathIsTooLongForASocket(t *testing.T) {
	rec := &recorder{}
	s := open(t, filepath.Join(t.TempDir(), strings.Repeat("d", 120)), rec)
	put(t, client(t, s.Endpoint(), 1), "k", "hello")
	equal(t, summaries(rec.taken()), summary{store.CreatedPut, "k", 5})
}
