// Package knativefn is the handler as an HTTP service: a Knative Service that
// scales from zero, or a Deployment. CloudEvents, S3's notifications and every other
// envelope come in as POST requests, and the status of the answer says whether the
// sender is to bring them again. It decides nothing about images, keeps nothing
// between requests, and needs nothing of Kubernetes to run.
package knativefn

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"pixmill/internal/adapter/delivery"
	"pixmill/internal/event"
	"pixmill/internal/fault"
	"pixmill/internal/upload"
)

// Paths beside "/", which events are sent to. They are those of Knative's functions.
const (
	ReadinessPath = "/health/readiness"
	LivenessPath  = "/health/liveness"
)

// Config is what a Service needs.
type Config struct {
	Handler delivery.Handler
	Log     *slog.Logger
	Now     func() time.Time // the clock
	Slots   int              // deliveries that are handled at the same time; at least 1
	Queue   int              // deliveries that may wait for a slot; further ones get 503
	Wait    time.Duration    // for a slot, then 503; 0: no bound but Timeout

	BodyBytes int64         // for the bodies of all requests together
	Timeout   time.Duration // for one request, from its body on; 0: no bound

	Version string // in HeaderVersion of every answer; empty: it is in none

	Uploads      *upload.Uploader // nil: images are not taken
	OutputBucket string           // that the answers to uploads name
}

// Service is an http.Handler. It is ready from the start: who makes one has read
// the configuration and started the imaging library.
type Service struct {
	Config
	mux      *http.ServeMux
	gate     *gate
	draining atomic.Bool
}

// New returns a Service.
func New(c Config) *Service {
	s := &Service{Config: c, mux: http.NewServeMux(), gate: newGate(c.Slots, c.Queue, c.BodyBytes)}
	s.mux.HandleFunc("POST /{$}", s.guard(s.deliver))
	s.mux.HandleFunc("GET /{$}", s.usage)
	s.mux.HandleFunc("GET "+ReadinessPath, s.readiness)
	s.mux.HandleFunc("GET "+LivenessPath, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	return s
}

// Drain makes the service not ready, and refuses further deliveries with 503.
// Those that were admitted are finished.
func (s *Service) Drain() { s.draining.Store(true) }

// ServeHTTP answers one request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.Version != "" {
		w.Header().Set(HeaderVersion, s.Version)
	}
	s.mux.ServeHTTP(w, r)
}

// readiness says whether requests may come. The store is no part of it: it does not
// become reachable by sending requests elsewhere, and from zero Knative would hold them.
func (s *Service) readiness(w http.ResponseWriter, _ *http.Request) {
	if s.draining.Load() {
		http.Error(w, "draining", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

// usage answers whoever opens the address in a browser.
func (s *Service) usage(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, s.usageText()) }

func (s *Service) usageText() string {
	text := `This is a function of Pixmill: POST an event to it, such as {"bucket": "uploads", "key": "a.jpg"}, an S3 notification or a CloudEvent`
	if s.Uploads != nil {
		text += ", or an image with its Content-Type to /?key=a.jpg"
	}
	return text + "."
}

// guard turns a panic into an answer: net/http would close the connection without one.
func (s *Service) guard(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				s.Log.ErrorContext(r.Context(), "panic", "value", fmt.Sprint(p), "stack", string(debug.Stack()))
				problem{status: http.StatusInternalServerError, detail: "The request failed."}.write(w)
			}
		}()
		next(w, r)
	}
}

// deliver answers one delivery.
func (s *Service) deliver(w http.ResponseWriter, r *http.Request) {
	start := s.Now()
	ctx, cancel := s.limited(r.Context())
	defer cancel()
	r = r.WithContext(ctx)
	body := &incomingBody{ReadCloser: r.Body}
	r.Body = body
	a := s.answer(w, r)
	if s.draining.Load() {
		w.Header().Set("Connection", "close") // the next request is for another pod
	}
	s.discard(w, r, body)
	n := a.write(w)
	level := slog.LevelInfo
	if a.status >= http.StatusBadRequest {
		level = slog.LevelWarn
	}
	attrs := []any{"status", a.status, "bytes", n, "duration_ms", float64(s.Now().Sub(start).Microseconds()) / 1000}
	if a.id != "" {
		attrs = append(attrs, "event_id", a.id)
	}
	if a.err != nil {
		attrs = append(attrs, "error", a.err)
	}
	s.Log.Log(r.Context(), level, "request", attrs...)
}

// answer decides what is answered. The body is read before there is a slot for it, so
// that a slow client holds none; what waits is bounded by the gate, and so is the memory
// for it.
func (s *Service) answer(w http.ResponseWriter, r *http.Request) answer {
	if s.draining.Load() {
		return busy(errDraining)
	}
	leave, err := s.gate.enter()
	if err != nil {
		return busy(err)
	}
	defer leave()
	l := s.gate.lease()
	defer l.release()
	if err := checkEncoding(r.Header); err != nil {
		return refused(err)
	}
	if s.Uploads != nil && isImage(r.Header) && !isCloudEvent(r.Header) {
		return s.upload(w, r, l)
	}
	in, err := s.read(w, r, l)
	if err != nil {
		return refused(err)
	}
	if err := s.gate.begin(r.Context(), s.Wait); err != nil {
		return busy(err)
	}
	defer s.gate.end()
	log := s.Log
	if in.id != "" {
		log = log.With("event_id", in.id)
	}
	return s.outcome(in, s.handle(r.Context(), log, in.delivery))
}

// limited gives a request its time.
func (s *Service) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.Timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, s.Timeout, fmt.Errorf("not done within %v: %w", s.Timeout, context.DeadlineExceeded))
}

func (s *Service) handle(ctx context.Context, log *slog.Logger, d event.Delivery) delivery.Result {
	return delivery.Handle(ctx, delivery.Options{
		Handler: s.Handler, Log: log, Now: s.Now,
		Fails:      func(fault.Kind) bool { return true }, // the sender is told of all; status.go says how
		EnoughTime: func(ctx context.Context) bool { return ctx.Err() == nil },
	}, d)
}
