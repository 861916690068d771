package s3blob_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pixmill/internal/blob"
	"pixmill/internal/blob/s3blob"
)

const listing = `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>uploads</Name>`

func TestList_KeysAreDecodedOnce(t *testing.T) {
	const objects = `<Contents><Key>a+b</Key><ETag>&quot;1&quot;</ETag><Size>1</Size></Contents>` +
		`<Contents><Key>a%2Bb</Key></Contents><Contents><Key>a%01%252B</Key></Contents>` +
		`<CommonPrefixes><Prefix>a%20c/</Prefix></CommonPrefixes></ListBucketResult>`
	for encoding, want := range map[string][]string{
		"<EncodingType>url</EncodingType>": {"a\x01%2B", "a b", "a c/", "a+b"},
		"":                                 {"a%01%252B", "a%20c/", "a%2Bb", "a+b"}, // a store that does not encode
	} {
		srv := newScripted(t, func(w http.ResponseWriter, r *http.Request, _ int) {
			if r.URL.Query().Get("encoding-type") != "url" {
				t.Errorf("the listing was asked for as %s", r.URL)
			}
			io.WriteString(w, listing+encoding+objects)
		})
		var got []string
		for e, err := range srv.bucket(t, s3blob.Options{}).List(context.Background(), blob.ListOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e.Key)
		}
		if !slices.Equal(got, want) {
			t.Errorf("with %q the keys are %q, want %q", encoding, got, want)
		}
	}
}

func TestList_BrokenAnswersAreErrors(t *testing.T) {
	for name, body := range map[string]string{
		"truncated without a token": `<IsTruncated>true</IsTruncated></ListBucketResult>`,
		"cut off":                   `<Contents><Key>a</Key>`,
		"badly encoded":             `<EncodingType>url</EncodingType><Contents><Key>100%</Key></Contents></ListBucketResult>`,
	} {
		srv := newScripted(t, func(w http.ResponseWriter, _ *http.Request, _ int) { io.WriteString(w, listing+body) })
		if err := do(srv.bucket(t, s3blob.Options{MaxAttempts: 1}), "list"); err == nil || blob.CodeOf(err) != blob.CodeUnavailable {
			t.Errorf("a listing that is %s = %v, want unavailable", name, err)
		}
	}
}

func TestList_PagesCarryTheTokenAndTheRest(t *testing.T) {
	srv := newScripted(t, func(w http.ResponseWriter, r *http.Request, n int) {
		q := r.URL.Query()
		if q.Get("prefix") != "a b/" || q.Get("delimiter") != "/" || q.Get("max-keys") != "2" {
			t.Errorf("request %d is for %s", n, r.URL)
		}
		if n == 1 {
			io.WriteString(w, listing+`<IsTruncated>true</IsTruncated><NextContinuationToken>a+/=token</NextContinuationToken></ListBucketResult>`)
			return
		}
		if q.Get("continuation-token") != "a+/=token" {
			t.Errorf("request %d has the token %q", n, q.Get("continuation-token"))
		}
		io.WriteString(w, listing+`<Contents><Key>`+strings.Repeat("k", 3)+`</Key></Contents></ListBucketResult>`)
	})
	n := 0
	for _, err := range srv.bucket(t, s3blob.Options{}).List(context.Background(), blob.ListOptions{Prefix: "a b/", Delimiter: "/", PageSize: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 1 || len(srv.seen()) != 2 {
		t.Errorf("the walk had %d entries in %d requests, want 1 in 2", n, len(srv.seen()))
	}
}
