// Package knativefn is the handler as an HTTP service: a Knative Service that
// scales from zero, or a Deployment. CloudEvents, S3's notifications and every other
// envelope come in as POST requests, and the status of the answer says whether the
// sender is to bring them again. It decides nothing about images, keeps nothing
// between requests, and needs nothing of Kubernetes to run.
package knativefn

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"pixmill/internal/adapter/delivery"
	"pixmill/internal/event"
	"pixmill/internal/fault"
)

// Paths beside "/", which events are sent to. They are those of Knative's functions.
const (
	ReadinessPath = "/health/readiness"
	LivenessPath  = "/health/liveness"
)

// bodyTime is the longest that a body may take to arrive.
const bodyTime = 30 * time.Second

// Config is what a Service needs.
type Config struct {
	Handler delivery.Handler
	Log     *slog.Logger
	Now     func() time.Time // the clock
	Slots   int              // deliveries that are handled at the same time; at least 1
	Queue   int              // deliveries that may wait for a slot; further ones get 503
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
	s := &Service{Config: c, mux: http.NewServeMux(), gate: newGate(c.Slots, c.Queue)}
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
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

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
func (s *Service) usage(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, usageText) }

const usageText = `This is a function of Pixmill: POST an event to it, such as {"bucket": "uploads", "key": "a.jpg"}, an S3 notification or a CloudEvent.`

// guard turns a panic into an answer: net/http would close the connection without one.
func (s *Service) guard(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				s.Log.ErrorContext(r.Context(), "panic", "value", fmt.Sprint(p))
				problem{status: http.StatusInternalServerError, detail: "The request failed."}.write(w)
			}
		}()
		next(w, r)
	}
}

// deliver answers one delivery.
func (s *Service) deliver(w http.ResponseWriter, r *http.Request) {
	start := s.Now()
	a := s.answer(w, r)
	if s.draining.Load() {
		w.Header().Set("Connection", "close") // the next request is for another pod
	}
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
// that a slow client holds none; what waits is bounded by the gate.
func (s *Service) answer(w http.ResponseWriter, r *http.Request) answer {
	if s.draining.Load() {
		return busy(errDraining)
	}
	leave, err := s.gate.enter()
	if err != nil {
		return busy(err)
	}
	defer leave()
	in, err := s.read(w, r)
	if err != nil {
		return refused(err)
	}
	if err := s.gate.begin(r.Context()); err != nil {
		return busy(err)
	}
	defer s.gate.end()
	log := s.Log
	if in.id != "" {
		log = log.With("event_id", in.id)
	}
	result := delivery.Handle(r.Context(), delivery.Options{
		Handler: s.Handler, Log: log, Now: s.Now,
		Fails: func(fault.Kind) bool { return true }, // the sender is told of all; status.go says how
	}, in.delivery)
	return s.outcome(in, result)
}

// incoming is a delivery as it was read.
type incoming struct {
	delivery event.Delivery
	events   bool   // it came as CloudEvents
	single   bool   // as one
	id       string // of that one
}

var (
	errImage    = errors.New("uploads through the function are not there yet: PUT the image into the source bucket")
	errNotJSON  = errors.New("want application/json, application/cloudevents+json, application/cloudevents-batch+json, or a CloudEvent's ce- headers")
	errTooLarge = &fault.LimitError{Field: "body", Limit: event.MaxPayloadBytes, Value: event.MaxPayloadBytes + 1, Unit: "bytes"}
)

// read reads a delivery in the mode that its headers say.
//
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
func (s *Service) read(w http.ResponseWriter, r *http.Request) (incoming, error) {
	if r.Header.Get("ce-specversion") != "" || r.Header.Get("ce-id") != "" {
		d, err := event.DecodeCloudEventHeaders(r.Header.Get, func() ([]byte, error) { return s.body(w, r) })
		if err != nil {
			return incoming{}, err
		}
		return incoming{delivery: d, events: true, single: true, id: d.Items[0].MessageID}, nil
	}
	if err := checkType(r.Header.Get("Content-Type")); err != nil {
		return incoming{}, err
	}
	body, err := s.body(w, r)
	if err != nil {
		return incoming{}, err
	}
	d, err := event.Decode(body)
	if err != nil {
		return incoming{}, err
	}
	for i := range d.Items {
		d.Items[i].GroupID = "" // one answer for all of a FIFO batch: nothing is given back in order
	}
	in := incoming{delivery: d, events: d.Envelope == event.EnvelopeCloudEvent}
	if in.events && bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		in.single, in.id = true, d.Items[0].MessageID
	}
	return in, nil
}

// checkType refuses what is certainly no event. `curl -d` says that JSON is a form.
func checkType(contentType string) error {
	if contentType == "" {
		return nil
	}
	t, _, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil:
		return unsupported{fmt.Errorf("Content-Type: %w", err)}
	case strings.HasPrefix(t, "image/"):
		return unsupported{errImage}
	case t == "application/json", strings.HasSuffix(t, "+json"), strings.HasPrefix(t, "text/"), t == "application/x-www-form-urlencoded":
		return nil
	}
	return unsupported{fmt.Errorf("Content-Type is %q: %w", t, errNotJSON)}
}

// unsupported is a type of body that is not taken: 415.
type unsupported struct{ error }

// body reads a request's body, of which a limited part is taken, in limited time.
func (s *Service) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > event.MaxPayloadBytes {
		return nil, &fault.LimitError{Field: "body", Limit: event.MaxPayloadBytes, Value: r.ContentLength, Unit: "bytes"}
	}
	deadline := http.NewResponseController(w)
	_ = deadline.SetReadDeadline(s.Now().Add(bodyTime)) // without one where w has none: a test's
	defer func() { _ = deadline.SetReadDeadline(time.Time{}) }()
	b, err := io.ReadAll(io.LimitReader(r.Body, event.MaxPayloadBytes+1))
	if err != nil {
		return nil, unreadable{fmt.Errorf("read the body: %w", err)}
	}
	if len(b) > event.MaxPayloadBytes {
		return nil, errTooLarge
	}
	return b, nil
}

// unreadable is a body that did not arrive: the sender may try again.
type unreadable struct{ error }
