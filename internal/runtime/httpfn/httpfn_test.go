package httpfn

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pixmill/internal/runtime/pool"
)

// outcome is that of an error, -1 if it is none of a request.
func outcome(err error) Outcome {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Outcome
	}
	return -1
}

func TestInvoke_PostsTheEventByAnotherAddress(t *testing.T) {
	s := serve(t, status(200, ""))
	via, err := ParseVia(s.URL, "http")
	if err != nil {
		t.Fatal(err)
	}
	f := open(t, "http://pixmill.default.example.com/a%20path", func(o *Options) { o.Via = via })
	for range 3 {
		if _, err := f.Invoke(t.Context(), []byte(notification)); err != nil {
			t.Fatal(err)
		}
	}
	if want := "POST pixmill.default.example.com/a%20path " + notification; s.requests()[0] != want {
		t.Errorf("request %q, want %q", s.requests()[0], want)
	}
	if len(s.peers) != 3 {
		t.Errorf("3 requests came over %d connections: a Service would send all to one pod", len(s.peers))
	}
}

func TestInvoke_NoFunctionIsAway(t *testing.T) {
	_, err := open(t, nobody(t), nil).Invoke(t.Context(), []byte(notification))
	if outcome(err) != Away || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v, want away", err)
	}
}

func TestInvoke_ConnectionThatBreaksOff(t *testing.T) {
	s := serve(t, breakOff)
	f := open(t, s.URL, nil)
	if _, err := f.Invoke(t.Context(), []byte(notification)); outcome(err) != Broken {
		t.Errorf("got %v, want broken", err)
	}
	if _, err := (Alone{f}).Invoke(t.Context(), []byte(notification)); outcome(err) != BrokenAlone {
		t.Errorf("alone: got %v, want broken alone", err)
	}
	if got := strings.Join(s.methods(), " "); got != "POST HEAD POST" {
		t.Errorf("requests %s: want a look before the second event, and no event twice", got)
	}
}

func TestInvoke_TakesTooLong(t *testing.T) {
	ended := make(chan struct{})
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done() // the function hears of it
		close(ended)
	})
	f := open(t, s.URL, func(o *Options) { o.Timeout = 50 * time.Millisecond })
	_, err := f.Invoke(t.Context(), []byte(notification))
	if outcome(err) != Failed || err.Error() != "the function did not answer within 50ms" {
		t.Errorf("got %v", err)
	}
	<-ended
}

func TestInvoke_ProtocolThatNobodyAskedForEndsTheRequest(t *testing.T) {
	var stays net.Conn
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		stays = conn
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n") // the client is the test's
	})
	f := open(t, s.URL, func(o *Options) { o.Timeout = 100 * time.Millisecond })
	result := make(chan error, 1)
	go func() {
		_, err := f.Invoke(context.Background(), []byte(notification))
		result <- err
	}()
	select {
	case err := <-result:
		if outcome(err) != Failed {
			t.Errorf("got %v, want failed", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("a worker is held for as long as the connection")
	}
	stays.Close()
}

// What the function still does for a request that was given up must not meet the next.
func TestInvoke_WaitsForTheEndOfWhatBrokeOff(t *testing.T) {
	const grace = 100 * time.Millisecond
	for name, answer := range map[string]http.HandlerFunc{
		"broken off": breakOff,
		"a proxy's":  status(504, ""),
		"too long":   func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		s := serve(t, answer)
		f := open(t, s.URL, func(o *Options) { o.Grace, o.Timeout = grace, 500*time.Millisecond })
		for _, invoke := range []func(context.Context, []byte) (pool.Answer, error){f.Invoke, Alone{f}.Invoke} {
			begin := time.Now()
			_, err := invoke(t.Context(), []byte(notification))
			if took := time.Since(begin); err == nil || took < grace {
				t.Errorf("%s: %v after %v, want an error after %v at least", name, err, took, grace)
			}
		}
	}
}

// What is sent while the function is away would be an attempt of each event.
func TestInvoke_SendsNothingUntilAFunctionThatBrokeOffIsFoundThere(t *testing.T) {
	var posts, looks atomic.Int32
	answers := []http.HandlerFunc{breakOff, status(502, ""), status(504, "")}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n := int(posts.Add(1)); n <= len(answers) {
			answers[n-1](w, r)
		}
	})
	s.look = func(w http.ResponseWriter, _ *http.Request) {
		if n := looks.Add(1) % 4; n > 0 {
			w.WriteHeader([]int{0, 502, 503, 504}[n])
		}
	}
	f := open(t, s.URL, nil)
	invoke := func() Outcome {
		_, err := f.Invoke(t.Context(), []byte(notification))
		return outcome(err)
	}
	if got := invoke(); got != Broken {
		t.Errorf("outcome %d, want broken", got)
	}
	// Each time there are three looks that do not find it, and the next one does.
	for _, want := range []Outcome{Away, Away, Away, Broken, Away, Away, Away, Failed, Away, Away, Away, -1, -1, -1} {
		if got := invoke(); got != want {
			t.Errorf("outcome %d, want %d, after %d events and %d looks", got, want, posts.Load(), looks.Load())
		}
	}
	if posts.Load() != 6 || looks.Load() != 12 {
		t.Errorf("%d events and %d looks were sent, want 6 and 12", posts.Load(), looks.Load())
	}
}

func TestInvoke_TheRuntimesEndCutsTheWaitShort(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		w.WriteHeader(502)
	})
	f := open(t, s.URL, func(o *Options) { o.Grace = time.Hour })
	if _, err := f.Invoke(ctx, []byte(notification)); outcome(err) != Broken {
		t.Errorf("got %v, want broken", err)
	}
	if _, err := f.Invoke(ctx, []byte(notification)); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
	if _, err := (Alone{f}).Invoke(ctx, []byte(notification)); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end, alone: %v", err)
	}
}

func TestClose_EndsWhatIsUnderWay(t *testing.T) {
	begun := make(chan struct{})
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
	})
	f := open(t, s.URL, nil)
	result := make(chan error)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, err := f.Invoke(ctx, []byte(notification))
		result <- err
	}()
	<-begun
	cancel() // which alone ends nothing that has begun
	select {
	case err := <-result:
		t.Fatalf("ended with its context: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	go f.Close()
	if err := <-result; !errors.Is(err, pool.ErrClosed) {
		t.Errorf("got %v, want closed", err)
	}
	f.Close()
	if _, err := f.Invoke(t.Context(), []byte(notification)); !errors.Is(err, pool.ErrClosed) {
		t.Errorf("afterwards: got %v, want closed", err)
	}
}
