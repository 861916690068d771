// Package storetest opens the embedded S3 for tests of what works on an S3, and
// closes it with them. It checks nothing of the store itself.
package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"image"
	"image/jpeg"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pixmill/internal/blob"
	"pixmill/internal/blob/s3blob"
	"pixmill/internal/runtime/store"
)

// Late names two goroutines of the store's HTTP library, which sleep for some seconds
// and end when they wake up after the server has.
func Late() []goleak.Option {
	return []goleak.Option{
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
	}
}

// Open opens a store in dir on a free port of loopback, with these buckets in it.
// It tells nobody of changes.
func Open(t testing.TB, dir string, buckets ...string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{
		Dir: dir, Listen: "127.0.0.1:0", Notify: func(context.Context, store.Change) error { return nil },
		Log: slog.New(slog.DiscardHandler), Now: time.Now, Rand: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, name := range buckets {
		if _, err := s.CreateBucket(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// Client returns a client of an endpoint, closed with the test.
func Client(t testing.TB, e store.Endpoint) *s3blob.Store {
	t.Helper()
	c, err := e.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// Buckets opens a store with the buckets "uploads" and "variants", which most
// configurations name.
func Buckets(t testing.TB) (e store.Endpoint, uploads, variants *blob.Bucket) {
	t.Helper()
	e = Open(t, t.TempDir(), "uploads", "variants").Endpoint()
	c := Client(t, e)
	return e, c.Bucket("uploads"), c.Bucket("variants")
}

// Photograph returns a JPEG to put, of some colours: width × ¾ width pixels.
func Photograph(t testing.TB, width int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, width, width*3/4))
	for i := range img.Pix {
		img.Pix[i] = uint8(i / 7)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Names lists what stands directly under a folder, which ends in a slash, without it.
func Names(t *testing.T, b *blob.Bucket, folder string) []string {
	t.Helper()
	names := []string{}
	for e, err := range b.List(t.Context(), blob.ListOptions{Prefix: folder, Delimiter: "/"}) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, e.Key[len(folder):])
	}
	return names
}
