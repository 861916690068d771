package pool_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pixmill/internal/fault"
	"pixmill/internal/runtime/pool"
)

// entry is one file of a zip.
type entry struct {
	name string
	mode fs.FileMode
	body string
}

func writeZip(t *testing.T, entries ...entry) string {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		h.SetMode(e.mode)
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(e.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "resize.zip")
	if err := os.WriteFile(path, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoad_ZipWithLibrariesRuns(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := writeZip(t,
		entry{"bootstrap", 0o644, "#!/bin/sh\nexec " + self + "\n"}, // no executable bit, as from Windows
		entry{"lib/", fs.ModeDir | 0o755, ""},
		entry{"lib/libx.so.1.2", 0o755, "library"},
		entry{"lib/libx.so.1", fs.ModeSymlink | 0o777, "libx.so.1.2"},
	)
	dir := t.TempDir()
	f, err := pool.Load(path, dir)
	if err != nil {
		t.Fatal(err)
	}
	if f.Name != "resize" || !strings.HasPrefix(f.Root, dir) {
		t.Errorf("function is %+v", f)
	}
	if body, err := os.ReadFile(filepath.Join(f.Root, "lib/libx.so.1")); err != nil || string(body) != "library" {
		t.Errorf("the link leads to %q, %v", body, err)
	}
	p := newPool(t, func(o *pool.Options) { o.Function = f })
	if r := mustAsk(t, p, order{GetEnv: "LAMBDA_TASK_ROOT"}); r.Text != f.Root {
		t.Errorf("LAMBDA_TASK_ROOT is %q", r.Text)
	}
	again, err := pool.Load(path, dir)
	if err != nil || again.Root != f.Root {
		t.Errorf("loaded again: %+v, %v", again, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("beside the function: %v, %v", left, err)
	}
}

// A power cut may leave names without content where nothing was synced.
func TestLoad_WhatIsNotWholeIsUnpackedAnew(t *testing.T) {
	path := writeZip(t, entry{"bootstrap", 0o755, "#!/bin/sh\n"}, entry{"lib/", fs.ModeDir | 0o755, ""}, entry{"lib/libx.so", 0o755, "library"})
	for name, damage := range map[string]func(root string) error{
		"empty file":   func(root string) error { return os.Truncate(filepath.Join(root, "bootstrap"), 0) },
		"missing file": func(root string) error { return os.Remove(filepath.Join(root, "lib/libx.so")) },
		"file for a folder": func(root string) error {
			lib := filepath.Join(root, "lib")
			return errors.Join(os.RemoveAll(lib), os.WriteFile(lib, nil, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			f, err := pool.Load(path, dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := damage(f.Root); err != nil {
				t.Fatal(err)
			}
			if _, err := pool.Load(path, dir); err != nil {
				t.Fatal(err)
			}
			for file, want := range map[string]string{"bootstrap": "#!/bin/sh\n", "lib/libx.so": "library"} {
				if body, err := os.ReadFile(filepath.Join(f.Root, file)); err != nil || string(body) != want {
					t.Errorf("%s is %q, %v", file, body, err)
				}
			}
		})
	}
}

func TestLoad_RemovesWhatEarlierRunsLeft(t *testing.T) {
	dir := t.TempDir()
	old, err := pool.Load(writeZip(t, entry{"bootstrap", 0o755, "old"}), dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"unpacking-123/lib", "notes"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	current, err := pool.Load(writeZip(t, entry{"bootstrap", 0o755, "new"}), dir)
	if err != nil || current.Root == old.Root {
		t.Fatalf("%+v, %v", current, err)
	}
	var left []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{filepath.Base(current.Root), "notes"}; !slices.Equal(left, want) {
		t.Errorf("the folder has %q, want %q", left, want)
	}
}

func TestLoad_Refuses(t *testing.T) {
	boot := entry{"bootstrap", 0o755, "x"}
	tests := []struct {
		name    string
		entries []entry
		want    string
	}{
		{"a name with ..", []entry{boot, {"../evil", 0o644, "x"}}, "leads out of the folder"},
		{"an absolute name", []entry{boot, {"/etc/evil", 0o644, "x"}}, "leads out of the folder"},
		{"a link out", []entry{boot, {"l", fs.ModeSymlink, "../../etc"}}, "leads out of the folder"},
		{"an absolute link", []entry{boot, {"l", fs.ModeSymlink, "/etc/passwd"}}, "leads out of the folder"},
		{"a device", []entry{boot, {"d", fs.ModeDevice, ""}}, "is not unpacked"},
		{"a name twice", []entry{boot, boot}, "file exists"},
		{"no bootstrap", []entry{{"main", 0o755, "x"}}, "bootstrap"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path, dir := writeZip(t, tt.entries...), filepath.Join(t.TempDir(), "functions")
			_, err := pool.Load(path, dir)
			if err == nil || !strings.Contains(err.Error(), tt.want) || fault.KindOf(err) != fault.Misconfigured {
				t.Fatalf("got %v, want misconfigured with %q", err, tt.want)
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(dir), "evil")); err == nil {
				t.Error("a file was written outside")
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "unpacking-*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestLoad_RefusesABomb(t *testing.T) {
	path := writeZip(t, entry{"bootstrap", 0o755, "x"})
	raw, err := os.OpenFile(path, os.O_RDWR|os.O_TRUNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(raw)
	if _, err := w.CreateRaw(&zip.FileHeader{Name: "zeros", Method: zip.Deflate, UncompressedSize64: 251 << 20}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), raw.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Load(path, t.TempDir()); err == nil || !strings.Contains(err.Error(), "over the limit of 262144000 bytes") {
		t.Errorf("got %v", err)
	}
}

func TestLoad_PathsThatAreNoFunction(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "notes.txt")
	broken := filepath.Join(dir, "broken.zip")
	for path, body := range map[string]string{plain: "x", broken: "PK"} {
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		plain:                        "not an executable file",
		broken:                       "zip",
		filepath.Join(dir, "absent"): "no such file",
		dir:                          "bootstrap",
	} {
		if _, err := pool.Load(path, dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
}
