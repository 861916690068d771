package faultblob_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pixmill/internal/blob"
	"pixmill/internal/blob/blobtest"
	"pixmill/internal/blob/faultblob"
	"pixmill/internal/blob/memblob"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errInjected = errors.New("injected")

// TestConformance: hooks that do nothing change nothing.
func TestConformance(t *testing.T) {
	blobtest.Run(t, func(*testing.T) blobtest.Harness {
		missing := memblob.New(memblob.Options{})
		missing.SetState(memblob.Missing)
		var rec faultblob.Recorder
		return blobtest.Harness{
			Bucket:  blob.NewBucket("there", faultblob.Wrap(memblob.New(memblob.Options{}), rec.Hooks())),
			Missing: blob.NewBucket("missing", faultblob.Wrap(missing, faultblob.Hooks{})),
		}
	})
}

// each does every operation once and returns the errors by operation.
func each(ctx context.Context, b *blob.Bucket, key string) map[faultblob.Op]error {
	errs := map[faultblob.Op]error{}
	_, errs[faultblob.OpPut] = b.Put(ctx, key, []byte("new"), nil)
	_, errs[faultblob.OpHead] = b.Head(ctx, key)
	_, _, errs[faultblob.OpGet] = b.Get(ctx, key, 0)
	for _, err := range b.List(ctx, blob.ListOptions{Prefix: key}) {
		errs[faultblob.OpList] = err
	}
	errs[faultblob.OpDelete] = b.Delete(ctx, key)
	return errs
}

func TestBefore_ErrorStopsTheOperation(t *testing.T) {
	ctx := context.Background()
	store := memblob.New(memblob.Options{})
	under := blob.NewBucket("b", store)
	if _, err := under.Put(ctx, "k", []byte("old"), nil); err != nil {
		t.Fatal(err)
	}
	var rec faultblob.Recorder
	b := blob.NewBucket("b", faultblob.Wrap(faultblob.Wrap(store, rec.Hooks()), faultblob.Hooks{
		Before: func(context.Context, faultblob.Op, string) error { return errInjected },
		After: func(context.Context, faultblob.Op, string, error) error {
			t.Error("After was called for an operation that Before stopped")
			return nil
		},
	}))
	for op, err := range each(ctx, b, "k") {
		if !errors.Is(err, errInjected) {
			t.Errorf("%s = %v, want the injected error", op, err)
		}
	}
	if calls := rec.Calls(); len(calls) != 0 {
		t.Errorf("the store was asked for %v, want nothing", calls)
	}
	if body, _, err := under.Get(ctx, "k", 0); string(body) != "old" || err != nil {
		t.Errorf("the object is %q, %v; want it as it was", body, err)
	}
}

func TestAfter_ErrorHidesAnOperationThatTookEffect(t *testing.T) {
	ctx := context.Background()
	store := memblob.New(memblob.Options{})
	under := blob.NewBucket("b", store)
	b := blob.NewBucket("b", faultblob.Wrap(store, faultblob.Hooks{
		After: func(_ context.Context, _ faultblob.Op, _ string, err error) error {
			return errors.Join(errInjected, err)
		},
	}))
	if a, err := b.Put(ctx, "k", []byte("new"), nil); !errors.Is(err, errInjected) || a != nil {
		t.Errorf("Put = %v, %v; want the injected error alone", a, err)
	}
	if body, _, err := under.Get(ctx, "k", 0); string(body) != "new" || err != nil {
		t.Errorf("the object is %q, %v; want what was written", body, err)
	}
	for op, err := range each(ctx, b, "k") {
		if !errors.Is(err, errInjected) {
			t.Errorf("%s = %v, want the injected error", op, err)
		}
	}
	if _, _, err := under.Get(ctx, "k", 0); blob.CodeOf(err) != blob.CodeNoSuchKey {
		t.Errorf("Get after the delete = %v, want no such key", err)
	}
}

func TestHooks_SeeOperationKeyAndResult(t *testing.T) {
	ctx := context.Background()
	var before []faultblob.Call
	var rec faultblob.Recorder
	b := blob.NewBucket("b", faultblob.Wrap(faultblob.Wrap(memblob.New(memblob.Options{}), rec.Hooks()), faultblob.Hooks{
		Before: func(_ context.Context, op faultblob.Op, key string) error {
			before = append(before, faultblob.Call{Op: op, Key: key})
			return nil
		},
	}))
	each(ctx, b, "k")
	_, _, err := b.Get(ctx, "none", 0)

	want := []faultblob.Call{{Op: "put", Key: "k"}, {Op: "head", Key: "k"}, {Op: "get", Key: "k"}, {Op: "list", Key: "k"}, {Op: "delete", Key: "k"}, {Op: "get", Key: "none"}}
	if !slices.Equal(before, want) {
		t.Errorf("Before saw %v, want %v", before, want)
	}
	calls := rec.Calls()
	if blob.CodeOf(calls[len(calls)-1].Err) != blob.CodeNoSuchKey || blob.CodeOf(err) != blob.CodeNoSuchKey {
		t.Errorf("the last call ended with %v, recorded as %v; want no such key", err, calls[len(calls)-1].Err)
	}
	calls[len(calls)-1].Err = nil
	if !slices.Equal(calls, want) {
		t.Errorf("the recorder has %v, want %v", calls, want)
	}
	if gets := rec.Calls(faultblob.OpGet); len(gets) != 2 {
		t.Errorf("the recorder has the gets %v, want 2", gets)
	}
	if rec.Reset(); len(rec.Calls()) != 0 {
		t.Errorf("after Reset the recorder has %v", rec.Calls())
	}
}

func TestBefore_DelayEndsWithTheContext(t *testing.T) {
	b := blob.NewBucket("b", faultblob.Wrap(memblob.New(memblob.Options{}), faultblob.Hooks{
		Before: func(ctx context.Context, _ faultblob.Op, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		},
	}))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := b.Put(ctx, "k", nil, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Put = %v, want the deadline", err)
	}
}
