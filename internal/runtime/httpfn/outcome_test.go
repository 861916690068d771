package httpfn

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestInvoke_OutcomeByStatus(t *testing.T) {
	const problem = `{"status":1,"detail":"the detail"}`
	const begun = `{"detail":"the store is away","kind":"transient"}`
	later := []string{"Retry-After", "7"}
	for _, tt := range []struct {
		name    string
		status  int
		body    string
		headers []string
		done    bool
		outcome Outcome
		wait    time.Duration
		reason  string
	}{
		{name: "done", status: 200, done: true},
		{name: "accepted", status: 202, done: true},
		{name: "done, without an answer", status: 204, done: true},
		{name: "unreadable", status: 400, body: problem, outcome: Rejected, reason: "the function answered 400 Bad Request: the detail"},
		{name: "a gate before it", status: 401, outcome: Later, reason: "the function answered 401 Unauthorized"},
		{name: "not permitted", status: 403, outcome: Later, reason: "the function answered 403 Forbidden"},
		{name: "no function", status: 405, outcome: Later, reason: "the function answered 405 Method Not Allowed"},
		{name: "a gate of a proxy", status: 407, outcome: Later, reason: "the function answered 407 Proxy Authentication Required"},

		{name: "too large", status: 413, outcome: Rejected, reason: "the function answered 413 Request Entity Too Large"},
		{name: "of another type", status: 415, outcome: Rejected, reason: "the function answered 415 Unsupported Media Type"},
		{name: "wrong in itself", status: 422, body: problem, outcome: Rejected, reason: "the function answered 422 Unprocessable Entity: the detail"},
		{name: "no endpoint", status: 404, body: "404 page\nnot found\n", outcome: Later, reason: "the function answered 404 Not Found: 404 page not found"},
		{name: "elsewhere", status: 307, headers: []string{"Location", "/x"}, outcome: Later, reason: "the function answered 307 Temporary Redirect to /x"},
		{name: "nowhere", status: 302, headers: []string{"Location", ":%zz"}, outcome: Later, reason: "the function answered 302 Found to :%zz"},
		{name: "slow request", status: 408, outcome: Failed, reason: "the function answered 408 Request Timeout"},
		{name: "conflict", status: 409, outcome: Failed, reason: "the function answered 409 Conflict"},
		{name: "too early", status: 425, outcome: Failed, reason: "the function answered 425 Too Early"},
		{name: "too many", status: 429, headers: later, outcome: Later, wait: 7 * time.Second, reason: "the function answered 429 Too Many Requests"},
		{name: "misconfigured", status: 500, body: problem, outcome: Failed, reason: "the function answered 500 Internal Server Error: the detail"},
		{name: "not implemented", status: 501, outcome: Failed, reason: "the function answered 501 Not Implemented"},
		{name: "bad gateway", status: 502, outcome: Broken, reason: "the function answered 502 Bad Gateway"},
		{name: "full or draining", status: 503, body: problem, headers: later, outcome: Later, wait: 7 * time.Second, reason: "the function answered 503 Service Unavailable: the detail"},
		{name: "full, at once again", status: 503, headers: []string{"Retry-After", "0"}, outcome: Later, reason: "the function answered 503 Service Unavailable"},
		{name: "begun and transient", status: 503, body: begun, headers: later, outcome: Failed, wait: 7 * time.Second, reason: "the function answered 503 Service Unavailable: the store is away"},
		{name: "nobody knows whose", status: 503, body: "out of order", outcome: Broken, reason: "the function answered 503 Service Unavailable: out of order"},
		{
			name: "more than a line", status: 500, body: `{"detail":"a\n\tb ` + strings.Repeat("ü", mostText) + `"}`, outcome: Failed,
			reason: "the function answered 500 Internal Server Error: a b " + strings.Repeat("ü", mostText/2-2),
		},
		{name: "a proxy's time-out", status: 504, outcome: Failed, reason: "the function answered 504 Gateway Timeout"},
		{name: "unknown", status: 599, outcome: Failed, reason: "the function answered 599"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, status(tt.status, tt.body, tt.headers...))
			_, err := open(t, s.URL, nil).Invoke(t.Context(), []byte(notification))
			got, failed := errors.AsType[*Error](err)
			switch {
			case tt.done && err != nil, !tt.done && !failed:
				t.Fatalf("error %v, want done: %v", err, tt.done)
			case failed && (got.Outcome != tt.outcome || got.Wait != tt.wait || got.Reason != tt.reason):
				t.Errorf("%d, %v, %q; want %d, %v, %q", got.Outcome, got.Wait, got.Reason, tt.outcome, tt.wait, tt.reason)
			}
			if n := len(s.requests()); n != 1 {
				t.Errorf("%d requests: %q", n, s.requests())
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f := &Function{opts: Options{Now: func() time.Time { return now }}}
	for value, want := range map[string]struct {
		wait time.Duration
		ok   bool
	}{
		"":                              {},
		"soon":                          {},
		"-1":                            {},
		"0":                             {0, true},
		"120":                           {2 * time.Minute, true},
		"100000":                        {time.Hour, true},
		"99999999999999":                {},
		"Sun, 01 Mar 2026 12:00:30 GMT": {30 * time.Second, true},
		"Sun, 01 Mar 2026 11:00:00 GMT": {0, true},
		"Tue, 01 Mar 2050 12:00:00 GMT": {time.Hour, true},
	} {
		if wait, ok := f.retryAfter(value); wait != want.wait || ok != want.ok {
			t.Errorf("%q: %v, %v; want %v, %v", value, wait, ok, want.wait, want.ok)
		}
	}
}
