package knativefn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"pixmill/internal/event"
	"pixmill/internal/fault"
	"pixmill/internal/handler"
	"pixmill/internal/imaging/vips/vipstest"
	"pixmill/internal/manifest"
	"pixmill/internal/outputtest"
)

func TestMain(m *testing.M) { vipstest.Main(m) }

// script is a handler that does what a key says and remembers what it was asked.
type script struct {
	mu   sync.Mutex
	keys []string

	begun   chan string   // gets each key that waits
	release chan struct{} // ends the waiting
}

func (s *script) Handle(ctx context.Context, ev event.ObjectEvent) (handler.Outcome, error) {
	s.mu.Lock()
	s.keys = append(s.keys, ev.Key)
	s.mu.Unlock()
	out := handler.Outcome{
		Key: ev.Key, Result: handler.ResultWritten, ManifestKey: ev.Key + "/manifest.json",
		Manifest: &manifest.Manifest{Schema: 1, Status: manifest.StatusOK, Source: manifest.Source{Bucket: ev.Bucket, Key: ev.Key}},
	}
	switch ev.Key {
	case "transient", "permanent", "rejected", "misconfigured":
		for _, k := range []fault.Kind{fault.Transient, fault.Permanent, fault.Rejected, fault.Misconfigured} {
			if k.String() == ev.Key {
				return handler.Outcome{}, fault.New(k, "handle", ev.Key, errors.New("as the key says"))
			}
		}
	case "panic":
		panic("as the key says")
	case "missing", "a%20b.jpg":
		return handler.Outcome{Key: ev.Key, Result: handler.ResultNothing, Reason: "there is no such object"}, nil
	case "notimage":
		out.Result, out.Manifest.Status = handler.ResultRejected, manifest.StatusRejected
	case "wait":
		s.begun <- ev.Key
		select {
		case <-s.release:
		case <-ctx.Done():
			return handler.Outcome{}, fault.New(fault.Transient, "handle", ev.Key, ctx.Err())
		}
	}
	return out, nil
}

func newService(slots, queue int) (*Service, *script, *outputtest.Buffer) {
	s := &script{begun: make(chan string, 64), release: make(chan struct{})}
	log := &outputtest.Buffer{}
	return New(Config{Handler: s, Log: slog.New(slog.NewJSONHandler(log, nil)), Now: time.Now, Slots: slots, Queue: queue, BodyBytes: 64 << 20}), s, log
}

func load(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("../../event/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// post sends a body with headers in pairs.
func post(t *testing.T, s http.Handler, body string, headers ...string) *http.Response {
	t.Helper()
	return postTo(t, s, "/", body, headers...)
}

func postTo(t *testing.T, s http.Handler, target, body string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

// text reads an answer's body.
func text(t *testing.T, r *http.Response) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := b.ReadFrom(r.Body); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// checkProblem holds an answer to RFC 9457, and to Retry-After with each 503.
func checkProblem(t *testing.T, r *http.Response, status int, detail string) {
	t.Helper()
	var p struct {
		Type, Title, Detail string
		Status              int
	}
	body := text(t, r)
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("answer %d %q: %v", r.StatusCode, body, err)
	}
	if r.StatusCode != status || p.Status != status || p.Title != http.StatusText(status) || !strings.Contains(p.Detail, detail) ||
		r.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("answer is %d %s; want %d with %q", r.StatusCode, body, status, detail)
	}
	if again := r.Header.Get("Retry-After"); (again != "") != (status == http.StatusServiceUnavailable) {
		t.Errorf("Retry-After of %d is %q", status, again)
	}
}
