package fileblob_test

import (
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"pixmill/internal/blob"
	"pixmill/internal/blob/blobtest"
	"pixmill/internal/blob/fileblob"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openDir(t testing.TB, dir string) *blob.Bucket {
	t.Helper()
	b, err := fileblob.Open(dir, fileblob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestConformance(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blobtest.Harness {
		dir := t.TempDir()
		return blobtest.Harness{Bucket: openDir(t, dir), Missing: openDir(t, filepath.Join(dir, "missing")), FileSystem: true}
	})
}
