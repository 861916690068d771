package httpfn

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Outcome is what came of a request that was no success.
type Outcome int

const (
	// Failed was begun and did not work out: it is one of the event's attempts.
	Failed Outcome = iota
	// Rejected is wrong in itself, and would be so each time.
	Rejected
	// Later was not begun, since there is too much to do or nobody to do it at this
	// address. It is no attempt.
	Later
	// Full is Later, and soon: what is under way makes room in seconds.
	Full
	// Unreached was sent to a proxy that could not send it on, by its own words. It is no
	// attempt, but not for ever: a proxy that tries several times by itself may say so of
	// the last time alone.
	Unreached
	// Away means that there is no function to connect to. It is no attempt.
	Away
	// Broken was sent and broke off, perhaps because of the event, perhaps because of
	// another one or of something else. The event is to be tried alone.
	Broken
	// BrokenAlone broke off with nothing else under way, in a function that was there.
	BrokenAlone

	notSent // since ctx had ended
)

// Error is a request that was no success.
type Error struct {
	Outcome Outcome
	Reason  string        // one line
	Wait    time.Duration // the function asked that the event come again no sooner

	doubt   bool // whether there is a function at all
	lingers bool // it may go on in the function
}

// Error is the reason.
func (e *Error) Error() string { return e.Reason }

// Answered reports whether there was a function: it answered, or a proxy that has one did.
func (e *Error) Answered() bool { return !e.doubt && e.Outcome != Away && e.Outcome != notSent }

// outcomeOf is the one table from the status of an answer to what comes of its event;
// a success is ok. It follows the contract of Knative Eventing's data plane:
//
//	2xx                       done
//	400 and the other 4xx     Rejected: never again
//	404                       Later: "the endpoint does not exist", whatever the event
//	401, 403, 405, 407        Later, though the contract knows them as other 4xx: they are
//	                          about who calls, and what; whoever put a gate before the
//	                          function would bury every event
//	429                       Later: overloaded
//	3xx                       Later: the function is elsewhere, which is for somebody to mend
//	408, 409, 425             Failed
//	5xx, and all else         Failed, but for what proxies say
//
// Proxies, the ingress and the sidecar of Knative among them, answer for a function
// that is not there, or that ended in the middle of the request:
//
//	502, 503                  Broken, since nobody knows which of these it was; but see sayings
//	504                       Failed, as a request that took too long
//	503 with Retry-After      Later: by RFC 9110 it was not handled, since it is
//	                          overloaded or about to stop
//	503 with a kind of error  Failed: Pixmill's function says of what it has begun which
//	                          kind of error it was
//
// https://github.com/knative/specs/blob/main/specs/eventing/data-plane.md
func outcomeOf(status int, retryAfter, kind bool) (o Outcome, ok bool) {
	switch {
	case status >= 200 && status < 300:
		return 0, true
	case status == http.StatusNotFound, status == http.StatusTooManyRequests, status >= 300 && status < 400,
		status == http.StatusUnauthorized, status == http.StatusForbidden,
		status == http.StatusMethodNotAllowed, status == http.StatusProxyAuthRequired:
		return Later, false
	case status == http.StatusRequestTimeout, status == http.StatusConflict, status == http.StatusTooEarly:
		return Failed, false
	case status >= 400 && status < 500:
		return Rejected, false
	case status == http.StatusServiceUnavailable && kind:
		return Failed, false
	case status == http.StatusServiceUnavailable && retryAfter:
		return Later, false
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable:
		return Broken, false
	}
	return Failed, false
}

// newError makes the error of an answer.
func newError(a answer) *Error {
	o, ok := outcomeOf(a.status, a.later, a.problem.Kind != "")
	if ok {
		return nil
	}
	e := &Error{Outcome: o, Reason: a.reason("the function"), Wait: a.wait}
	if said, known := a.proxys(); known && o == Broken {
		e.Outcome, e.Reason = said, a.reason("a proxy before the function")
	}
	e.lingers = e.Outcome == Broken || a.status == http.StatusGatewayTimeout
	e.doubt = e.lingers || e.Outcome == Unreached
	return e
}

// reason says what was answered: "the function answered 422 Unprocessable Entity: …".
func (a answer) reason(who string) string {
	text := who + " answered " + statusText(a.status)
	switch {
	case a.problem.Detail != "":
		return text + ": " + a.problem.Detail
	case a.location != "":
		return text + " to " + a.location
	case a.plain && a.text != "":
		return text + ": " + a.text
	}
	return text
}

// statusText is "422 Unprocessable Entity".
func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}
