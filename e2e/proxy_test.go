package e2e

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// request is what a rule sees of a request to the store. Addresses are
// path-style: /bucket/key.
type request struct {
	method, bucket, key string
	header              http.Header
}

// rule is something that happens to the requests that match.
type rule interface {
	fmt.Stringer
	matches(request) bool
	// apply returns false if it has answered the request or the client is gone.
	apply(w http.ResponseWriter, r *http.Request) bool
}

// proxy stands between one function and its store. It is a reverse HTTP proxy
// and not a TCP one such as toxiproxy, because most of what the scenarios need
// are requests: counted by key, held at a certain one, refused for a key. The
// Host header goes on as it came, since signatures cover it. Cutting the
// connection is the listener's affair and needs no more than this file.
type proxy struct {
	URL      string
	listener *cutter
	server   *http.Server
	upstream atomic.Pointer[url.URL] // set once the store is up

	mu      sync.Mutex
	rules   []rule
	answers map[answer]int // how often the store gave each
	history []string       // one line a request, for reports
}

// answer is one that the store gave to a request for an object.
type answer struct {
	method, bucket, key string
	status              int
}

// newProxy listens on a free port of host; the test closes it.
func newProxy(t *testing.T, host string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{
		URL:      "http://" + l.Addr().String(),
		listener: &cutter{Listener: l, conns: map[net.Conn]struct{}{}},
		answers:  map[answer]int{},
	}
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}
	forward := &httputil.ReverseProxy{
		Transport:      transport,
		Rewrite:        p.rewrite,
		ModifyResponse: p.answered,
		ErrorHandler:   p.failed,
		ErrorLog:       slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo), // what matters is in the history
	}
	p.server = &http.Server{Handler: p.handler(forward), ReadHeaderTimeout: time.Minute}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = p.server.Serve(p.listener) // until Close
	}()
	t.Cleanup(func() {
		p.server.Close()
		<-served
		transport.CloseIdleConnections()
	})
	return p
}

// sendTo says where the store is.
func (p *proxy) sendTo(t *testing.T, endpoint string) {
	t.Helper()
	u, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	p.upstream.Store(u)
}

func (p *proxy) rewrite(r *httputil.ProxyRequest) {
	u := p.upstream.Load()
	r.Out.URL.Scheme, r.Out.URL.Host = u.Scheme, u.Host // the path as it came: signatures cover it, too
	r.Out.Host = r.In.Host
}

func (p *proxy) handler(forward http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		// With its body read, the end of a client shows as the end of its request.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		for _, rule := range p.matching(readRequest(r)) {
			if !rule.apply(w, r) {
				p.note("%s %s: not sent on: %v", r.Method, r.URL.Path, rule)
				return
			}
		}
		forward.ServeHTTP(w, r)
	}
}

func (p *proxy) matching(req request) []rule {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []rule
	for _, r := range p.rules {
		if r.matches(req) {
			found = append(found, r)
		}
	}
	return found
}

func readRequest(r *http.Request) request {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return request{method: r.Method, bucket: bucket, key: key, header: r.Header}
}

// answered counts, and so counts what the store has done.
func (p *proxy) answered(res *http.Response) error {
	req := readRequest(res.Request)
	p.note("%s %s: %s", req.method, res.Request.URL.Path, res.Status)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers[answer{req.method, req.bucket, req.key, res.StatusCode}]++
	return nil
}

func (p *proxy) failed(w http.ResponseWriter, r *http.Request, err error) {
	p.note("%s %s: %v", r.Method, r.URL.Path, err)
	w.WriteHeader(http.StatusBadGateway)
}

func (p *proxy) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.history = append(p.history, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// last returns the last lines of what went through.
func (p *proxy) last(n int) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.history[max(0, len(p.history)-n):]...)
}

// count returns how often the store gave an answer.
func (p *proxy) count(method, bucket, key string, status int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.answers[answer{method, bucket, key, status}]
}

// writes returns how often each key of a bucket was written.
func (p *proxy) writes(bucket string) map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := map[string]int{}
	for a, n := range p.answers {
		if a.method == http.MethodPut && a.bucket == bucket && a.status == http.StatusOK {
			found[a.key] = n
		}
	}
	return found
}

func (p *proxy) add(r rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, r)
}

// refuse answers what matches as a bucket policy does that denies it.
func (p *proxy) refuse(match func(request) bool) { p.add(refusal(match)) }

type refusal func(request) bool

func (refusal) String() string { return "the test refused it" }

func (m refusal) matches(r request) bool { return m(r) }

func (refusal) apply(w http.ResponseWriter, r *http.Request) bool {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(http.StatusForbidden)
	if r.Method != http.MethodHead {
		io.WriteString(w, `<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>refused by the test</Message></Error>`)
	}
	return false
}

// cutter is a listener whose connections can be cut, those that come included.
type cutter struct {
	net.Listener

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]struct{}
}

// Accept resets what comes while the connection is cut.
func (c *cutter) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c.admit(conn) {
			return &tracked{Conn: conn, by: c}, nil
		}
		reset(conn)
	}
}

func (c *cutter) admit(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.cut {
		c.conns[conn] = struct{}{}
	}
	return !c.cut
}

// set cuts or mends.
func (c *cutter) set(cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = cut
	if cut {
		for conn := range c.conns {
			reset(conn)
		}
	}
}

// reset closes a connection without the usual farewell.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // it may be closed by now
	}
	conn.Close()
}

type tracked struct {
	net.Conn
	by *cutter
}

func (t *tracked) Close() error {
	t.by.mu.Lock()
	delete(t.by.conns, t.Conn)
	t.by.mu.Unlock()
	return t.Conn.Close()
}
