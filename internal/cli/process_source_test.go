package cli

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pixmill/internal/blob"
	"pixmill/internal/fault"
)

// sourceOf returns a bucket over files of a folder, by key; the largest it reads has 100 bytes.
func sourceOf(t *testing.T, files map[string]string) (*blob.Bucket, string) {
	t.Helper()
	dir := t.TempDir()
	var inputs []input
	for key, content := range files {
		path := filepath.Join(dir, "file-"+filepath.Base(key))
		write(t, path, []byte(content))
		inputs = append(inputs, input{key: key, path: path})
	}
	return blob.NewBucket("uploads", newFileSource(inputs, 100)), dir
}

func etagOf(content string) string {
	sum := md5.Sum([]byte(content))
	return hex.EncodeToString(sum[:])
}

func TestFileSource_ETagIsOfTheContent(t *testing.T) {
	source, dir := sourceOf(t, map[string]string{"a/b.jpg": "one"})
	check := func(content string) {
		t.Helper()
		head, err := source.Head(t.Context(), "a/b.jpg")
		if err != nil || head.ETag != etagOf(content) || head.Size != int64(len(content)) {
			t.Errorf("HEAD: %+v, %v; want that of %q", head, err, content)
		}
		data, get, err := source.Get(t.Context(), "a/b.jpg", 0)
		if err != nil || string(data) != content || get.ETag != etagOf(content) {
			t.Errorf("GET: %q, %+v, %v", data, get, err)
		}
	}
	check("one")
	path := filepath.Join(dir, "file-b.jpg")
	later := time.Now().Add(time.Minute)
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	check("one")
	write(t, path, []byte("two")) // of the same size
	check("two")
}

func TestFileSource_WhatIsOverTheLimitIsNotRead(t *testing.T) {
	source, dir := sourceOf(t, map[string]string{"big.jpg": ""})
	path := filepath.Join(dir, "file-big.jpg")
	if err := os.Truncate(path, 1<<40); err != nil { // a hole: reading it would take hours
		t.Skip(err)
	}
	head, err := source.Head(t.Context(), "big.jpg")
	if err != nil || head.Size != 1<<40 {
		t.Fatalf("HEAD: %+v, %v", head, err)
	}
	_, get, err := source.Get(t.Context(), "big.jpg", 100)
	if fault.KindOf(err) != fault.Rejected || get == nil || get.ETag != head.ETag {
		t.Errorf("GET: %+v, %v; want a rejection and the ETag of HEAD, %s", get, err, head.ETag)
	}
}

func TestFileSource_CodesOfWhatIsMissing(t *testing.T) {
	source, dir := sourceOf(t, map[string]string{"gone.jpg": "x"})
	if err := os.Remove(filepath.Join(dir, "file-gone.jpg")); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"gone.jpg", "never.jpg", "file-gone.jpg", "../file-gone.jpg"} {
		if _, err := source.Head(t.Context(), key); blob.CodeOf(err) != blob.CodeNotFound {
			t.Errorf("HEAD %s: %v", key, err)
		}
		if _, _, err := source.Get(t.Context(), key, 0); blob.CodeOf(err) != blob.CodeNoSuchKey {
			t.Errorf("GET %s: %v", key, err)
		}
	}
}

func TestFileSource_IsNeverWritten(t *testing.T) {
	source, dir := sourceOf(t, map[string]string{"a.jpg": "x"})
	if _, err := source.Put(t.Context(), "a.jpg", []byte("y"), nil); fault.KindOf(err) != fault.Misconfigured {
		t.Errorf("PUT: %v", err)
	}
	if err := source.Delete(t.Context(), "a.jpg"); fault.KindOf(err) != fault.Misconfigured {
		t.Errorf("DELETE: %v", err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "file-a.jpg")); err != nil || string(data) != "x" {
		t.Errorf("the file is %q, %v", data, err)
	}
}

func TestFileSource_ListsWhatIsThereInPages(t *testing.T) {
	files := map[string]string{}
	for i := range 25 {
		files[fmt.Sprintf("a/%02d.jpg", i)] = "x"
	}
	source, dir := sourceOf(t, files)
	if err := os.Remove(filepath.Join(dir, "file-07.jpg")); err != nil {
		t.Fatal(err)
	}
	var got []string
	for e, err := range source.List(t.Context(), blob.ListOptions{Prefix: "a/", PageSize: 4}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.Key)
	}
	if len(got) != 24 || !slices.IsSorted(got) || slices.Contains(got, "a/07.jpg") {
		t.Errorf("keys are %q", got)
	}
}
