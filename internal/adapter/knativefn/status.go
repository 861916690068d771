package knativefn

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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

	members map[string]any // beside those of RFC 9457
}

func (p problem) write(w http.ResponseWriter) { p.answer().write(w) }

func (p problem) answer() answer {
	members := map[string]any{
		"type": "about:blank", "title": http.StatusText(p.status), "status": p.status, "detail": p.detail,
	}
	maps.Copy(members, p.members)
	if len(p.errs) > 1 {
		members["errors"] = p.errs
	}
	body, _ := json.Marshal(members) // of plain values and a manifest
	a := answer{status: p.status, body: append(body, '\n'), header: map[string]string{"Content-Type": "application/problem+json"}}
	if p.status == http.StatusServiceUnavailable {
		a.header["Retry-After"] = retryAfter
	}
	return a
}

// problemOf is what an error is answered with that ended what was begun.
func problemOf(err error) problem {
	kind := fault.KindOf(err)
	return problem{status: statusOf(kind), detail: err.Error(), members: map[string]any{memberKind: kind.String()}}
}

// with adds a member.
func (p problem) with(name string, value any) problem {
	p.members = maps.Clone(p.members)
	if p.members == nil {
		p.members = map[string]any{}
	}
	p.members[name] = value
	return p
}

// because is the answer with the error that the log says with it.
func (p problem) because(err error) answer {
	a := p.answer()
	a.err = err
	return a
}

// busy is the answer to what was not begun.
func busy(err error) answer {
	return problem{status: http.StatusServiceUnavailable, detail: err.Error()}.because(err)
}

// refused is the answer to what could not be read.
func refused(err error) answer {
	p := problem{status: http.StatusBadRequest, detail: err.Error()}
	switch {
	case isType[unreadable](err), isType[full](err):
		p.status = http.StatusServiceUnavailable
	case isType[unsupported](err):
		p.status = http.StatusUnsupportedMediaType
	case tooLarge(err):
		p.status = http.StatusRequestEntityTooLarge
	}
	return p.because(err)
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

// memberKind says of what was begun which kind of error it ended with. A 503 without it
// means that nothing was begun.
const memberKind = "kind"

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
		if one := problemOf(err); one.status > p.status {
			p.status, p.detail, p.members = one.status, one.detail, one.members
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
		return problem{status: http.StatusInternalServerError, detail: "The answer cannot be written."}.because(err)
	}
	return answer{status: http.StatusOK, body: append(body, '\n'), header: map[string]string{"Content-Type": "application/json"}}
}
