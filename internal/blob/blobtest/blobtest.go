// Package blobtest is the conformance suite of package blob: what every driver
// must do, whatever store stands behind it. A driver's test calls Run with a
// function that opens a bucket, and needs no other test for what all stores
// have in common. The suite never looks behind the blob.Bucket it is given.
package blobtest

import (
	"bytes"
	"context"
	"testing"

	"pixmill/internal/blob"
)

// Harness is one store under test.
type Harness struct {
	Bucket  *blob.Bucket // exists, is empty and belongs to one test alone
	Missing *blob.Bucket // in the same store, but there is no such bucket

	// FileSystem says that the store cannot hold "a" beside "a/b". It must
	// then refuse the second of the two with CodeInvalidKey.
	FileSystem bool

	// LooseReads says that a reader who meets an overwrite may get the whole of
	// one content with attributes of the other.
	LooseReads bool

	// PlainListing says that the store writes keys into its listing as XML text,
	// also where another encoding is asked for. Keys with characters that XML 1.0
	// lacks can then be stored and not listed: the suite leaves them out.
	PlainListing bool
}

// Run runs the whole suite. open is called once for each test, and cleans up
// through t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	tests := []struct {
		name string
		run  func(t *testing.T, h Harness)
	}{
		{"PutGetHeadDelete", testPutGetHeadDelete},
		{"EmptyObject", testEmptyObject},
		{"ETagFollowsContent", testETagFollowsContent},
		{"AttributesRoundTrip", testAttributesRoundTrip},
		{"OverwriteReplacesAttributes", testOverwriteReplacesAttributes},
		{"CallerKeepsItsBuffers", testCallerKeepsItsBuffers},
		{"OddKeys", testOddKeys},
		{"ObjectBesideFolder", testObjectBesideFolder},
		{"MissingKey", testMissingKey},
		{"MissingBucket", testMissingBucket},
		{"InvalidKeys", testInvalidKeys},
		{"ContextCancelled", testContextCancelled},
		{"GetOverLimit", testGetOverLimit},
		{"IfNoneMatch", testIfNoneMatch},
		{"IfMatch", testIfMatch},
		{"RaceCreate", testRaceCreate},
		{"RaceReplace", testRaceReplace},
		{"RaceReadersSeeWholeObjects", testRaceReaders},
		{"RaceDeleteAndPut", testRaceDeleteAndPut},
		{"RaceListingDuringOverwrites", testRaceListing},
		{"ListEmpty", testListEmpty},
		{"ListPrefixesAndPages", testListPrefixesAndPages},
		{"ListOrder", testListOrder},
		{"ListThousands", testListThousands},
		{"ListStopsEarly", testListStopsEarly},
		{"RandomOperations", testRandomOperations},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, open(t)) })
	}
}

// mustPut writes an object or fails the test.
func mustPut(t testing.TB, b *blob.Bucket, key, body string, opts *blob.PutOptions) *blob.Attrs {
	t.Helper()
	a, err := b.Put(context.Background(), key, []byte(body), opts)
	if err != nil {
		t.Fatalf("Put(%q) = %v", key, err)
	}
	if a.Key != key || a.ETag == "" || a.Size != int64(len(body)) {
		t.Fatalf("Put(%q) returned %+v, want the key, an ETag and size %d", key, a, len(body))
	}
	return a
}

// wantObject reads an object by Get and Head and compares both with what was written.
func wantObject(t testing.TB, b *blob.Bucket, key, body, etag string) (get, head *blob.Attrs) {
	t.Helper()
	got, get, err := b.Get(context.Background(), key, 0)
	if err != nil {
		t.Fatalf("Get(%q) = %v", key, err)
	}
	if !bytes.Equal(got, []byte(body)) {
		t.Fatalf("Get(%q) returned %d bytes %.40q, want %d bytes %.40q", key, len(got), got, len(body), body)
	}
	head, err = b.Head(context.Background(), key)
	if err != nil {
		t.Fatalf("Head(%q) = %v", key, err)
	}
	for op, a := range map[string]*blob.Attrs{"Get": get, "Head": head} {
		if a.Key != key || a.ETag != etag || a.Size != int64(len(body)) || a.ModTime.IsZero() {
			t.Errorf("%s(%q) returned %+v, want ETag %s, size %d and a time", op, key, a, etag, len(body))
		}
	}
	return get, head
}

// wantCode fails the test unless err has one of the codes.
func wantCode(t testing.TB, what string, err error, codes ...blob.Code) {
	t.Helper()
	if err == nil {
		t.Fatalf("%s succeeded, want an error with code %v", what, codes)
	}
	if hasCode(err, codes...) {
		return
	}
	t.Fatalf("%s = %v (code %v), want code %v", what, err, blob.CodeOf(err), codes)
}

func hasCode(err error, codes ...blob.Code) bool {
	for _, c := range codes {
		if blob.CodeOf(err) == c {
			return true
		}
	}
	return false
}
