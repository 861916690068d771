package main

import (
	"archive/tar"
	"bytes"
	"path"
	"slices"
	"testing"
)

// systemTree is a little system, with links as distributions have them.
func systemTree(t *testing.T) tree {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []tar.Header{
		{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755},
		{Name: "./lib", Typeflag: tar.TypeSymlink, Linkname: "usr/lib"},
		{Name: "./bin", Typeflag: tar.TypeSymlink, Linkname: "usr/bin"},
		{Name: "./dev/null", Typeflag: tar.TypeChar, Mode: 0o666},
		{Name: "./etc/apt/sources.list.d/ours.list", Typeflag: tar.TypeReg, Mode: 0o644},
		{Name: "./etc/hostname", Typeflag: tar.TypeReg, Mode: 0o644},
		{Name: "./usr/bin/sh", Typeflag: tar.TypeReg, Mode: 0o755},
		{Name: "./usr/lib/x86_64-linux-gnu/", Typeflag: tar.TypeDir, Mode: 0o755},
		{Name: "./usr/lib/x86_64-linux-gnu/libf.so.1", Typeflag: tar.TypeSymlink, Linkname: "libf.so.1.0"},
		{Name: "./usr/lib/x86_64-linux-gnu/libf.so.1.0", Typeflag: tar.TypeReg, Mode: 0o644},
		{Name: "./usr/lib/x86_64-linux-gnu/ld.so.2", Typeflag: tar.TypeReg, Mode: 0o755},
		{Name: "./usr/lib/x86_64-linux-gnu/helper", Typeflag: tar.TypeReg, Mode: 0o4755},
		{Name: "./usr/lib/x86_64-linux-gnu/loop.so", Typeflag: tar.TypeSymlink, Linkname: "loop.so"},
		{Name: "./usr/share/doc/f/copyright", Typeflag: tar.TypeReg, Mode: 0o666},
		{Name: "./usr/share/doc/f/changelog.gz", Typeflag: tar.TypeReg, Mode: 0o644},
		{Name: "./usr/share/doc/f-data", Typeflag: tar.TypeSymlink, Linkname: "f"},
		{Name: "./usr/share/" + "ca-certificates/mozilla/A.crt", Typeflag: tar.TypeReg, Mode: 0o644},
	} {
		content := []byte(h.Name)
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(content))
		} else {
			content = nil
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	found, err := readTree(&b)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestKept_NoProgramsNoDocumentsButLicences(t *testing.T) {
	var got []string
	for _, n := range systemTree(t).kept() {
		got = append(got, header(n).FileInfo().Mode().String()+" "+n.name)
	}
	slices.Sort(got)
	want := []string{
		"-rw-r--r-- usr/lib/x86_64-linux-gnu/libf.so.1.0", "-rw-r--r-- usr/share/ca-certificates/mozilla/A.crt", "-rw-r--r-- usr/share/doc/f/copyright",
		"-rwxr-xr-x usr/lib/x86_64-linux-gnu/ld.so.2",
		"Lrwxrwxrwx lib", "Lrwxrwxrwx usr/lib/x86_64-linux-gnu/libf.so.1", "Lrwxrwxrwx usr/lib/x86_64-linux-gnu/loop.so", "Lrwxrwxrwx usr/share/doc/f-data",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestLibrary_FollowsLinks(t *testing.T) {
	system := systemTree(t)
	for name, want := range map[string]string{
		"libf.so.1":                          "./usr/lib/x86_64-linux-gnu/libf.so.1.0",
		"/lib/x86_64-linux-gnu/libf.so.1":    "./usr/lib/x86_64-linux-gnu/libf.so.1.0",
		"/usr/share/doc/f-data/changelog.gz": "./usr/share/doc/f/changelog.gz",
		"loop.so":                            "",
		"libabsent.so.1":                     "",
	} {
		f, err := system.library(name)
		if string(f.Content) != want || (err == nil) != (want != "") {
			t.Errorf("%s: got %q, %v", name, f.Content, err)
		}
	}
}

func TestModules_AreWhatNoLibraryNames(t *testing.T) {
	system := tree{}
	for _, n := range []node{
		{name: "usr/lib/x86_64-linux-gnu/libvips.so.42"},
		{name: "usr/lib/x86_64-linux-gnu/vips-modules-8.16/vips-heif.so"},
		{name: "usr/lib/x86_64-linux-gnu/libheif/plugins/libheif-aomenc.so"},
		{name: "usr/lib/x86_64-linux-gnu/libheif/plugins/other.so", link: "libheif-aomenc.so"},
	} {
		system[n.name] = n
	}
	var got []string
	for _, f := range system.modules() {
		got = append(got, path.Base(f.Name))
	}
	if want := []string{"libheif-aomenc.so", "vips-heif.so"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
