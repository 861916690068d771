package blobtest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"pixmill/internal/blob"
)

// testOddKeys writes keys that are easily mangled on the way through a URL, an
// XML listing or a file name.
func testOddKeys(t *testing.T, h Harness) {
	keys := []string{
		"plain.jpg", "with space.jpg", " leading", "trailing ", "a+b", "a%2Bb", "a%2fb", "100%", "a&b=c;d", "q?x#y", "<tag>",
		`quo"te'`, `back\slash`, "colon:star*pipe|", "dollar$@!,()[]{}^~`", "..", "...", "dots/..jpg", ".hidden", "deep/er/still/x",
		"héllo wörld", "日本語/写真.png", "e\u0301 decomposed", "\u00e9 composed", "😀/😀", "tab\there", "a=b/c=d", "-dash", "_", "UPPER", "upper",
		strings.Repeat("long", 60) + "/" + strings.Repeat("name", 50),
	}
	if h.FileSystem {
		keys = slices.DeleteFunc(keys, func(k string) bool { return k == ".." })
	}
	etags := map[string]string{}
	for _, key := range keys {
		etags[key] = mustPut(t, h.Bucket, key, "body of "+key, nil).ETag
	}
	for _, key := range keys {
		wantObject(t, h.Bucket, key, "body of "+key, etags[key])
	}
	slices.Sort(keys)
	got := listAll(t, h.Bucket, blob.ListOptions{})
	if names := keysOf(got); !slices.Equal(names, keys) {
		t.Errorf("the listing is\n%q, want\n%q", names, keys)
	}
	for _, key := range keys {
		if got := listAll(t, h.Bucket, blob.ListOptions{Prefix: key, Delimiter: "/"}); !slices.Contains(keysOf(got), key) {
			t.Errorf("the listing with prefix %q is %q, want the key in it", key, keysOf(got))
		}
		if err := h.Bucket.Delete(context.Background(), key); err != nil {
			t.Errorf("Delete(%q) = %v", key, err)
		}
	}
	if got := listAll(t, h.Bucket, blob.ListOptions{}); len(got) != 0 {
		t.Errorf("after all deletes the listing is %q, want nothing", keysOf(got))
	}
}

func testObjectBesideFolder(t *testing.T, h Harness) {
	ctx := context.Background()
	if h.FileSystem {
		file := mustPut(t, h.Bucket, "a", "file", nil)
		_, err := h.Bucket.Put(ctx, "a/b", []byte("x"), nil)
		wantCode(t, `Put("a/b") beside "a"`, err, blob.CodeInvalidKey)
		wantObject(t, h.Bucket, "a", "file", file.ETag)
		under := mustPut(t, h.Bucket, "f/g/h", "under", nil)
		for _, key := range []string{"f", "f/g"} {
			_, err = h.Bucket.Put(ctx, key, []byte("x"), nil)
			wantCode(t, "Put("+key+`) beside "f/g/h"`, err, blob.CodeInvalidKey)
		}
		wantObject(t, h.Bucket, "f/g/h", "under", under.ETag)
		if err := h.Bucket.Delete(ctx, "f/g/h"); err != nil { // and with it the folders
			t.Fatalf("Delete = %v", err)
		}
		again := mustPut(t, h.Bucket, "f", "file", nil)
		wantObject(t, h.Bucket, "f", "file", again.ETag)
		return
	}
	keys := []string{"a", "a/", "a//", "a//b", "a/b", "a/b/c", "a/../b", "/", "/a", "./a"}
	etags := map[string]string{}
	for _, key := range keys {
		etags[key] = mustPut(t, h.Bucket, key, "body of "+key, nil).ETag
	}
	for _, key := range keys {
		wantObject(t, h.Bucket, key, "body of "+key, etags[key])
	}
	if got, want := keysOf(listAll(t, h.Bucket, blob.ListOptions{Prefix: "a/", Delimiter: "/"})),
		[]string{"a/", "a/../", "a//", "a/b", "a/b/"}; !slices.Equal(got, want) {
		t.Errorf("the listing is %q, want %q", got, want)
	}
	if err := h.Bucket.Delete(ctx, "a"); err != nil {
		t.Fatalf("Delete = %v", err)
	}
	wantObject(t, h.Bucket, "a/b", "body of a/b", etags["a/b"])
}
