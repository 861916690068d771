package store_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"pixmill/internal/runtime/store"
)

// soon is far more than a close takes that waits for nobody, and less than a client
// that says nothing is waited for.
const soon = 3 * time.Second

// dial connects to a store and says nothing.
func dial(t *testing.T, e store.Endpoint) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(e.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// closeWithin closes the store and fails if that takes longer.
func closeWithin(t *testing.T, s *store.Store, limit time.Duration) {
	t.Helper()
	begin := time.Now()
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if took := time.Since(begin); took > limit {
		t.Errorf("close took %v, want at most %v", took, limit)
	}
}

func openAlone(t *testing.T, r *recorder) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), options(t.TempDir(), r))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateBucket(t.Context(), "uploads"); err != nil {
		t.Error(err)
	}
	return s
}

// Go's HTTP client connects ahead, and such a connection may never get a request.
func TestClose_DoesNotWaitForAConnectionWithoutARequest(t *testing.T) {
	s := openAlone(t, &recorder{})
	conn := dial(t, s.Endpoint())
	put(t, client(t, s.Endpoint(), 1), "k", "its connection is kept alive")
	closeWithin(t, s, soon)
	if err := conn.SetReadDeadline(time.Now().Add(soon)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the silent connection: %d bytes, %v, want its end", n, err)
	}
}

// awaitWrite waits until a write has reached the store's handlers.
func awaitWrite(t *testing.T, s *store.Store) {
	t.Helper()
	every := func(string, string) bool { return true }
	for begin := time.Now(); time.Since(begin) < soon; {
		ctx, stop := context.WithTimeout(t.Context(), time.Millisecond)
		err := s.Settled(ctx, every)
		stop()
		if err != nil {
			return
		}
	}
	t.Fatal("no write has begun")
}

func TestClose_FinishesTheRequestsUnderWayAndTakesNoOthers(t *testing.T) {
	rec := &recorder{}
	s := openAlone(t, rec)
	signed, err := s3.NewPresignClient(client(t, s.Endpoint(), 1)).PresignPutObject(t.Context(),
		&s3.PutObjectInput{Bucket: aws.String("uploads"), Key: aws.String("slow.jpg")})
	if err != nil {
		t.Fatal(err)
	}
	kept := client(t, s.Endpoint(), 1)
	put(t, kept, "before.jpg", "its connection is kept alive")
	body, send := io.Pipe()
	t.Cleanup(func() { send.Close() })
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, signed.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	const size = 64 << 10
	req.ContentLength = size
	status := make(chan int, 1)
	go func() { status <- do(t, req) }()
	if _, err := send.Write(make([]byte, size/2)); err != nil {
		t.Fatal(err)
	}

	awaitWrite(t, s)
	closed := make(chan struct{})
	go func() { defer close(closed); closeWithin(t, s, soon) }()
	select {
	case <-closed:
		t.Error("closed while an upload was under way")
	case <-time.After(500 * time.Millisecond):
	}
	_, err = kept.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("uploads"), Key: aws.String("late.jpg")})
	if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != "SlowDown" {
		t.Errorf("a request that came when the store was closing: %v, want SlowDown", err)
	}
	if _, err := send.Write(make([]byte, size/2)); err != nil {
		t.Fatal(err)
	}
	if code := <-status; code != http.StatusOK {
		t.Errorf("the upload that was under way: status %d", code)
	}
	<-closed
	equal(t, summaries(rec.taken()), summary{store.CreatedPut, "before.jpg", 28}, summary{store.CreatedPut, "slow.jpg", size})
}
