// Package httpfn calls a function over HTTP: each event is a POST request, and the
// status of the answer says what came of it. The function runs elsewhere, on Knative
// or behind any other address; whoever runs it starts, scales and replaces it.
//
// The package keeps no events and repeats no request. What becomes of an event is
// decided by the dispatcher, from the Outcome that a request had.
package httpfn

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"pixmill/internal/runtime/pool"
)

const (
	// lookTimeout bounds the question whether the function is there. It may have to
	// start from zero for that.
	lookTimeout = 10 * time.Second
	// dialTimeout bounds the making of a connection.
	dialTimeout = 5 * time.Second
)

// Options say what is called. All fields but Via and Heard are needed.
type Options struct {
	URL     *url.URL      // what events are sent to
	Via     string        // host:port to connect to in place of the URL's own, such as a cluster's ingress; see ParseVia
	Timeout time.Duration // of a request, from the connection to the answer
	// Grace is how long a request that was given up may go on in the function: it finds
	// its connection closed, ends its own requests and stops.
	Grace time.Duration
	Now   func() time.Time
	// Heard is told the version that the function gives itself in an answer, of each answer
	// that has one; nil: nobody is. It is called concurrently, before the call returns that
	// got the answer.
	Heard func(version string)
}

// Function calls one function. Its methods may be called concurrently.
type Function struct {
	opts      Options
	transport *http.Transport
	closing   context.Context // ends with Close
	end       context.CancelFunc
	turn      sync.RWMutex // held by all requests together, or by one that is to be alone
	doubts    atomic.Int64 // requests without an answer of the function itself since it was last found there

	mu     sync.Mutex
	closed bool
	calls  sync.WaitGroup // begun before Close
}

// New returns a Function that has made no request yet.
func New(o Options) *Function {
	closing, end := context.WithCancel(context.Background())
	dialer := &net.Dialer{Timeout: dialTimeout}
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSHandshakeTimeout: dialTimeout,
		// With a connection for each request, one that breaks off has broken off in the
		// function and not between two requests, and a Service of Kubernetes, which
		// chooses a pod for each connection, spreads them over all pods.
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: mostHeader,
	}
	if o.Via != "" {
		transport.Proxy = nil
		transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, o.Via)
		}
	} else {
		transport.DialContext = dialer.DialContext
	}
	return &Function{opts: o, closing: closing, end: end, transport: transport}
}

// Invoke sends an event to the function. The error is an *Error, pool.ErrClosed, or
// ctx's while it waited. What has begun goes on when ctx ends.
//
// A request that ended without an answer of the function itself leaves open what is
// wrong, and often what of it still goes on. Invoke returns when that has ended too; and
// until a look has found the function there, every event is Away, and none is sent into
// the void.
func (f *Function) Invoke(ctx context.Context, payload []byte) (pool.Answer, error) {
	if !f.begin() {
		return pool.Answer{}, pool.ErrClosed
	}
	defer f.calls.Done()
	return pool.Answer{}, f.result(ctx, f.together(ctx, payload))
}

func (f *Function) together(ctx context.Context, payload []byte) *Error {
	f.turn.RLock()
	defer f.turn.RUnlock()
	if doubts := f.doubts.Load(); doubts > 0 {
		if err := f.look(ctx); err != nil {
			return err
		}
		f.doubts.CompareAndSwap(doubts, 0) // what broke off during the look is another matter
	}
	return f.send(ctx, payload)
}

// send posts an event. It has its turn until nothing of the request goes on any more: a
// request that was given up may still end the function, and the next one with it.
func (f *Function) send(ctx context.Context, payload []byte) *Error {
	err := f.post(ctx, payload)
	if err != nil && err.doubt {
		f.doubts.Add(1)
	}
	if err != nil && err.lingers {
		f.pause(ctx, f.opts.Grace)
	}
	return err
}

// Look asks whether the function is there, without an event. The error is an *Error.
func (f *Function) Look(ctx context.Context) error {
	if err := f.look(ctx); err != nil {
		return err
	}
	return nil
}

// Alone sends an event when no other request of this Function is under way, and after
// a look that found the function there: if the request breaks off, it is the event
// that ended the function.
type Alone struct{ *Function }

// Invoke is as Function.Invoke, but a request that breaks off is BrokenAlone, and the
// function that is not there beforehand is Away.
func (a Alone) Invoke(ctx context.Context, payload []byte) (pool.Answer, error) {
	f := a.Function
	if !f.begin() {
		return pool.Answer{}, pool.ErrClosed
	}
	defer f.calls.Done()
	err := a.alone(ctx, payload)
	if err != nil && err.Outcome == Broken {
		err.Outcome = BrokenAlone
	}
	return pool.Answer{}, f.result(ctx, err)
}

func (a Alone) alone(ctx context.Context, payload []byte) *Error {
	a.turn.Lock()
	defer a.turn.Unlock()
	if err := a.look(ctx); err != nil {
		return err
	}
	return a.send(ctx, payload)
}

// result prefers to say that it was the runtime's end that ended a request.
func (f *Function) result(ctx context.Context, err *Error) error {
	switch {
	case err == nil:
		return nil
	case f.closing.Err() != nil:
		return pool.ErrClosed
	case err.Outcome == notSent, err.Outcome == Away && ctx.Err() != nil:
		return ctx.Err()
	}
	return err
}

// begin reports whether a call may begin; after true, calls.Done ends it.
func (f *Function) begin() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.calls.Add(1)
	}
	return !f.closed
}

// Close ends the requests under way and returns when they have ended. It may be
// called again.
func (f *Function) Close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.end()
	f.calls.Wait()
	f.transport.CloseIdleConnections()
}
