package s3blob_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"pixmill/internal/blob"
	"pixmill/internal/blob/s3blob"
	"pixmill/internal/fault"
)

func ok(w http.ResponseWriter) {
	w.Header().Set("ETag", `"etag"`)
	w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
}

// cut ends the connection without an answer, after the whole request was read.
func cut(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	conn.Close()
}

func TestRetries(t *testing.T) {
	status := func(code int) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			w.WriteHeader(code)
		}
	}
	tests := []struct {
		name     string
		op       string
		failures int // how many requests fail before one succeeds
		fail     func(http.ResponseWriter, *http.Request)
		requests int
		wantErr  bool
	}{
		{"ReadAfterSlowDown", "head", 2, status(503), 3, false},
		{"ReadAfterCut", "head", 1, cut, 2, false},
		{"ReadNotForEver", "get", 9, status(500), 3, true},
		{"WriteAfterSlowDown", "put", 2, status(503), 3, false},
		{"WriteAfterInternalError", "delete", 1, status(500), 2, false},
		{"WriteNotForEver", "put", 9, status(503), 3, true},
		{"WriteNotAfterCut", "put", 9, cut, 1, true},
		{"DeleteNotAfterCut", "delete", 9, cut, 1, true},
		{"WriteNotAfterProxyTimeout", "put", 9, status(504), 1, true},
		{"WriteNotAfterBadGateway", "put", 9, status(502), 1, true},
		{"WriteNotAfterRefusal", "put", 9, status(412), 1, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := newScripted(t, func(w http.ResponseWriter, r *http.Request, n int) {
				if n <= tt.failures {
					tt.fail(w, r)
					return
				}
				ok(w)
			})
			err := do(srv.bucket(t, s3blob.Options{}), tt.op)
			if (err != nil) != tt.wantErr || len(srv.seen()) != tt.requests {
				t.Errorf("%s took %d requests and ended with %v; want %d requests, error: %v", tt.op, len(srv.seen()), err, tt.requests, tt.wantErr)
			}
			if err != nil && fault.KindOf(err) != fault.Transient {
				t.Errorf("%v is %v, want transient", err, fault.KindOf(err))
			}
		})
	}
}

// TestRetries_WriteThatWasNeverSent: a store that does not listen yet got nothing.
func TestRetries_WriteThatWasNeverSent(t *testing.T) {
	srv := newScripted(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		io.Copy(io.Discard, r.Body)
		ok(w)
	})
	b := srv.bucket(t, s3blob.Options{MaxAttempts: 20})
	srv.Close()
	again := &http.Server{Handler: srv.Config.Handler, ReadHeaderTimeout: time.Second}
	t.Cleanup(func() { again.Close() })
	served := make(chan error, 1)
	time.AfterFunc(5*time.Millisecond, func() {
		l, err := net.Listen("tcp", srv.Listener.Addr().String())
		if err == nil {
			err = again.Serve(l)
		}
		served <- err
	})
	if err := do(b, "put"); err != nil {
		t.Errorf("Put to a store that began to listen = %v", err)
	}
	again.Close()
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("serve again: %v", err)
	}
}

func TestTimeout_IsAnErrorAndNoRetry(t *testing.T) {
	for _, op := range []string{"put", "delete", "get", "head", "list"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			release := make(chan struct{})
			srv := newScripted(t, func(_ http.ResponseWriter, r *http.Request, _ int) {
				io.Copy(io.Discard, r.Body)
				<-release
			})
			t.Cleanup(func() { close(release) })
			err := do(srv.bucket(t, s3blob.Options{Timeout: 50 * time.Millisecond}), op)
			if !errors.Is(err, context.DeadlineExceeded) || blob.CodeOf(err) != blob.CodeUnavailable || fault.KindOf(err) != fault.Transient {
				t.Errorf("%s of a store that hangs = %v, want a deadline that is transient", op, err)
			}
			if err != nil && !strings.Contains(err.Error(), "not done within 50ms") {
				t.Errorf("%q does not say how long it waited", err)
			}
			if n := len(srv.seen()); n != 1 {
				t.Errorf("%s sent %d requests, want 1", op, n)
			}
		})
	}
}

func TestTimeout_WhileReadingTheBody(t *testing.T) {
	release := make(chan struct{})
	srv := newScripted(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		ok(w)
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "half ")
		http.NewResponseController(w).Flush()
		<-release
	})
	t.Cleanup(func() { close(release) })
	_, _, err := srv.bucket(t, s3blob.Options{Timeout: 50 * time.Millisecond}).Get(context.Background(), "k", 0)
	if !errors.Is(err, context.DeadlineExceeded) || fault.KindOf(err) != fault.Transient {
		t.Errorf("Get of a body that stalls = %v, want a deadline that is transient", err)
	}
}

