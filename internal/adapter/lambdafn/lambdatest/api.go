// Package lambdatest stands in for AWS Lambda in tests: a Runtime API of version
// 2018-06-01 on a real port, which a function process polls as it would in
// production. It scales nothing and retries nothing.
//
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
package lambdatest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// API is a Runtime API. One or more functions may poll it.
type API struct {
	server *httptest.Server
	stop   chan struct{}
	queue  chan *invocation
	inits  chan Reply

	mu      sync.Mutex
	running map[string]*invocation
	count   int
}

type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
	reply    chan Reply
}

// Reply is what a function answered.
type Reply struct {
	RequestID   string
	Failed      bool // it answered with an error
	ContentType string
	Body        []byte
}

// New starts a Runtime API that ends with the test.
func New(t testing.TB) *API {
	a := &API{
		stop:    make(chan struct{}),
		queue:   make(chan *invocation),
		inits:   make(chan Reply, 1),
		running: map[string]*invocation{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", a.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", a.answered(false))
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", a.answered(true))
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", a.initFailed)
	a.server = httptest.NewServer(mux)
	t.Cleanup(a.close)
	return a
}

func (a *API) close() {
	close(a.stop)
	a.server.CloseClientConnections()
	a.server.Close()
}

// Addr is the value of AWS_LAMBDA_RUNTIME_API: host and port.
func (a *API) Addr() string { return strings.TrimPrefix(a.server.URL, "http://") }

// Invoke sends a payload to the next function that polls and returns its answer.
// The function is told that it has timeout; an answer that has not come a good
// while later fails the test.
func (a *API) Invoke(t testing.TB, payload []byte, timeout time.Duration) Reply {
	t.Helper()
	inv := a.add(payload, time.Now().Add(timeout))
	patience := time.After(timeout + 20*time.Second)
	select {
	case a.queue <- inv:
	case <-patience:
		t.Fatalf("no function polls for %s", inv.id)
	}
	select {
	case r := <-inv.reply:
		return r
	case <-patience:
		t.Fatalf("no answer to %s", inv.id)
	}
	return Reply{}
}

func (a *API) add(payload []byte, deadline time.Time) *invocation {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count++
	inv := &invocation{
		id:       fmt.Sprintf("8476a536-e9f4-11e8-9739-%012d", a.count),
		payload:  payload,
		deadline: deadline,
		reply:    make(chan Reply, 1),
	}
	a.running[inv.id] = inv
	return inv
}

// InitError waits for a function to say that it cannot start.
func (a *API) InitError(t testing.TB) Reply {
	t.Helper()
	select {
	case r := <-a.inits:
		return r
	case <-time.After(20 * time.Second):
		t.Fatal("no function said that it cannot start")
	}
	return Reply{}
}

func (a *API) next(w http.ResponseWriter, r *http.Request) {
	select {
	case inv := <-a.queue:
		h := w.Header()
		h.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:pixmill")
		h.Set("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0")
		h.Set("Content-Type", "application/json")
		_, _ = w.Write(inv.payload) // a function that went away answers nothing, and Invoke says so
	case <-r.Context().Done():
	case <-a.stop:
	}
}

func (a *API) answered(failed bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		a.mu.Lock()
		inv := a.running[id]
		delete(a.running, id)
		a.mu.Unlock()
		if inv == nil {
			http.Error(w, `{"errorType":"InvalidRequestID"}`, http.StatusBadRequest)
			return
		}
		inv.reply <- accept(w, r, Reply{RequestID: id, Failed: failed})
	}
}

func (a *API) initFailed(w http.ResponseWriter, r *http.Request) {
	a.inits <- accept(w, r, Reply{Failed: true})
}

func accept(w http.ResponseWriter, r *http.Request, reply Reply) Reply {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		body = fmt.Appendf(nil, "unreadable answer: %v", err)
	}
	reply.Body, reply.ContentType = body, r.Header.Get("Content-Type")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`) // the function has ended: nobody to tell
	return reply
}
