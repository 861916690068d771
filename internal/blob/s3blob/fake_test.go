package s3blob_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"pixmill/internal/blob"
	"pixmill/internal/blob/s3blob"
)

// scripted is an HTTP server that answers as a test says, for answers that the
// real gateway does not give on demand.
type scripted struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
	newConns int
}

// newScripted starts a server whose answer may depend on the number of the request, from 1.
func newScripted(t testing.TB, answer func(w http.ResponseWriter, r *http.Request, n int)) *scripted {
	t.Helper()
	s := &scripted{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r)
		n := len(s.requests)
		s.mu.Unlock()
		answer(w, r, n)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.newConns++
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// bucket opens a bucket of the server with credentials of no meaning.
func (s *scripted) bucket(t testing.TB, opts s3blob.Options) *blob.Bucket {
	t.Helper()
	opts.Endpoint = s.URL
	opts.Creds = credentials.NewStaticCredentialsProvider("id", "secret", "")
	store, err := s3blob.New(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store.Bucket("uploads")
}

// seen returns the requests so far.
func (s *scripted) seen() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*http.Request(nil), s.requests...)
}
