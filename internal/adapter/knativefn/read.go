package knativefn

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"pixmill/internal/event"
	"pixmill/internal/fault"
)

const (
	// bodyTime is the longest that a body may take to arrive.
	bodyTime = 30 * time.Second
	// mostDiscarded is how many bytes of a body that nobody wants are taken all the same.
	mostDiscarded = 64 << 20
)

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
	done := s.hurry(w)
	defer done()
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

// discard takes what is left of the body. A proxy that is still sending when the answer
// comes, Knative's queue-proxy among them, may take that for a broken connection. Who
// asks before sending (Expect: 100-continue) is not told to begin.
func (s *Service) discard(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Expect") != "" {
		return
	}
	done := s.hurry(w)
	defer done()
	_, _ = io.CopyN(io.Discard, r.Body, mostDiscarded) // what is left beyond that ends the connection
}

// hurry bounds the time in which the body is read, until the result is called.
func (s *Service) hurry(w http.ResponseWriter) func() {
	deadline := http.NewResponseController(w)
	_ = deadline.SetReadDeadline(s.Now().Add(bodyTime)) // without one where w has none: a test's
	return func() { _ = deadline.SetReadDeadline(time.Time{}) }
}
