package e2e

import (
	"bytes"
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	// patience is how long a scenario waits for what should come.
	patience = 90 * time.Second
	// glance is the pause between two looks.
	glance = 100 * time.Millisecond
)

// stage is where a scenario plays: a client's view of one target.
type stage struct {
	t      *testing.T
	ctx    context.Context
	place  string
	plan   plan
	target target

	s3             *s3.Client
	source, output string // buckets
	proxy          *proxy
	expectDead     []string // source keys whose events are to be given up
}

func newStage(t *testing.T, pl place, p plan) *stage {
	t.Helper()
	s := &stage{t: t, ctx: t.Context(), place: pl.name, plan: p}
	s.target = pl.deploy(t, p)
	s.s3, s.proxy = s.target.client(), s.target.proxy()
	s.source, s.output = s.target.buckets()
	return s
}

// put writes an object into the source bucket. meta are pairs of name and value.
func (s *stage) put(key string, body []byte, meta ...string) {
	s.t.Helper()
	s.check("put", key, s.tryPut(s.ctx, key, body, meta...))
}

// tryPut is put for other goroutines than the test's.
func (s *stage) tryPut(ctx context.Context, key string, body []byte, meta ...string) error {
	_, err := s.s3.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &s.source, Key: &key, Body: bytes.NewReader(body), Metadata: pairs(meta),
	})
	return err
}

func pairs(of []string) map[string]string {
	m := map[string]string{}
	for pair := range slices.Chunk(of, 2) {
		m[pair[0]] = pair[1]
	}
	return m
}

func (s *stage) remove(key string) {
	s.t.Helper()
	_, err := s.s3.DeleteObject(s.ctx, &s3.DeleteObjectInput{Bucket: &s.source, Key: &key})
	s.check("delete", key, err)
}

// duplicate copies an object within the source bucket; with meta these replace its own.
func (s *stage) duplicate(from, to string, meta ...string) {
	s.t.Helper()
	in := &s3.CopyObjectInput{
		Bucket: &s.source, Key: &to,
		CopySource: aws.String(s.source + "/" + (&url.URL{Path: from}).EscapedPath()),
	}
	if len(meta) > 0 {
		in.Metadata, in.MetadataDirective = pairs(meta), types.MetadataDirectiveReplace
	}
	_, err := s.s3.CopyObject(s.ctx, in)
	s.check("copy", to, err)
}

// putParts uploads an object in parts; all but the last have at least 5 MiB.
func (s *stage) putParts(key string, parts ...[]byte) {
	s.t.Helper()
	begun, err := s.s3.CreateMultipartUpload(s.ctx, &s3.CreateMultipartUploadInput{Bucket: &s.source, Key: &key})
	s.check("begin the upload of", key, err)
	var done types.CompletedMultipartUpload
	for i, part := range parts {
		n := aws.Int32(int32(i + 1))
		out, err := s.s3.UploadPart(s.ctx, &s3.UploadPartInput{
			Bucket: &s.source, Key: &key, UploadId: begun.UploadId, PartNumber: n, Body: bytes.NewReader(part),
		})
		s.check("upload a part of", key, err)
		done.Parts = append(done.Parts, types.CompletedPart{PartNumber: n, ETag: out.ETag})
	}
	_, err = s.s3.CompleteMultipartUpload(s.ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &s.source, Key: &key, UploadId: begun.UploadId, MultipartUpload: &done,
	})
	s.check("complete the upload of", key, err)
}

func (s *stage) check(what, key string, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%s %q: %v", what, key, err)
	}
}

// ofFunction matches the function's requests with one method to one bucket,
// for the keys that have the prefix.
func ofFunction(method, bucket, prefix string) func(request) bool {
	return func(r request) bool {
		return r.method == method && r.bucket == bucket && r.key != "" && strings.HasPrefix(r.key, prefix)
	}
}

// within bounds a wait for something that has a name.
func (s *stage) within(what string, wait func(context.Context) error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	if err := wait(ctx); err != nil {
		s.t.Fatalf("not within %v: %s (%v)", patience, what, err)
	}
}

// reached waits until n requests are held.
func (s *stage) reached(h *hold, n int, what string) {
	s.t.Helper()
	s.within(what, func(ctx context.Context) error { return h.reached(ctx, n) })
}

// until looks until problem finds none.
func (s *stage) until(what string, problem func(context.Context) (string, error)) {
	s.t.Helper()
	last := "nothing was looked at"
	s.within(what, func(ctx context.Context) error {
		for {
			p, err := problem(ctx)
			switch {
			case ctx.Err() != nil: // a look that was cut short tells nothing
			case err != nil:
				last = err.Error()
			case p == "":
				return nil
			default:
				last = p
			}
			select {
			case <-time.After(glance):
			case <-ctx.Done():
				return &unmet{last}
			}
		}
	})
}

// unmet is what stood against a condition at the last look.
type unmet struct{ problem string }

func (u *unmet) Error() string { return u.problem }