// TestTimeout_GrowsWithTheBody: 2 MiB may take two seconds longer.
func TestTimeout_GrowsWithTheBody(t *testing.T) {
	big := strings.Repeat("x", 2<<20)
	srv := newScripted(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		io.Copy(io.Discard, r.Body)
		ok(w)
		if r.Method == http.MethodGet {
			w.Header().Set("Content-Length", strconv.Itoa(len(big)))
			http.NewResponseController(w).Flush()
			defer io.WriteString(w, big)
		}
		time.Sleep(300 * time.Millisecond)
	})
	b := srv.bucket(t, s3blob.Options{Timeout: 150 * time.Millisecond})
	if _, err := b.Put(context.Background(), "k", []byte(big), nil); err != nil {
		t.Errorf("Put = %v", err)
	}
	if body, _, err := b.Get(context.Background(), "k", 0); err != nil || string(body) != big {
		t.Errorf("Get returned %d bytes and %v", len(body), err)
	}
}

func TestGet_CutOffIsTransient(t *testing.T) {
	srv := newScripted(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		ok(w)
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "half ")
		http.NewResponseController(w).Flush()
		cut(w, r)
	})
	body, _, err := srv.bucket(t, s3blob.Options{}).Get(context.Background(), "k", 0)
	if err == nil || body != nil || fault.KindOf(err) != fault.Transient {
		t.Errorf("Get of half an object = %q, %v; want a transient error", body, err)
	}
}

// TestPut_IsSignedWithItsHashAndNeedsNoTrailer: older stores refuse the SDK's
// checksum trailers, and every store verifies the signed hash.
func TestPut_IsSignedWithItsHashAndNeedsNoTrailer(t *testing.T) {
	srv := newScripted(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		io.Copy(io.Discard, r.Body)
		ok(w)
	})
	if err := do(srv.bucket(t, s3blob.Options{}), "put"); err != nil {
		t.Fatal(err)
	}
	header := srv.seen()[0].Header
	if got, want := header.Get("X-Amz-Content-Sha256"), fmt.Sprintf("%x", sha256.Sum256([]byte("body"))); got != want {
		t.Errorf("the signed hash is %q, want %q", got, want)
	}
	for name, values := range header {
		if strings.HasPrefix(name, "X-Amz-Checksum") || name == "X-Amz-Trailer" || name == "Content-Encoding" {
			t.Errorf("the request has %s: %q", name, values)
		}
	}
}

// TestNoRequestHasAcceptEncoding: the SDK would sign that header, which Google's proxies change.
func TestNoRequestHasAcceptEncoding(t *testing.T) {
	for _, op := range []string{"head", "get", "put", "delete", "list"} {
		srv := newScripted(t, func(w http.ResponseWriter, r *http.Request, _ int) {
			io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusForbidden) // each operation asks for another answer
		})
		_ = do(srv.bucket(t, s3blob.Options{}), op) // the requests are what counts
		if len(srv.seen()) == 0 {
			t.Fatalf("%s sent no request", op)
		}
		h := srv.seen()[0].Header
		if got := h.Values("Accept-Encoding"); len(got) > 0 || strings.Contains(h.Get("Authorization"), "accept-encoding") {
			t.Errorf("%s has Accept-Encoding %q, Authorization %q", op, got, h.Get("Authorization"))
		}
		if !strings.Contains(h.Get("Authorization"), "SignedHeaders=") {
			t.Errorf("%s is not signed: %q", op, h)
		}
	}
}

func TestConnectionsAreReused(t *testing.T) {
	srv := newScripted(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		io.Copy(io.Discard, r.Body)
		if r.Method == http.MethodGet {
			answer{status: 404, code: "NoSuchKey", message: "The specified key does not exist."}.write(w)
			return
		}
		ok(w)
	})
	b := srv.bucket(t, s3blob.Options{})
	for range 10 {
		for _, op := range []string{"head", "get", "put", "delete"} {
			if err := do(b, op); err != nil && op != "get" {
				t.Fatalf("%s = %v", op, err)
			}
		}
	}
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.newConns != 1 {
		t.Errorf("40 calls in a row took %d connections, want 1", srv.newConns)
	}
}
