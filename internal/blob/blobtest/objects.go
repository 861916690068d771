package blobtest

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"pixmill/internal/blob"
	"pixmill/internal/fault"
)

func testPutGetHeadDelete(t *testing.T, h Harness) {
	ctx := context.Background()
	put := mustPut(t, h.Bucket, "photos/cat.jpg", "meow", nil)
	_, head := wantObject(t, h.Bucket, "photos/cat.jpg", "meow", put.ETag)
	if age := time.Since(head.ModTime); age < -time.Minute || age > time.Minute {
		t.Errorf("the object was modified %v ago, want about now", age)
	}
	if put.VersionID != head.VersionID {
		t.Errorf("Put returned version %q, Head %q", put.VersionID, head.VersionID)
	}
	for range 2 { // deleting what is missing already is no error
		if err := h.Bucket.Delete(ctx, "photos/cat.jpg"); err != nil {
			t.Fatalf("Delete = %v", err)
		}
		_, _, err := h.Bucket.Get(ctx, "photos/cat.jpg", 0)
		wantCode(t, "Get after Delete", err, blob.CodeNoSuchKey)
	}
	put = mustPut(t, h.Bucket, "photos/cat.jpg", "again", nil)
	wantObject(t, h.Bucket, "photos/cat.jpg", "again", put.ETag)
}

func testEmptyObject(t *testing.T, h Harness) {
	put := mustPut(t, h.Bucket, "empty", "", nil)
	wantObject(t, h.Bucket, "empty", "", put.ETag)
	got := listAll(t, h.Bucket, blob.ListOptions{})
	if len(got) != 1 || got[0].Key != "empty" || got[0].ETag != put.ETag || got[0].Size != 0 {
		t.Errorf("the listing is %+v, want the empty object alone", got)
	}
}

// An ETag need not be the MD5 of the content, and equal contents need not have
// equal ETags. Different contents must have different ones, or a condition
// would hold on an object that was replaced.
func testETagFollowsContent(t *testing.T, h Harness) {
	seen := map[string]string{}
	for _, body := range []string{"one", "two", "tw0", "", "one ", strings.Repeat("one", 100_000)} {
		a := mustPut(t, h.Bucket, "k", body, nil)
		if strings.Contains(a.ETag, `"`) {
			t.Errorf("ETag %s has quotes", a.ETag)
		}
		if before, ok := seen[a.ETag]; ok {
			t.Errorf("%.20q and %.20q have one ETag %s", before, body, a.ETag)
		}
		seen[a.ETag] = body
		wantObject(t, h.Bucket, "k", body, a.ETag)
		if got := listAll(t, h.Bucket, blob.ListOptions{}); len(got) != 1 || got[0].ETag != a.ETag {
			t.Errorf("the listing is %+v, want ETag %s", got, a.ETag)
		}
	}
}

func testAttributesRoundTrip(t *testing.T, h Harness) {
	opts := &blob.PutOptions{
		ContentType:  "image/avif",
		CacheControl: "public, max-age=31536000, immutable",
		Metadata:     map[string]string{"pixmill-source": `"0123;x=1"`, "focal": "0.5,0.25", "n": "~!@#$%^&*()"},
	}
	put := mustPut(t, h.Bucket, "a.avif", "body", opts)
	get, head := wantObject(t, h.Bucket, "a.avif", "body", put.ETag)
	for op, a := range map[string]*blob.Attrs{"Get": get, "Head": head} {
		if a.ContentType != opts.ContentType || a.CacheControl != opts.CacheControl {
			t.Errorf("%s returned content type %q and cache control %q, want %q and %q", op, a.ContentType, a.CacheControl, opts.ContentType, opts.CacheControl)
		}
		if !maps.Equal(a.Metadata, opts.Metadata) {
			t.Errorf("%s returned metadata %q, want %q", op, a.Metadata, opts.Metadata)
		}
	}
}

func testOverwriteReplacesAttributes(t *testing.T, h Harness) {
	mustPut(t, h.Bucket, "k", "one", &blob.PutOptions{
		ContentType: "image/png", CacheControl: "no-store", Metadata: map[string]string{"old": "1", "both": "1"},
	})
	put := mustPut(t, h.Bucket, "k", "one", &blob.PutOptions{ContentType: "image/webp", Metadata: map[string]string{"both": "2"}})
	_, head := wantObject(t, h.Bucket, "k", "one", put.ETag)
	if head.ContentType != "image/webp" || head.CacheControl != "" || !maps.Equal(head.Metadata, map[string]string{"both": "2"}) {
		t.Errorf("after an overwrite Head returned %+v, want nothing of the object before", head)
	}
}

