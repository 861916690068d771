// Package stand is the S3 on this machine that benchmarks of the HTTP function read
// from and write to, with the buckets of the configuration that is built in.
package stand

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"pixmill/internal/blob"
	"pixmill/internal/blob/s3blob"
	"pixmill/internal/handler"
	"pixmill/internal/runtime/store"
)

// The buckets.
const (
	SourceBucket = "uploads"
	OutputBucket = "variants"
)

// Stand is an S3 that is open.
type Stand struct {
	Source, Output *blob.Bucket

	store  *store.Store
	client *s3blob.Store
}

// Open opens an S3 that keeps its files in dir and listens on a free port of host. As
// the store says, the process works in another directory from then on.
func Open(ctx context.Context, dir, host string) (*Stand, error) {
	opened, err := store.Open(ctx, store.Options{
		Dir: dir, Listen: net.JoinHostPort(host, "0"), Notify: func(context.Context, store.Change) error { return nil },
		Log: slog.New(slog.DiscardHandler), Now: time.Now, Rand: rand.Reader,
	})
	if err != nil {
		return nil, err
	}
	s := &Stand{store: opened}
	for _, bucket := range []string{SourceBucket, OutputBucket} {
		if _, err := opened.CreateBucket(ctx, bucket); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	if s.client, err = opened.Endpoint().Client(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.Source, s.Output = s.client.Bucket(SourceBucket), s.client.Bucket(OutputBucket)
	return s, nil
}

// Absolute makes paths of the command line absolute, but for those that are empty or "-":
// after Open, relative ones lead elsewhere.
func Absolute(paths ...*string) error {
	for _, path := range paths {
		if *path == "" || *path == "-" {
			continue
		}
		var err error
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	return nil
}

// Endpoint is what the function needs to reach it.
func (s *Stand) Endpoint() store.Endpoint { return s.store.Endpoint() }

// Close ends it.
func (s *Stand) Close() error {
	if s.client != nil {
		s.client.Close()
	}
	return s.store.Close()
}

// Put puts a JPEG under count keys below a folder, and returns them.
func (s *Stand) Put(ctx context.Context, folder string, photo []byte, count int) ([]string, error) {
	keys := make([]string, count)
	for i := range keys {
		keys[i] = fmt.Sprintf("%s/%03d.jpg", folder, i)
		if _, err := s.Source.Put(ctx, keys[i], photo, &blob.PutOptions{ContentType: "image/jpeg"}); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// Forget removes all that was made of the sources, so that it is made again.
func (s *Stand) Forget(ctx context.Context) error {
	var keys []string
	for e, err := range s.Output.List(ctx, blob.ListOptions{}) {
		if err != nil {
			return err
		}
		keys = append(keys, e.Key)
	}
	for _, key := range keys {
		if err := s.Output.Delete(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// Direct is the body of a direct invocation for a source.
func Direct(key string) string {
	return fmt.Sprintf(`{"bucket": %q, "key": %q}`, SourceBucket, key)
}

// Make has the function at a URL make a source's variants, of which there are none. There
// is no second try.
func Make(ctx context.Context, c *http.Client, url, key string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(Direct(key)))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	body, err := Do(c, r)
	if err == nil && !strings.Contains(body, `"result":"`+string(handler.ResultWritten)+`"`) {
		err = fmt.Errorf("of %s nothing was made: %.300s", key, body)
	}
	return err
}

// Do sends a request, and returns the body of the answer, whose status must be 200.
func Do(c *http.Client, r *http.Request) (body string, err error) {
	res, err := c.Do(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s %s: %s: %.300s", r.Method, r.URL, res.Status, answer)
	}
	return string(answer), nil
}
