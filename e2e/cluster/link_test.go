package cluster

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// link is the way from a site's pods to the store: a proxy that can be slow, refuse
// connections, or say nothing. The Host header goes on as it came, since signatures
// cover it.
type link struct {
	url string

	mu    sync.Mutex
	state linkState
	delay time.Duration
	back  chan struct{} // closed when the link answers again

	held atomic.Int64 // requests that wait for delay
}

type linkState int

const (
	open   linkState = iota
	broken           // connections are reset
	silent           // requests are never answered
)

func newLink(t *testing.T, w *world) *link {
	t.Helper()
	store, err := url.Parse(w.store.Endpoint().URL)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", net.JoinHostPort(w.cluster.HostFromPods, "0"))
	if err != nil {
		t.Fatal(err)
	}
	l := &link{url: "http://" + ln.Addr().String(), back: make(chan struct{})}
	close(l.back)
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}
	forward := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = store.Scheme, store.Host
			r.Out.Host = r.In.Host
		},
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo), // a pod that was killed left its request
	}
	srv := &http.Server{Handler: l.handler(forward), ReadHeaderTimeout: time.Minute}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.Serve(ln) // until Close
	}()
	t.Cleanup(func() {
		l.set(open)
		srv.Close()
		<-served
		transport.CloseIdleConnections()
	})
	return l
}

// slow makes each request to the store take longer, and so each to the function,
// which costs no processor time. It returns by how much it was longer before.
func (l *link) slow(by time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.delay
	l.delay = by
	return before
}

// waiting is how many requests the link holds up now.
func (l *link) waiting() int { return int(l.held.Load()) }

func (l *link) set(to linkState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == open && to != open {
		l.back = make(chan struct{})
	}
	if l.state != open && to == open {
		close(l.back)
	}
	l.state = to
}

func (l *link) handler(forward http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		state, delay, back := l.state, l.delay, l.back
		l.mu.Unlock()
		switch state {
		case open:
			l.held.Add(1)
			time.Sleep(delay)
			l.held.Add(-1)
			forward.ServeHTTP(w, r)
		case broken:
			panic(http.ErrAbortHandler)
		case silent:
			_, _ = io.Copy(io.Discard, r.Body) // with it read, the end of the client shows
			select {
			case <-r.Context().Done():
			case <-back:
			}
			panic(http.ErrAbortHandler)
		}
	}
}
