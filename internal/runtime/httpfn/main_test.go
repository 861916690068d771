package httpfn

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// notification stands for an event; what is in it is nobody's business here.
const notification = `{"Records":[]}`

// open returns a function that is called at an address. edit may change its options.
func open(t *testing.T, address string, edit func(*Options)) *Function {
	t.Helper()
	u, err := ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		URL: u, Timeout: 10 * time.Second, Grace: time.Millisecond, Now: time.Now,
	}
	if edit != nil {
		edit(&o)
	}
	f := New(o)
	t.Cleanup(f.Close)
	return f
}

// script is an HTTP function. HEAD is answered with 200 unless look is set.
type script struct {
	*httptest.Server

	mu    sync.Mutex
	post  http.HandlerFunc
	look  http.HandlerFunc
	seen  []string // method, host, path, body
	peers map[string]bool
}

func serve(t *testing.T, post http.HandlerFunc) *script {
	t.Helper()
	s := &script{post: post, peers: map[string]bool{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // of the test's own
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.mu.Lock()
	s.seen = append(s.seen, r.Method+" "+r.Host+r.URL.RequestURI()+" "+string(body))
	s.peers[r.RemoteAddr] = true
	look := s.look
	s.mu.Unlock()
	switch {
	case r.Method == http.MethodPost:
		s.post(w, r)
	case look != nil:
		look(w, r)
	}
}

func (s *script) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.seen...)
}

func (s *script) methods() []string {
	var methods []string
	for _, r := range s.requests() {
		method, _, _ := strings.Cut(r, " ")
		methods = append(methods, method)
	}
	return methods
}

// count is how many requests there were with a method.
func (s *script) count(method string) int {
	n := 0
	for _, m := range s.methods() {
		if m == method {
			n++
		}
	}
	return n
}

// status answers with a status, and headers and a body if there are any.
func status(code int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body) // a client that has gone shows elsewhere
	}
}

// breakOff closes the connection without an answer, as a process that is killed.
func breakOff(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_ = conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

// nobody is an address where nothing listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}
