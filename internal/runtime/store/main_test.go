package store_test

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.uber.org/goleak"

	"pixmill/internal/runtime/store"
	"pixmill/internal/runtime/store/storetest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, storetest.Late()...)
}

// recorder keeps what it was told, and fails as often as it is asked to.
type recorder struct {
	mu      sync.Mutex
	changes []store.Change
	fail    int
	look    func(store.Change) // called first, if set
}

func (r *recorder) tell(_ context.Context, c store.Change) error {
	if r.look != nil {
		r.look(c)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail > 0 {
		r.fail--
		return io.ErrClosedPipe
	}
	r.changes = append(r.changes, c)
	return nil
}

func (r *recorder) taken() []store.Change {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.changes
	r.changes = nil
	return c
}

func options(dir string, r *recorder) store.Options {
	return store.Options{
		Dir: dir, Listen: "127.0.0.1:0", Notify: r.tell,
		Log: slog.New(slog.DiscardHandler), Now: time.Now, Rand: rand.Reader,
	}
}

// open starts a store with the bucket "uploads".
func open(t *testing.T, dir string, r *recorder) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), options(dir, r))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if _, err := s.CreateBucket(t.Context(), "uploads"); err != nil {
		t.Fatal(err)
	}
	return s
}

// client returns an S3 client that tries each request up to attempts times.
func client(t *testing.T, e store.Endpoint, attempts int) *s3.Client {
	t.Helper()
	return s3.New(s3.Options{
		BaseEndpoint:     aws.String(e.URL),
		Region:           e.Region,
		UsePathStyle:     true,
		RetryMaxAttempts: attempts,
		Credentials:      credentials.NewStaticCredentialsProvider(e.AccessKey, e.SecretKey, ""),
		HTTPClient:       httpClient(t),
	})
}
