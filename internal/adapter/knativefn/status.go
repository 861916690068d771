package knativefn

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"pixmill/internal/adapter/delivery"
	"pixmill/internal/event"
	"pixmill/internal/fault"
)

// statusOf is the one table from an error's kind to the status of the answer.
// Knative Eventing brings an event again after 404, 408, 409, 429 and every 5xx, with
// its backoff and up to its number of retries; after any other 4xx at once, and after
// the last retry, it goes to the dead-letter sink.
//
//	transient      503, with Retry-After
//	misconfigured  500: it comes again, too, since somebody may mend it before the last
//	               retry; a status of its own tells whoever looks at the metrics that
//	               waiting alone does not help
//	permanent      422: it would fail in the same way each time
//	rejected       422: the source's own fault
//
// What is wrong with a source is recorded in its manifest and is no error: 200. A
// request that is no delivery at all gets 400, 413 or 415; see refused.
//
// https://github.com/knative/specs/blob/main/specs/eventing/data-plane.md
func statusOf(k fault.Kind) int {
	switch k {
	case fault.Permanent, fault.Rejected:
		return http.StatusUnprocessableEntity
	case fault.Misconfigured:
		return http.StatusInternalServerError
	case fault.Transient:
		return http.StatusServiceUnavailable
	}
	return http.StatusServiceUnavailable
}

// retryAfter is the Retry-After of every 503, in seconds. Eventing backs off on its own.
const retryAfter = "2"

// answer is what a delivery is answered, and what the log says of it.
type answer struct {
	status int
	header map[string]string
	body   []byte
	id     string // of the event
	err    error
}

func (a answer) write(w http.ResponseWriter) int {
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(a.status)
	n, _ := w.Write(a.body) // the client may have gone, and then brings it again
	return n
}

// problem is an error in the form of RFC 9457.
type problem struct {
	status int
	detail string
	errs   []string // of several, each
}

func (p problem) write(w http.ResponseWriter) { p.answer().write(w) }

func (p problem) answer() answer {
	members := map[string]any{
		"type": "about:blank", "title": http.StatusText(p.status), "status": p.status, "detail": p.detail,
	}
	if len(p.errs) > 1 {
		members["errors"] = p.errs
	}
	body, _ := json.Marshal(members) // of plain values
	a := answer{status: p.status, body: append(body, '\n'), header: map[string]string{"Content-Type": "application/problem+json"}}
	if p.status == http.StatusServiceUnavailable {
		a.header["Retry-After"] = retryAfter
	}
	return a
}

// busy is the answer to what was not begun.
func busy(err error) answer {
	a := problem{status: http.StatusServiceUnavailable, detail: err.Error()}.answer()
	a.err = err
	return a
}

// refused is the answer to what could not be read.
func refused(err error) answer {
	p := problem{status: http.StatusBadRequest, detail: err.Error()}
	switch {
	case isType[unreadable](err):
		p.status = http.StatusServiceUnavailable
	case isType[unsupported](err):
		p.status = http.StatusUnsupportedMediaType
	case tooLarge(err):
		p.status = http.StatusRequestEntityTooLarge
	}
	a := p.answer()
	a.err = err
	return a
}

// tooLarge reports whether it is the body as a whole that is over its limit.
func tooLarge(err error) bool {
	limit, ok := errors.AsType[*fault.LimitError](err)
	return ok && (limit.Field == "body" || limit.Field == "payload")
}

func isType[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// mostErrors is how many errors of one delivery are given in full.
const mostErrors = 20

// outcome is the answer to what was handled: of several errors the one that has the
// highest status, so that a batch with anything that is to come again comes again.
// What of it was done is found done.
func (s *Service) outcome(in incoming, r delivery.Result) answer {
	errs := r.Errs()
	if len(errs) == 0 {
		return s.done(in, r)
	}
	var p problem
	for _, err := range errs {
		if status := statusOf(fault.KindOf(err)); status > p.status {
			p.status, p.detail = status, err.Error()
		}
		if len(p.errs) < mostErrors {
			p.errs = append(p.errs, err.Error())
		}
	}
	if n := len(errs) - 1; n > 0 {
		p.detail = fmt.Sprintf("%s (and %d more)", p.detail, n)
	}
	a := p.answer()
	a.id = in.id
	return a
}

// done is the answer to what is done, or asked for nothing. Eventing takes a body only
// as an event: without one to answer there is none.
func (s *Service) done(in incoming, r delivery.Result) answer {
	switch {
	case in.single && asksForUsage(in.delivery):
		return s.explain(in)
	case in.single:
		return s.reply(in, r)
	case in.events:
		return answer{status: http.StatusNoContent}
	}
	var body any = r.Summary(in.delivery)
	if in.delivery.Envelope == event.EnvelopeDirect && len(r.Sources) == 1 {
		body = r.Sources[0].Summary()
	}
	return jsonAnswer(body)
}

// asksForUsage reports whether `func invoke` was told nothing to send.
func asksForUsage(d event.Delivery) bool {
	ignored := d.Items[0].Ignored
	return len(ignored) == 1 && ignored[0].Reason == event.IgnoredFuncInvoke
}

func jsonAnswer(v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		a := problem{status: http.StatusInternalServerError, detail: "The answer cannot be written."}.answer()
		a.err = err
		return a
	}
	return answer{status: http.StatusOK, body: append(body, '\n'), header: map[string]string{"Content-Type": "application/json"}}
}
