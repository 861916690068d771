package fileblob

import (
	"context"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pixmill/internal/blob"
)

// without returns a bucket on a file system that keeps no extended attributes.
func without(t *testing.T, opts Options) (*blob.Bucket, string) {
	t.Helper()
	dir := t.TempDir()
	b, err := open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	b.setxattr = func(*os.File, []byte) error { return unix.ENOTSUP }
	return blob.NewBucket(dir, b), dir
}

var attributes = &blob.PutOptions{ContentType: "image/avif", Metadata: map[string]string{"source": "1"}}

func TestNoExtendedAttributes_PutSaysSoAndWritesNothing(t *testing.T) {
	b, dir := without(t, Options{})
	_, err := b.Put(context.Background(), "k", []byte("x"), attributes)
	if err == nil || blob.CodeOf(err) != blob.CodeNotImplemented || !strings.Contains(err.Error(), "no extended attributes") {
		t.Errorf("Put = %v, want not implemented with the reason", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("the directory has %v, %v; want nothing", entries, err)
	}
}

func TestNoExtendedAttributes_OptionalMeansContentAlone(t *testing.T) {
	b, _ := without(t, Options{AttributesOptional: true})
	put, err := b.Put(context.Background(), "k.png", []byte("x"), attributes)
	if err != nil {
		t.Fatal(err)
	}
	a, err := b.Head(context.Background(), "k.png")
	if err != nil || a.ETag != put.ETag || a.ContentType != "image/png" || len(a.Metadata) != 0 {
		t.Errorf("Head = %+v, %v; want ETag %s, the type of the name and no metadata", a, err, put.ETag)
	}
}
