// Package lambdaapi serves the AWS Lambda Runtime API, version 2018-06-01, to
// one function process: it hands out invocations and takes their results. Each
// process needs a server of its own, since AWS_LAMBDA_RUNTIME_API is host:port.
//
// The package starts and stops no process, and serves neither the extensions
// API nor response streaming.
//
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
package lambdaapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"pixmill/internal/fault"
)

// MaxPayload is the largest request and the largest response, in bytes: 6 MB, as in Lambda.
const MaxPayload = 6 << 20

// Invocation is one call of the function.
type Invocation struct {
	RequestID   string // unique; it is part of a path: letters, digits and hyphens
	FunctionARN string
	TraceID     string // X-Ray's header; may be empty
	Deadline    time.Time
	Payload     []byte
}

// FunctionError is what a function reported in place of a result, at its start
// or for an invocation.
type FunctionError struct {
	Type    string // "Runtime.ExitError", "*errors.errorString"; may be empty
	Message string
}

// Error is one line.
func (e *FunctionError) Error() string {
	if e.Type == "" {
		return "function error: " + e.Message
	}
	return fmt.Sprintf("function error %s: %s", e.Type, e.Message)
}

// ErrNotTaken means that the function never took the invocation: nothing of it was done.
var ErrNotTaken = errors.New("the function did not take the invocation")

// Server is the Runtime API of one process.
type Server struct {
	http     http.Server
	addr     string
	work     chan *call    // handed from Invoke to the handler of /next
	ready    chan struct{} // closed by the first /next
	initOnce sync.Once
	initErr  chan *FunctionError
	closed   chan struct{}
	served   sync.WaitGroup

	mu      sync.Mutex
	current *call // taken and not answered
}

// call is an invocation under way.
type call struct {
	Invocation
	result chan result // buffered: the first answer counts
}

type result struct {
	body []byte
	err  error
}

// Listen starts a server on a free port of the loopback interface.
func Listen() (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fault.New(fault.Transient, "listen", "runtime API", err)
	}
	s := &Server{
		addr:    l.Addr().String(),
		work:    make(chan *call),
		ready:   make(chan struct{}),
		initErr: make(chan *FunctionError, 1),
		closed:  make(chan struct{}),
	}
	s.http = http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
	s.served.Go(func() { _ = s.http.Serve(l) }) // it ends by Close, with http.ErrServerClosed
	return s, nil
}

// Addr is the value of AWS_LAMBDA_RUNTIME_API.
func (s *Server) Addr() string { return s.addr }

// Ready is closed when the function has started and asks for its first invocation.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// InitError receives the error that the function reported at its start, if any.
func (s *Server) InitError() <-chan *FunctionError { return s.initErr }

// Invoke hands an invocation to the function and waits for its answer. The error
// is ErrNotTaken, a *FunctionError, a *fault.LimitError of a payload, or ctx's;
// after ctx's, what the function does is unknown and its process must be ended
// before anything else is.
func (s *Server) Invoke(ctx context.Context, in Invocation) ([]byte, error) {
	if n := int64(len(in.Payload)); n > MaxPayload {
		return nil, &fault.LimitError{Field: "event", Limit: MaxPayload, Value: n, Unit: "bytes"}
	}
	c := &call{Invocation: in, result: make(chan result, 1)}
	select {
	case s.work <- c:
	case <-ctx.Done():
		return nil, ErrNotTaken
	case <-s.closed:
		return nil, ErrNotTaken
	}
	select {
	case r := <-c.result:
		return r.body, r.err
	case <-ctx.Done():
	}
	select {
	case r := <-c.result: // it answered and ended at once
		return r.body, r.err
	default:
		return nil, ctx.Err()
	}
}

// Close ends the server and its connections. It is called once, after the
// process has ended.
func (s *Server) Close() error {
	close(s.closed)
	err := s.http.Close()
	s.served.Wait()
	return err
}
