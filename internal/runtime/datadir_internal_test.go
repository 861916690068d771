package runtime

import (
	"os"
	"path/filepath"
	"testing"
)

// A start that has not got the lock may be one of two.
func TestDataDir_UnlockedOnlyEmptyFoldersAreTakenBack(t *testing.T) {
	above := t.TempDir()
	dir, err := openDataDir(filepath.Join(above, "new", "er", "data"))
	if err != nil {
		t.Fatal(err)
	}
	dir.removeFolders()
	if _, err := os.Stat(filepath.Join(dir.path, ".gitignore")); err != nil {
		t.Errorf("what another start may have put there has gone: %v", err)
	}
	if err := os.RemoveAll(dir.path); err != nil {
		t.Fatal(err)
	}
	dir.removeFolders()
	if _, err := os.Stat(filepath.Join(above, "new")); err == nil {
		t.Error("an empty folder stays")
	}
}
