package blob_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"pixmill/internal/blob"
	"pixmill/internal/blob/driver"
	"pixmill/internal/blob/faultblob"
	"pixmill/internal/blob/memblob"
	"pixmill/internal/fault"
)

var ctx = context.Background()

// failing returns a bucket whose store answers every call with err, and the
// record of the calls.
func failing(err error) (*blob.Bucket, *faultblob.Recorder) {
	rec := &faultblob.Recorder{}
	drv := faultblob.Wrap(faultblob.Wrap(memblob.New(memblob.Options{}), faultblob.Hooks{
		Before: func(context.Context, faultblob.Op, string) error { return err },
	}), rec.Hooks())
	return blob.NewBucket("photos", drv), rec
}

// each does every operation on a key and returns the errors by operation.
func each(b *blob.Bucket, key string) map[string]error {
	errs := map[string]error{}
	_, errs["head"] = b.Head(ctx, key)
	_, _, errs["get"] = b.Get(ctx, key, 0)
	_, errs["put"] = b.Put(ctx, key, nil, nil)
	errs["delete"] = b.Delete(ctx, key)
	for _, err := range b.List(ctx, blob.ListOptions{Prefix: key}) {
		errs["list"] = err
	}
	return errs
}

func TestErrors_SayOperationKeyAndBucket(t *testing.T) {
	shared := &blob.Error{Code: blob.CodeAccessDenied, Err: errors.New("no")}
	b, _ := failing(shared)
	for op, err := range each(b, "a/k") {
		if want := op + ` "a/k" in bucket "photos": access denied: no`; err == nil || err.Error() != want {
			t.Errorf("%s = %v, want %s", op, err, want)
		}
	}
	if shared.Op != "" || shared.Bucket != "" || shared.Key != "" {
		t.Errorf("the driver's error was changed to %+v", shared)
	}
}

func TestErrors_KeepTheirCodeUnderWords(t *testing.T) {
	b, _ := failing(fmt.Errorf("after 3 attempts: %w", &blob.Error{Code: blob.CodeNoSuchBucket}))
	for op, err := range each(b, "k") {
		want := op + ` "k" in bucket "photos": no such bucket: after 3 attempts: no such bucket`
		if blob.CodeOf(err) != blob.CodeNoSuchBucket || err.Error() != want {
			t.Errorf("%s = %v, want %s", op, err, want)
		}
	}
}

func TestErrors_WithoutACodeMayPass(t *testing.T) {
	b, _ := failing(io.ErrClosedPipe)
	for op, err := range each(b, "k") {
		if blob.CodeOf(err) != blob.CodeUnavailable || fault.KindOf(err) != fault.Transient || !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s = %v, want unavailable, with the cause", op, err)
		}
	}
}

func TestInvalidKeys_AreNotAskedFor(t *testing.T) {
	for _, key := range []string{"", strings.Repeat("k", 1025), "caf\xe9.jpg"} {
		b, calls := failing(errors.New("asked"))
		for op, err := range each(b, key) {
			if op != "list" && (blob.CodeOf(err) != blob.CodeInvalidKey || !strings.HasPrefix(err.Error(), op+" ")) {
				t.Errorf("%s of %.20q = %v, want an invalid key", op, key, err)
			}
		}
		if got := calls.Calls(); len(got) != 1 || got[0].Op != faultblob.OpList {
			t.Errorf("the store was asked for %v, want the listing alone", got)
		}
	}
}

func TestPut_OptionsThatWouldNotComeBackAreRefused(t *testing.T) {
	tests := []struct {
		opts blob.PutOptions
		want string
	}{
		{blob.PutOptions{IfNoneMatch: true, IfMatch: "e"}, "exclude each other"},
		{blob.PutOptions{ContentType: "image/ébène"}, `content type "image/ébène"`},
		{blob.PutOptions{CacheControl: "no-store\r\nX: y"}, `cache control "no-store\r\nX: y"`},
		{blob.PutOptions{Metadata: map[string]string{"Source": "1"}}, `metadata key "Source"`},
		{blob.PutOptions{Metadata: map[string]string{"": "1"}}, `metadata key ""`},
		{blob.PutOptions{Metadata: map[string]string{"a key": "1"}}, `metadata key "a key"`},
		{blob.PutOptions{Metadata: map[string]string{"title": "naïve"}}, `metadata title="naïve"`},
		{blob.PutOptions{Metadata: map[string]string{"title": " x"}}, `metadata title=" x"`},
	}
	for _, tt := range tests {
		b, calls := failing(errors.New("asked"))
		_, err := b.Put(ctx, "k", nil, &tt.opts)
		if err == nil || fault.KindOf(err) != fault.Permanent || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Put with %+v = %v, want a permanent fault with %s", tt.opts, err, tt.want)
		}
		if got := calls.Calls(); len(got) != 0 {
			t.Errorf("the store was asked for %v", got)
		}
	}
}

