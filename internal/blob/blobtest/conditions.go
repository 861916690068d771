package blobtest

import (
	"context"
	"testing"

	"pixmill/internal/blob"
)

func testIfNoneMatch(t *testing.T, h Harness) {
	ctx := context.Background()
	first := mustPut(t, h.Bucket, "k", "first", &blob.PutOptions{IfNoneMatch: true})
	_, err := h.Bucket.Put(ctx, "k", []byte("second"), &blob.PutOptions{IfNoneMatch: true})
	wantCode(t, "Put with IfNoneMatch over an object", err, blob.CodePreconditionFailed)
	wantObject(t, h.Bucket, "k", "first", first.ETag)

	if err := h.Bucket.Delete(ctx, "k"); err != nil {
		t.Fatalf("Delete = %v", err)
	}
	third := mustPut(t, h.Bucket, "k", "third", &blob.PutOptions{IfNoneMatch: true})
	wantObject(t, h.Bucket, "k", "third", third.ETag)
}

func testIfMatch(t *testing.T, h Harness) {
	ctx := context.Background()
	first := mustPut(t, h.Bucket, "k", "first", nil)
	second := mustPut(t, h.Bucket, "k", "second", &blob.PutOptions{IfMatch: first.ETag})
	wantObject(t, h.Bucket, "k", "second", second.ETag)
	for _, etag := range []string{first.ETag, "0123456789abcdef0123456789abcdef"} {
		_, err := h.Bucket.Put(ctx, "k", []byte("third"), &blob.PutOptions{IfMatch: etag})
		wantCode(t, "Put with the IfMatch of another object", err, blob.CodePreconditionFailed)
	}
	wantObject(t, h.Bucket, "k", "second", second.ETag)

	if err := h.Bucket.Delete(ctx, "k"); err != nil {
		t.Fatalf("Delete = %v", err)
	}
	_, err := h.Bucket.Put(ctx, "k", []byte("fourth"), &blob.PutOptions{IfMatch: second.ETag})
	wantCode(t, "Put with IfMatch of a missing object", err, blob.CodeNoSuchKey, blob.CodePreconditionFailed)
	_, _, err = h.Bucket.Get(ctx, "k", 0)
	wantCode(t, "Get", err, blob.CodeNoSuchKey)
}
