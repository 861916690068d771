package main

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

var someNodes = []node{
	{name: "app/function", content: []byte("program"), mode: 0o755},
	{name: "etc/pixmill", dir: true},
	{name: "tmp", dir: true, mode: 0o1777},
	{name: "usr/lib/libf.so.1", link: "libf.so.1.0"},
	{name: "usr/lib/libf.so.1.0", content: []byte("library")},
}

// headers reads all of a layer's.
func headers(t *testing.T, layer io.Reader) []*tar.Header {
	t.Helper()
	var all []*tar.Header
	for archive := tar.NewReader(layer); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, h)
	}
}

func TestAssemble_TheSameInputGivesTheSameDigest(t *testing.T) {
	o := options{arch: "amd64", labels: labels{version: "1", revision: "abc", created: time.Unix(1_700_000_000, 0).UTC()}}
	digest := func(nodes []node) v1.Hash {
		t.Helper()
		img, err := assemble(o, []part{{name: "system", nodes: nodes}, {name: "program", nodes: nodes[:1]}})
		if err != nil {
			t.Fatal(err)
		}
		hash, err := img.Digest()
		if err != nil {
			t.Fatal(err)
		}
		return hash
	}
	first := digest(someNodes)
	time.Sleep(1100 * time.Millisecond) // times in archives are of seconds
	other := slices.Clone(someNodes)
	slices.Reverse(other[1:])
	if second := digest(other); second != first {
		t.Errorf("%v, then %v", first, second)
	}
	o.labels.revision = "def"
	if third := digest(someNodes); third == first {
		t.Error("another revision has the same digest")
	}
}

func TestLayer_HasEachFolderBeforeItsFiles(t *testing.T) {
	l, err := layer(part{nodes: someNodes})
	if err != nil {
		t.Fatal(err)
	}
	content, err := l.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	var got []string
	for _, h := range headers(t, content) {
		got = append(got, h.FileInfo().Mode().String()+" "+h.Name)
		if h.ModTime.Unix() != 0 || h.Uname != "" {
			t.Errorf("%s is of %v and %q", h.Name, h.ModTime, h.Uname)
		}
	}
	want := []string{
		"drwxr-xr-x app/", "-rwxr-xr-x app/function", "drwxr-xr-x etc/", "drwxr-xr-x etc/pixmill/", "dtrwxrwxrwx tmp/",
		"drwxr-xr-x usr/", "drwxr-xr-x usr/lib/", "Lrwxrwxrwx usr/lib/libf.so.1", "-rw-r--r-- usr/lib/libf.so.1.0",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestUnpack_WritesWhatALayerHas(t *testing.T) {
	dir := t.TempDir()
	if err := unpack(dir, []part{{name: "system", nodes: someNodes}}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"app/function": "-rwxr-xr-x", "etc/pixmill": "drwxr-xr-x", "tmp": "dtrwxrwxrwx",
		"usr/lib/libf.so.1": "Lrwxrwxrwx", "usr/lib/libf.so.1.0": "-rw-r--r--",
	} {
		info, err := os.Lstat(filepath.Join(dir, "system", name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().String() != want {
			t.Errorf("%s has mode %v, want %s", name, info.Mode(), want)
		}
	}
	outside := filepath.Join(dir, "outside")
	if err := os.Mkdir(outside, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, nodes := range [][]node{
		{{name: "../outside/file"}},
		{{name: "a", link: outside}, {name: "a/file"}},
		{{name: "a", link: "../outside"}, {name: "a/file"}},
	} {
		err := unpack(dir, []part{{name: t.Name(), nodes: nodes}})
		if err == nil {
			t.Errorf("%v has no error", nodes)
		}
		if err := os.RemoveAll(filepath.Join(dir, t.Name())); err != nil {
			t.Fatal(err)
		}
	}
	if files, err := os.ReadDir(outside); err != nil || len(files) > 0 {
		t.Errorf("%v were written beside the image, %v", files, err)
	}
}
