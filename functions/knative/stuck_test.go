package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// stuckStore is an S3 that never answers.
type stuckStore struct {
	url   string
	asked chan struct{} // closed at the first request
}

func newStuckStore(t *testing.T) *stuckStore {
	t.Helper()
	s := &stuckStore{asked: make(chan struct{})}
	var once sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		once.Do(func() { close(s.asked) })
		<-r.Context().Done()
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	s.url = server.URL
	return s
}

// What waits behind a store that does not answer is given back long before the store is
// given up.
func TestFunction_AStoreThatHangsHoldsTheNextOnesOnlySoLong(t *testing.T) {
	stuck := newStuckStore(t)
	f := start(t, "AWS_ENDPOINT_URL="+stuck.url, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b",
		"PIXMILL_CONFIG="+presets, "PIXMILL_SLOTS=1", "PIXMILL_WAIT=200ms", "PIXMILL_TIMEOUT=3s")
	first := make(chan answer, 1)
	go func() { first <- f.post(newClient(), direct("a.jpg"), nil) }()
	<-stuck.asked
	begun := time.Now()
	a := f.post(newClient(), direct("b.jpg"), nil)
	if a.status != 503 || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, "waited 200ms for one of 1") || time.Since(begun) > 2*time.Second {
		t.Errorf("after %v: %+v", time.Since(begun), a)
	}
	if a := <-first; a.status != 503 {
		t.Errorf("the one that had the slot: %+v", a)
	}
}
