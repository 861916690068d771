package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestArMembers(t *testing.T) {
	const archive = "!<arch>\n" +
		"debian-binary   0           0     0     100644  4         `\n" + "2.0\n" +
		"odd.o/          0           0     0     100644  3         `\n" + "abc\n" +
		"last            0           0     0     100644  1         `\n" + "z"
	got, err := arMembers([]byte(archive))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range got {
		names = append(names, m.name+"="+string(m.content))
	}
	if want := []string{"debian-binary=2.0\n", "odd.o=abc", "last=z"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	for _, bad := range []string{"", "PK\x03\x04", archive[:40], archive[:len(archive)-1], strings.Replace(archive, "4         `", "-4        `", 1)} {
		if _, err := arMembers([]byte(bad)); err == nil {
			t.Errorf("%q is taken for an archive", bad)
		}
	}
}

func TestNpmFiles(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range []string{"package/lib/a.so", "package/README.md"} {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: 1, Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	var names []string
	err := npmFiles(b.Bytes(), func(name string, _ []byte) error {
		names = append(names, name)
		return nil
	})
	if want := []string{"lib/a.so", "README.md"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("got %q, %v; want %q", names, err, want)
	}
	if err := npmFiles(b.Bytes()[:b.Len()-20], func(string, []byte) error { return nil }); err == nil {
		t.Error("a package that was cut off has no error")
	}
}

func TestWrite_StaysInItsDirectory(t *testing.T) {
	dir := t.TempDir()
	inside := filepath.Join(dir, "inside")
	for _, name := range []string{"../out", "/out", "a/../../out"} {
		if err := write(inside, name, nil); err == nil {
			t.Errorf("%q was written", name)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
		t.Error("a file is outside")
	}
	if err := write(inside, "a/b", []byte("x")); err != nil {
		t.Error(err)
	}
}
