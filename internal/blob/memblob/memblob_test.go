package memblob_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pixmill/internal/blob"
	"pixmill/internal/blob/blobtest"
	"pixmill/internal/blob/memblob"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	for name, versions := range map[string]bool{"Plain": false, "Versions": true} {
		t.Run(name, func(t *testing.T) {
			blobtest.Run(t, func(*testing.T) blobtest.Harness {
				missing := memblob.New(memblob.Options{})
				missing.SetState(memblob.Missing)
				return blobtest.Harness{
					Bucket:  blob.NewBucket("there", memblob.New(memblob.Options{Versions: versions})),
					Missing: blob.NewBucket("missing", missing),
				}
			})
		})
	}
}

func TestPut_VersionIDsCountWrites(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	b := blob.NewBucket("b", memblob.New(memblob.Options{Versions: true, Now: func() time.Time { return now }}))
	for i, want := range []string{"1", "2", "3"} {
		a, err := b.Put(context.Background(), "k", []byte{byte(i)}, nil)
		if err != nil || a.VersionID != want || !a.ModTime.Equal(now) {
			t.Errorf("write %d returned %+v, %v; want version %s at %v", i, a, err, want, now)
		}
	}
}

func TestPut_ETagIsMD5(t *testing.T) {
	b := blob.NewBucket("b", memblob.New(memblob.Options{}))
	a, err := b.Put(context.Background(), "k", []byte("hello"), nil)
	if err != nil || a.ETag != "5d41402abc4b2a76b9719d911017c592" {
		t.Errorf("Put returned %+v, %v; want the MD5 of hello", a, err)
	}
}

func TestPut_IfMatchOfAMissingKeyIsNoSuchKey(t *testing.T) {
	b := blob.NewBucket("b", memblob.New(memblob.Options{}))
	if _, err := b.Put(context.Background(), "k", nil, &blob.PutOptions{IfMatch: "e"}); blob.CodeOf(err) != blob.CodeNoSuchKey {
		t.Errorf("Put = %v, want no such key, as S3 has it", err)
	}
}

func TestSetState_HandlesShareTheBucketAndItsState(t *testing.T) {
	ctx := context.Background()
	drv := memblob.New(memblob.Options{})
	one, two := blob.NewBucket("one", drv), blob.NewBucket("two", drv)
	if _, err := one.Put(ctx, "k", []byte("x"), nil); err != nil {
		t.Fatal(err)
	}
	drv.SetState(memblob.Missing)
	if _, _, err := two.Get(ctx, "k", 0); blob.CodeOf(err) != blob.CodeNoSuchBucket {
		t.Errorf("Get from a missing bucket = %v", err)
	}
	if _, err := two.Head(ctx, "k"); blob.CodeOf(err) != blob.CodeNotFound {
		t.Errorf("Head in a missing bucket = %v, want S3's bare 404", err)
	}
	drv.SetState(memblob.Denied)
	if err := two.Delete(ctx, "k"); blob.CodeOf(err) != blob.CodeAccessDenied {
		t.Errorf("Delete in a denied bucket = %v", err)
	}
	drv.SetState(memblob.Open)
	if body, _, err := two.Get(ctx, "k", 0); err != nil || string(body) != "x" {
		t.Errorf("Get after opening again = %q, %v", body, err)
	}
}
