package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os/exec"
	"slices"
	"testing"

	"pixmill/tools/bundle"
)

// needsDeflate skips where `make lambda` has not put libdeflate-gzip yet.
func needsDeflate(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("libdeflate-gzip"); err != nil {
		t.Skip("`make lambda` installs libdeflate-gzip, which packs the zip")
	}
}

func TestPack_TheSameBytesEachTime(t *testing.T) {
	needsDeflate(t)
	files := []bundle.File{
		{Name: program, Content: bytes.Repeat([]byte("program "), 1000), Executable: true},
		{Name: bundle.LibraryDir + "liba.so", Content: []byte("library"), Executable: true},
		{Name: bundle.LicenceDir + "LICENSE", Content: nil},
	}
	var first, second bytes.Buffer
	inside, err := pack(t.Context(), &first, files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pack(t.Context(), &second, files); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the second zip differs from the first")
	}
	if inside[0].size >= 1000 || inside[0].size == 0 {
		t.Errorf("8,000 bytes that repeat became %d", inside[0].size)
	}
	z, err := zip.NewReader(bytes.NewReader(first.Bytes()), int64(first.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r) // with its checksum
		if err != nil || !bytes.Equal(content, files[i].Content) || f.Name != files[i].Name {
			t.Errorf("%s has %d bytes, %v", f.Name, len(content), err)
		}
		want := uint32(0o644)
		if files[i].Executable {
			want = 0o755
		}
		if got := uint32(f.Mode()); got != want {
			t.Errorf("%s has mode %o, want %o", f.Name, got, want)
		}
		if f.Modified.Year() != 1980 || f.Flags&8 != 0 {
			t.Errorf("%s is of %v, flags %#x", f.Name, f.Modified, f.Flags)
		}
	}
	if !slices.Equal([]string{z.File[0].Name}, []string{program}) {
		t.Errorf("the first file is %s", z.File[0].Name)
	}
}
