package store_test

import (
	"context"
	"fmt"
	"testing"

	"pixmill/internal/blob/blobtest"
	"pixmill/internal/runtime/store"
)

// TestConformance runs the suite of every bucket on the embedded S3, with strict
// reads: a reader that meets an overwrite gets all of one write.
func TestConformance(t *testing.T) {
	o := options(t.TempDir(), &recorder{})
	o.Notify = func(context.Context, store.Change) error { return nil } // the suite makes too many to keep
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	buckets := 0
	blobtest.Run(t, func(t *testing.T) blobtest.Harness {
		buckets++
		name := fmt.Sprintf("conformance-%d", buckets)
		if _, err := s.CreateBucket(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		c, err := s.Endpoint().Client(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return blobtest.Harness{Bucket: c.Bucket(name), Missing: c.Bucket("missing-bucket"), FileSystem: true}
	})
}
