package section

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWrite_ReplacesOneSectionOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.md")
	const before = "# B\n\nwords\n<!-- begin: a -->\nold\n<!-- end: a -->\nmore\n<!-- begin: b -->\nkeep\n<!-- end: b -->\n"
	if err := os.WriteFile(path, []byte(before), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time changes nothing
		if err := Write(path, "a", "new\n"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const want = "# B\n\nwords\n<!-- begin: a -->\n\nnew\n\n<!-- end: a -->\nmore\n<!-- begin: b -->\nkeep\n<!-- end: b -->\n"
	if string(got) != want {
		t.Errorf("the file is now\n%s", got)
	}
	if err := Write(path, "c", "x"); err == nil {
		t.Error("a section that is not there was written")
	}
}
