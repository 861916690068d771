package blobtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"pixmill/internal/blob"
)

// listAll walks a listing to its end or fails the test.
func listAll(t testing.TB, b *blob.Bucket, opts blob.ListOptions) []blob.Entry {
	t.Helper()
	var entries []blob.Entry
	for e, err := range b.List(context.Background(), opts) {
		if err != nil {
			t.Fatalf("List(%+v) = %v", opts, err)
		}
		if !e.IsPrefix && (e.ETag == "" || e.ModTime.IsZero()) {
			t.Errorf("List(%+v) has %+v, want an ETag and a time", opts, e)
		}
		if e.IsPrefix && (e.ETag != "" || e.Size != 0) {
			t.Errorf("List(%+v) has the common prefix %+v, want the key alone", opts, e)
		}
		entries = append(entries, e)
	}
	return entries
}

func keysOf(entries []blob.Entry) []string {
	keys := make([]string, len(entries))
	for i, e := range entries {
		keys[i] = e.Key
	}
	return keys
}

// wantListing says what a listing of these keys is, in the plainest way.
func wantListing(keys []string, opts blob.ListOptions) (names []string, prefixes map[string]bool) {
	prefixes = map[string]bool{}
	for _, key := range keys {
		rest, ok := strings.CutPrefix(key, opts.Prefix)
		if !ok {
			continue
		}
		if before, _, found := strings.Cut(rest, "/"); found && opts.Delimiter == "/" {
			key = opts.Prefix + before + "/"
			if prefixes[key] {
				continue
			}
			prefixes[key] = true
		}
		names = append(names, key)
	}
	slices.Sort(names)
	return names, prefixes
}

func testListEmpty(t *testing.T, h Harness) {
	for _, opts := range []blob.ListOptions{{}, {Prefix: "a/"}, {Delimiter: "/"}, {Prefix: "a", Delimiter: "/", PageSize: 1}} {
		if got := listAll(t, h.Bucket, opts); len(got) != 0 {
			t.Errorf("List(%+v) of an empty bucket is %q", opts, keysOf(got))
		}
	}
}

func testListPrefixesAndPages(t *testing.T, h Harness) {
	keys := []string{
		"a.jpg/hero.avif", "a.jpg/manifest.json", "a.jpg/thumb.webp", "a.jpg/b/deep/hero.avif", "a.jpg/b/manifest.json", "a.jpg/c/x",
		"a.jpg2", "a/x", "a-b", "a.b", "a0", "b/1", "b/2/3", "b/2/4", "b/5", "z",
	}
	for _, key := range keys {
		mustPut(t, h.Bucket, key, key, nil)
	}
	for _, prefix := range []string{"", "a", "a.jpg", "a.jpg/", "a.jpg/b", "a.jpg/b/", "a.jpg/b/d", "b/2/", "b/2/3", "b/2/3/", "nothing", "nothing/", "zz"} {
		for _, delimiter := range []string{"", "/"} {
			for _, size := range []int{0, 1, 2, 3, 1000} {
				opts := blob.ListOptions{Prefix: prefix, Delimiter: delimiter, PageSize: size}
				want, prefixes := wantListing(keys, opts)
				got := listAll(t, h.Bucket, opts)
				if names := keysOf(got); !slices.Equal(names, want) {
					t.Errorf("List(%+v) is\n%q, want\n%q", opts, names, want)
				}
				for _, e := range got {
					if e.IsPrefix != prefixes[e.Key] {
						t.Errorf("List(%+v) says IsPrefix=%v of %q", opts, e.IsPrefix, e.Key)
					}
					if !e.IsPrefix && e.Size != int64(len(e.Key)) {
						t.Errorf("List(%+v) says size %d of %q, want %d", opts, e.Size, e.Key, len(e.Key))
					}
				}
			}
		}
	}
}

// testListOrder tells the order of UTF-8 bytes from the order of UTF-16 units,
// of letters without their case, and of folders before files.
func testListOrder(t *testing.T, h Harness) {
	keys := []string{"B", "a", "b", "~", "é", "\uff5e", "\U0001f600", "f-", "f.", "f/x", "f0", "f /y", "f!/y", "ff/x", "Z/z"}
	for _, key := range keys {
		mustPut(t, h.Bucket, key, "x", nil)
	}
	for _, size := range []int{0, 1, 3} {
		for _, delimiter := range []string{"", "/"} {
			opts := blob.ListOptions{PageSize: size, Delimiter: delimiter}
			want, _ := wantListing(keys, opts)
			if got := keysOf(listAll(t, h.Bucket, opts)); !slices.Equal(got, want) {
				t.Errorf("List(%+v) is\n%q, want\n%q", opts, got, want)
			}
		}
	}
}

// testListThousands lists more than one full page, with a folder that ends in
// the middle of the second one.
func testListThousands(t *testing.T, h Harness) {
	var keys []string
	for i := range 1030 {
		keys = append(keys, fmt.Sprintf("k/%05d", i))
	}
	for i := range 20 {
		keys = append(keys, fmt.Sprintf("k/%05d-%d/x", 990+i, i), fmt.Sprintf("k/%05d-%d/y", 990+i, i))
	}
	g, ctx := errgroup.WithContext(context.Background())
	g.SetLimit(8)
	for _, key := range keys {
		g.Go(func() error {
			_, err := h.Bucket.Put(ctx, key, []byte("x"), nil)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, opts := range []blob.ListOptions{{}, {Prefix: "k/", Delimiter: "/"}, {Prefix: "k/", Delimiter: "/", PageSize: 999}} {
		want, _ := wantListing(keys, opts)
		if got := keysOf(listAll(t, h.Bucket, opts)); !slices.Equal(got, want) {
			t.Errorf("List(%+v) has %d entries, want %d in order", opts, len(got), len(want))
		}
	}
}

func testListStopsEarly(t *testing.T, h Harness) {
	for _, key := range []string{"1", "2", "3"} {
		mustPut(t, h.Bucket, key, "x", nil)
	}
	n := 0
	for _, err := range h.Bucket.List(context.Background(), blob.ListOptions{PageSize: 1}) {
		if err != nil {
			t.Fatalf("List = %v", err)
		}
		n++
		break
	}
	if n != 1 {
		t.Errorf("the loop ran %d times after break", n)
	}

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var last error
	n = 0
	for _, err := range h.Bucket.List(ctx, blob.ListOptions{PageSize: 1}) {
		n, last = n+1, err
		cancel()
	}
	if n != 2 || !errors.Is(last, context.Canceled) {
		t.Errorf("a walk that was cancelled on its first page yielded %d times and ended with %v", n, last)
	}
}
