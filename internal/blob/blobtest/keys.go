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
		"a\nb", "a\rb", "a\r\nb", "a\x7fb", "a\u0085b", "a\ufffdb", // XML has these, and
		"a\x01b", "a\x1fb", "a\ufffeb", "a\uffffb", "c\x02/d\x03", // not these
	}
	if h.PlainListing {
		keys = slices.DeleteFunc(keys, func(k string) bool { return strings.ContainsFunc(k, notInXML) })
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
	for _, size := range []int{0, 1} { // with 1, each key is where a page begins
		if names := keysOf(listAll(t, h.Bucket, blob.ListOptions{PageSize: size})); !slices.Equal(names, keys) {
			t.Errorf("the listing in pages of %d is\n%q, want\n%q", size, names, keys)
		}
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

// notInXML reports whether XML 1.0 has no way to write a character.
//
// https://www.w3.org/TR/xml/#charsets
func notInXML(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
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
