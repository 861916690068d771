package blobtest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pixmill/internal/blob"
)

// model is what a bucket should hold. step does one operation to the bucket
// and to the model, and compares the answers.
type model struct {
	bucket     *blob.Bucket
	fileSystem bool
	objects    map[string]stored
	etags      []string // of every write, for conditions on what is and on what was
}

type stored struct {
	body, etag string
	metadata   map[string]string
}

// operation is one step. A generated list of them prints as a script.
type operation struct {
	Do        string // put, create, replace, get, delete, list
	Key       string // of a list: the prefix
	Body      int
	ETag      int // which of the model's ETags a replace asks for
	Delimiter string
	PageSize  int
}

func operations() *rapid.Generator[[]operation] {
	segment := rapid.SampledFrom([]string{"a", "b", "a.", "a-", "a b", "a+b", "a%2B", "é", "\uff5e", "\U0001f600"})
	key := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(segment, 1, 3).Draw(t, "segments"), "/")
	})
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) operation {
		op := operation{
			Do:        rapid.SampledFrom([]string{"put", "put", "create", "replace", "get", "delete", "list"}).Draw(t, "do"),
			Key:       key.Draw(t, "key"),
			Body:      rapid.IntRange(0, len(bodies)-1).Draw(t, "body"),
			ETag:      rapid.IntRange(0, 2).Draw(t, "etag"),
			Delimiter: rapid.SampledFrom([]string{"", "/"}).Draw(t, "delimiter"),
			PageSize:  rapid.IntRange(0, 3).Draw(t, "page size"),
		}
		if op.Do == "list" {
			op.Key = op.Key[:rapid.IntRange(0, len(op.Key)).Draw(t, "prefix length")]
			op.Key = strings.ToValidUTF8(op.Key, "")
		}
		return op
	}), 1, 24)
}

var bodies = []string{"", "x", "y", strings.Repeat("long ", 20_000)}

// testRandomOperations compares random operations with the model. A bucket is
// used for all runs, so each begins with deleting what the one before left.
func testRandomOperations(t *testing.T, h Harness) {
	rapid.Check(t, func(rt *rapid.T) {
		for _, e := range listAll(t, h.Bucket, blob.ListOptions{}) {
			if err := h.Bucket.Delete(context.Background(), e.Key); err != nil {
				rt.Fatalf("Delete(%q) = %v", e.Key, err)
			}
		}
		m := &model{bucket: h.Bucket, fileSystem: h.FileSystem, objects: map[string]stored{}, etags: []string{"none"}}
		for i, op := range operations().Draw(rt, "operations") {
			if err := m.step(op, fmt.Sprintf("step-%d", i)); err != nil {
				rt.Fatalf("step %d, %+v: %v", i, op, err)
			}
		}
		if err := m.compareListing(blob.ListOptions{}); err != nil {
			rt.Fatalf("at the end: %v", err)
		}
		for key := range m.objects {
			if err := m.compareObject(key); err != nil {
				rt.Fatalf("at the end: %v", err)
			}
		}
	})
}

func (m *model) step(op operation, mark string) error {
	switch op.Do {
	case "get":
		return m.compareObject(op.Key)
	case "delete":
		delete(m.objects, op.Key)
		return m.bucket.Delete(context.Background(), op.Key)
	case "list":
		return m.compareListing(blob.ListOptions{Prefix: op.Key, Delimiter: op.Delimiter, PageSize: op.PageSize})
	}
	opts := &blob.PutOptions{Metadata: map[string]string{"mark": mark}, IfNoneMatch: op.Do == "create"}
	if op.Do == "replace" {
		opts.IfMatch = m.etags[max(0, len(m.etags)-1-op.ETag)]
	}
	body := bodies[op.Body]
	allowed := m.refusals(op.Key, opts)
	a, err := m.bucket.Put(context.Background(), op.Key, []byte(body), opts)
	switch {
	case len(allowed) > 0 && (err == nil || !hasCode(err, allowed...)):
		return fmt.Errorf("the write = %v, want one of the codes %v", err, allowed)
	case len(allowed) > 0:
		return nil
	case err != nil:
		return err
	}
	m.objects[op.Key] = stored{body: body, etag: a.ETag, metadata: opts.Metadata}
	m.etags = append(m.etags, a.ETag)
	return nil
}

// refusals returns the codes one of which a write must be refused with; none
// if it must succeed.
func (m *model) refusals(key string, opts *blob.PutOptions) []blob.Code {
	var codes []blob.Code
	now, exists := m.objects[key]
	switch {
	case opts.IfNoneMatch && exists, opts.IfMatch != "" && exists && now.etag != opts.IfMatch:
		codes = append(codes, blob.CodePreconditionFailed)
	case opts.IfMatch != "" && !exists:
		codes = append(codes, blob.CodeNoSuchKey, blob.CodePreconditionFailed)
	}
	for other := range m.objects {
		if m.fileSystem && (strings.HasPrefix(other, key+"/") || strings.HasPrefix(key, other+"/")) {
			return append(codes, blob.CodeInvalidKey)
		}
	}
	return codes
}

func (m *model) compareObject(key string) error {
	want, exists := m.objects[key]
	body, a, err := m.bucket.Get(context.Background(), key, 0)
	if !exists {
		if err == nil || blob.CodeOf(err) != blob.CodeNoSuchKey {
			return fmt.Errorf("Get(%q) = %v, want no such key", key, err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("Get(%q) = %w", key, err)
	}
	if string(body) != want.body || a.ETag != want.etag || !maps.Equal(a.Metadata, want.metadata) {
		return fmt.Errorf("Get(%q) returned %d bytes and %+v, want %d bytes, ETag %s and metadata %q", key, len(body), a, len(want.body), want.etag, want.metadata)
	}
	return nil
}

func (m *model) compareListing(opts blob.ListOptions) error {
	want, prefixes := wantListing(slices.Collect(maps.Keys(m.objects)), opts)
	var got []string
	for e, err := range m.bucket.List(context.Background(), opts) {
		if err != nil {
			return fmt.Errorf("List(%+v) = %w", opts, err)
		}
		if o := m.objects[e.Key]; e.IsPrefix != prefixes[e.Key] || !e.IsPrefix && (e.ETag != o.etag || e.Size != int64(len(o.body))) {
			return fmt.Errorf("List(%+v) has %+v, want ETag %s and size %d", opts, e, o.etag, len(o.body))
		}
		got = append(got, e.Key)
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("List(%+v) is %q, want %q", opts, got, want)
	}
	return nil
}