// answering is a store whose one object has a body and a size as told.
type answering struct {
	driver.Bucket
	size   int64
	body   string
	broken error // at the end of the body
	closed bool
}

func (a *answering) Get(context.Context, string) (io.ReadCloser, *driver.Attrs, error) {
	var r io.Reader = strings.NewReader(a.body)
	if a.broken != nil {
		r = io.MultiReader(r, brokenReader{a.broken})
	}
	return struct {
		io.Reader
		io.Closer
	}{r, a}, &driver.Attrs{Key: "k", Size: a.size}, nil
}

func (a *answering) Close() error { a.closed = true; return nil }

type brokenReader struct{ err error }

func (r brokenReader) Read([]byte) (int, error) { return 0, r.err }

func TestGet_OfHalfABodyIsAnError(t *testing.T) {
	tests := []struct {
		name  string
		store answering
		want  error
	}{
		{"TooShort", answering{size: 5, body: "four"}, io.ErrUnexpectedEOF},
		{"TooLong", answering{size: 3, body: "four"}, io.ErrUnexpectedEOF},
		{"NoSize", answering{size: -1, body: "four"}, io.ErrUnexpectedEOF},
		{"Broken", answering{size: 4, body: "four", broken: io.ErrClosedPipe}, io.ErrClosedPipe},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body, _, err := blob.NewBucket("b", &tt.store).Get(ctx, "k", 0)
			if body != nil || !errors.Is(err, tt.want) || fault.KindOf(err) != fault.Transient {
				t.Errorf("Get = %q, %v; want %v, which may pass", body, err, tt.want)
			}
			if !tt.store.closed {
				t.Error("the body was not closed")
			}
		})
	}
}

// TestGet_OverLimitReadsNothing: a body that would fail says whether it was read.
func TestGet_OverLimitReadsNothing(t *testing.T) {
	store := &answering{size: 1 << 40, broken: io.ErrClosedPipe}
	_, attrs, err := blob.NewBucket("b", store).Get(ctx, "k", 1<<20)
	limit, ok := errors.AsType[*fault.LimitError](err)
	if !ok || limit.Value != 1<<40 || limit.Limit != 1<<20 || attrs == nil || !store.closed {
		t.Errorf("Get = %+v, %v (closed: %v); want a LimitError with the attributes", attrs, err, store.closed)
	}
}

func TestList_EndsWithTheFirstError(t *testing.T) {
	pages := 0
	b := blob.NewBucket("b", faultblob.Wrap(memblob.New(memblob.Options{}), faultblob.Hooks{
		After: func(_ context.Context, op faultblob.Op, _ string, err error) error {
			if op != faultblob.OpList {
				return err
			}
			if pages++; pages > 2 {
				return io.ErrClosedPipe
			}
			return err
		},
	}))
	for _, key := range []string{"1", "2", "3", "4"} {
		if _, err := b.Put(ctx, key, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	var keys []string
	var errs []error
	for e, err := range b.List(ctx, blob.ListOptions{PageSize: 1}) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		keys = append(keys, e.Key)
	}
	if len(keys) != 2 || len(errs) != 1 || !errors.Is(errs[0], io.ErrClosedPipe) {
		t.Errorf("the walk yielded %q and %v, want two keys and then one error", keys, errs)
	}
}

// TestList_CanBeWalkedAgain: the walk does not remember where it was.
func TestList_CanBeWalkedAgain(t *testing.T) {
	b := blob.NewBucket("b", memblob.New(memblob.Options{}))
	for _, key := range []string{"1", "2"} {
		if _, err := b.Put(ctx, key, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	walk := b.List(ctx, blob.ListOptions{PageSize: 1})
	for range 2 {
		n := 0
		for _, err := range walk {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != 2 {
			t.Errorf("a walk had %d entries, want 2", n)
		}
	}
}
