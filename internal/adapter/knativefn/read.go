package knativefn

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"pixmill/internal/event"
)

// incoming is a delivery as it was read.
type incoming struct {
	delivery event.Delivery
	events   bool   // it came as CloudEvents
	single   bool   // as one
	id       string // of that one
}

var (
	errUploadsOff = errors.New("uploads through this function are off: PUT the image into the source bucket")
	errUntyped    = errors.New("an image needs its type: say Content-Type: image/jpeg, or what it is")
	errNotJSON    = errors.New("want application/json, application/cloudevents+json, application/cloudevents-batch+json, a CloudEvent's ce- headers, or for an image image/jpeg and the like")
)

// read reads a delivery in the mode that its headers say.
//
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
func (s *Service) read(w http.ResponseWriter, r *http.Request, l *lease) (incoming, error) {
	body := func() ([]byte, error) { return s.body(w, r, event.MaxPayloadBytes, l) }
	if isCloudEvent(r.Header) {
		if err := checkAttributes(r.Header); err != nil {
			return incoming{}, err
		}
		d, err := event.DecodeCloudEventHeaders(r.Header.Get, body)
		if err != nil {
			return incoming{}, err
		}
		return incoming{delivery: d, events: true, single: true, id: d.Items[0].MessageID}, nil
	}
	if err := s.checkType(r); err != nil {
		return incoming{}, err
	}
	payload, err := body()
	if err != nil {
		return incoming{}, err
	}
	d, err := event.Decode(payload)
	if err != nil && s.Uploads != nil && !utf8.Valid(payload) {
		return incoming{}, unsupported{fmt.Errorf("%w; %w", err, errUntyped)}
	}
	if err != nil {
		return incoming{}, err
	}
	for i := range d.Items {
		d.Items[i].GroupID = "" // one answer for all of a FIFO batch: nothing is given back in order
	}
	in := incoming{delivery: d, events: d.Envelope == event.EnvelopeCloudEvent}
	if in.events && bytes.HasPrefix(bytes.TrimSpace(payload), []byte("{")) {
		in.single, in.id = true, d.Items[0].MessageID
	}
	return in, nil
}

// isCloudEvent reports whether the headers are those of a CloudEvent in binary mode. The
// two other modes are told by the type of the body, whatever else stands in the headers.
func isCloudEvent(h http.Header) bool {
	t, _, _ := mime.ParseMediaType(h.Get("Content-Type")) // one that is wrong may be that of the data
	return !strings.HasPrefix(t, "application/cloudevents") && (h.Get("ce-specversion") != "" || h.Get("ce-id") != "")
}

// checkAttributes refuses an event that says a thing twice.
func checkAttributes(h http.Header) error {
	for name, values := range h {
		if strings.HasPrefix(name, "Ce-") && len(values) > 1 {
			return malformed{fmt.Errorf("header %s is there %d times", strings.ToLower(name), len(values))}
		}
	}
	return nil
}

// checkEncoding refuses a compressed body: nothing here says how large it would become.
func checkEncoding(h http.Header) error {
	if c := h.Get("Content-Encoding"); c != "" && !strings.EqualFold(c, "identity") {
		return unsupported{fmt.Errorf("Content-Encoding is %q: send the body as it is", c)}
	}
	return nil
}

// malformed is a request that says something that cannot be meant: 400.
type malformed struct{ error }

// isImage reports whether the body is said to be an image.
func isImage(h http.Header) bool {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && isImageType(t)
}

// isImageType is for media types. Of a PDF the first page is one.
func isImageType(t string) bool { return strings.HasPrefix(t, "image/") || t == "application/pdf" }

// checkType refuses what is certainly no event. `curl -d` says that JSON is a form, and
// `curl --data-binary` that an image is one.
func (s *Service) checkType(r *http.Request) error {
	if s.Uploads != nil && r.URL.Query().Has("key") {
		return unsupported{errUntyped}
	}
	contentType := r.Header.Get("Content-Type")
	if contentType == "" {
		return nil
	}
	t, _, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil:
		return unsupported{fmt.Errorf("Content-Type: %w", err)}
	case isImageType(t):
		return unsupported{errUploadsOff}
	case t == "application/json", strings.HasSuffix(t, "+json"), strings.HasPrefix(t, "text/"), t == "application/x-www-form-urlencoded":
		return nil
	}
	return unsupported{fmt.Errorf("Content-Type is %q: %w", t, errNotJSON)}
}

// unsupported is a type of body that is not taken: 415.
type unsupported struct{ error }
