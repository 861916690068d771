package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"pixmill/internal/manifest"
)

// untilExact waits until the output is exactly what the sources ask for.
func (s *stage) untilExact() {
	s.t.Helper()
	s.until("the output agrees with the sources", func(ctx context.Context) (string, error) {
		problem, _, err := s.disagreement(ctx)
		return problem, err
	})
}

// untilManifest waits for a manifest of which want is true.
func (s *stage) untilManifest(key string, want func(*manifest.Manifest) bool) {
	s.t.Helper()
	s.until("the manifest of "+key, func(ctx context.Context) (string, error) {
		doc, err := s.get(ctx, s.output, key+"/"+manifest.Name)
		if err != nil {
			return "", err
		}
		if m, err := manifest.Parse(doc); err != nil || !want(m) {
			return fmt.Sprintf("it is %s (%v)", doc, err), nil
		}
		return "", nil
	})
}

// disagreement compares the buckets by what docs/manifest.md says, without
// asking the handler: every source has a manifest of its ETag, every variant that
// it calls ok is listed with its ETag, and nothing else stands in the output. It
// returns the first thing that is not so, and the manifests by source key.
func (s *stage) disagreement(ctx context.Context) (problem string, docs map[string][]byte, err error) {
	sources, err := s.list(ctx, s.source)
	if err != nil {
		return "", nil, err
	}
	left, err := s.list(ctx, s.output)
	if err != nil {
		return "", nil, err
	}
	for _, key := range s.expectDead {
		delete(sources, key)
	}
	for key := range sources { // the listings alone tell most of the time
		if _, ok := left[key+"/"+manifest.Name]; !ok {
			return fmt.Sprintf("%d sources, %d objects in the output; %q has no manifest", len(sources), len(left), key), nil, nil
		}
	}
	docs = map[string][]byte{}
	for key, etag := range sources {
		doc, err := s.get(ctx, s.output, key+"/"+manifest.Name)
		if err != nil {
			return "", nil, err
		}
		if problem := strike(left, doc, key, etag); problem != "" {
			return problem, nil, nil
		}
		docs[key] = doc
	}
	for key := range left {
		return fmt.Sprintf("%d objects in the output that nobody asks for, such as %q", len(left), key), nil, nil
	}
	return "", docs, nil
}

// strike takes off the list what a manifest accounts for.
func strike(list map[string]string, doc []byte, key, etag string) string {
	m, err := manifest.Parse(doc)
	switch {
	case err != nil:
		return fmt.Sprintf("%q: %v", key, err)
	case m.Source.Key != key || m.Source.ETag != etag:
		return fmt.Sprintf("%q has ETag %s, its manifest is of %q with %s", key, etag, m.Source.Key, m.Source.ETag)
	}
	delete(list, key+"/"+manifest.Name)
	for _, v := range m.Variants {
		if v.Status != manifest.StatusOK {
			continue
		}
		if list[v.Key] != v.ETag {
			return fmt.Sprintf("%q: its manifest has variant %s with ETag %s, the listing says %q", key, v.Name, v.ETag, list[v.Key])
		}
		delete(list, v.Key)
	}
	return ""
}

// collect returns the manifests, after it has read every variant.
func (s *stage) collect() map[string][]byte {
	s.t.Helper()
	problem, docs, err := s.disagreement(s.ctx)
	if problem != "" || err != nil {
		s.t.Fatalf("at the end: %s %v", problem, err)
	}
	for key, doc := range docs {
		m, err := manifest.Parse(doc)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, v := range m.Variants {
			if v.Status != manifest.StatusOK {
				continue
			}
			data, err := s.get(s.ctx, s.output, v.Key)
			sum := sha256.Sum256(data)
			if got := hex.EncodeToString(sum[:]); err != nil || got != v.SHA256 || int64(len(data)) != v.Bytes {
				s.t.Errorf("%s of %q has %d bytes with SHA-256 %s (%v), its manifest says %d with %s", v.Name, key, len(data), got, err, v.Bytes, v.SHA256)
			}
		}
	}
	return docs
}

// list returns the ETags of a bucket's objects, without quotes, by key.
func (s *stage) list(ctx context.Context, bucket string) (map[string]string, error) {
	found := map[string]string{}
	pages := s3.NewListObjectsV2Paginator(s.s3, &s3.ListObjectsV2Input{Bucket: &bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range page.Contents {
			found[aws.ToString(o.Key)] = strings.Trim(aws.ToString(o.ETag), `"`)
		}
	}
	return found, nil
}

func (s *stage) get(ctx context.Context, bucket, key string) ([]byte, error) {
	out, err := s.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if absent := (*types.NoSuchKey)(nil); errors.As(err, &absent) {
		return nil, fmt.Errorf("there is no %q in %s", key, bucket)
	}
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	return io.ReadAll(out.Body)
}

// wantWrittenOnce checks at the store that each object of the outputs of these
// sources was written exactly once, however often their events came.
func (s *stage) wantWrittenOnce(keys ...string) {
	s.t.Helper()
	written := s.proxy.writes(s.output)
	for _, key := range keys {
		n := 0
		for object, times := range written {
			if strings.HasPrefix(object, key+"/") {
				n++
				if times != 1 {
					s.t.Errorf("%q was written %d times, want once", object, times)
				}
			}
		}
		if n == 0 {
			s.t.Errorf("nothing under %q was written through the proxy", key)
		}
	}
}

// wantSamePictures checks that two sources of the same bytes have the same variants,
// to the byte, and the same placeholder.
func (s *stage) wantSamePictures(key, other string) {
	s.t.Helper()
	looks := map[string]string{}
	for _, k := range []string{key, other} {
		s.untilManifest(k, func(m *manifest.Manifest) bool {
			looks[k] = fmt.Sprintf("%+v", m.Placeholder)
			for _, v := range m.Variants {
				looks[k] += fmt.Sprintf(" %s: %s", v.Name, v.SHA256)
			}
			return true
		})
	}
	if looks[key] != looks[other] {
		s.t.Errorf("%q is shown by\n%s\nand %q, of the same bytes, by\n%s", key, looks[key], other, looks[other])
	}
}

// untilDead waits until exactly the expected events were given up.
func (s *stage) untilDead() {
	s.t.Helper()
	s.until("the dead letters", func(ctx context.Context) (string, error) {
		got, err := s.target.dead(ctx)
		if slices.Sort(got); err != nil || !slices.Equal(got, s.expectDead) {
			return fmt.Sprintf("they are %q, want %q", got, s.expectDead), err
		}
		return "", nil
	})
}