func testCallerKeepsItsBuffers(t *testing.T, h Harness) {
	ctx := context.Background()
	body, opts := []byte("mine"), &blob.PutOptions{Metadata: map[string]string{"k": "v"}}
	put, err := h.Bucket.Put(ctx, "k", body, opts)
	if err != nil {
		t.Fatal(err)
	}
	body[0], opts.Metadata["k"] = 'X', "changed"
	get, head := wantObject(t, h.Bucket, "k", "mine", put.ETag)
	if get.Metadata["k"] != "v" {
		t.Errorf("the stored metadata followed the caller's map: %q", get.Metadata)
	}
	head.Metadata["k"] = "changed"
	if _, head = wantObject(t, h.Bucket, "k", "mine", put.ETag); head.Metadata["k"] != "v" {
		t.Errorf("the stored metadata followed a reader's map: %q", head.Metadata)
	}
}

func testMissingKey(t *testing.T, h Harness) {
	ctx := context.Background()
	mustPut(t, h.Bucket, "folder/k", "x", nil)
	for _, key := range []string{"nothing", "folder", "folder/none", "folder/k2/deep"} {
		_, _, err := h.Bucket.Get(ctx, key, 0)
		wantCode(t, "Get("+key+")", err, blob.CodeNoSuchKey)
		_, err = h.Bucket.Head(ctx, key)
		wantCode(t, "Head("+key+")", err, blob.CodeNotFound, blob.CodeNoSuchKey)
		if err := h.Bucket.Delete(ctx, key); err != nil {
			t.Errorf("Delete(%s) = %v, want nil", key, err)
		}
	}
	if got := listAll(t, h.Bucket, blob.ListOptions{}); len(got) != 1 || got[0].Key != "folder/k" {
		t.Errorf("the listing is %+v after deletes of missing keys, want folder/k", got)
	}
}

func testMissingBucket(t *testing.T, h Harness) {
	ctx := context.Background()
	_, _, err := h.Missing.Get(ctx, "k", 0)
	wantCode(t, "Get", err, blob.CodeNoSuchBucket)
	_, err = h.Missing.Head(ctx, "k")
	wantCode(t, "Head", err, blob.CodeNotFound, blob.CodeNoSuchBucket)
	_, err = h.Missing.Put(ctx, "k", []byte("x"), nil)
	wantCode(t, "Put", err, blob.CodeNoSuchBucket)
	wantCode(t, "Delete", h.Missing.Delete(ctx, "k"), blob.CodeNoSuchBucket)
	for _, err = range h.Missing.List(ctx, blob.ListOptions{}) {
		break
	}
	wantCode(t, "List", err, blob.CodeNoSuchBucket)
	if kind := fault.KindOf(err); kind != fault.Misconfigured {
		t.Errorf("a missing bucket is %v, want misconfigured", kind)
	}
}

func testInvalidKeys(t *testing.T, h Harness) {
	for _, key := range []string{"", strings.Repeat("k", 1025), strings.Repeat("folder/", 147)} {
		_, err := h.Bucket.Put(context.Background(), key, []byte("x"), nil)
		wantCode(t, "Put of a bad key", err, blob.CodeInvalidKey)
		if kind := fault.KindOf(err); kind != fault.Permanent {
			t.Errorf("an invalid key is %v, want permanent", kind)
		}
	}
}

func testContextCancelled(t *testing.T, h Harness) {
	put := mustPut(t, h.Bucket, "k", "before", nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _, getErr := h.Bucket.Get(ctx, "k", 0)
	_, headErr := h.Bucket.Head(ctx, "k")
	_, putErr := h.Bucket.Put(ctx, "k", []byte("after"), nil)
	deleteErr := h.Bucket.Delete(ctx, "k")
	var listErr error
	for _, listErr = range h.Bucket.List(ctx, blob.ListOptions{}) {
		break
	}
	for op, err := range map[string]error{"Get": getErr, "Head": headErr, "Put": putErr, "Delete": deleteErr, "List": listErr} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a cancelled context = %v, want context.Canceled", op, err)
		}
		if kind := fault.KindOf(err); kind != fault.Transient {
			t.Errorf("%s with a cancelled context is %v, want transient", op, kind)
		}
	}
	wantObject(t, h.Bucket, "k", "before", put.ETag)
}

func testGetOverLimit(t *testing.T, h Harness) {
	put := mustPut(t, h.Bucket, "k", strings.Repeat("x", 1000), nil)
	if body, _, err := h.Bucket.Get(context.Background(), "k", 1000); err != nil || len(body) != 1000 {
		t.Fatalf("Get at the limit returned %d bytes and %v", len(body), err)
	}
	body, attrs, err := h.Bucket.Get(context.Background(), "k", 999)
	limit, ok := errors.AsType[*fault.LimitError](err)
	if !ok || limit.Limit != 999 || limit.Value != 1000 {
		t.Fatalf("Get over the limit = %v, want a LimitError of 1000 over 999", err)
	}
	if body != nil || attrs == nil || attrs.ETag != put.ETag {
		t.Errorf("Get over the limit returned %d bytes and %+v, want no bytes and the attributes", len(body), attrs)
	}
}
