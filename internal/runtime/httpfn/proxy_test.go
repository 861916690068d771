package httpfn

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// nginxPage is what nginx 1.31 answers itself.
func nginxPage(title string) string {
	return "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
		"</h1></center>\r\n<hr><center>nginx/1.31.3</center>\r\n</body>\r\n</html>\r\n"
}

// The bodies are those of a queue-proxy (Knative Serving 0.51), Envoy 1.40 and nginx
// 1.31 before a server that is full, is not there, or breaks off.
func TestInvoke_OutcomeByWhatAProxySays(t *testing.T) {
	const envoy = "upstream connect error or disconnect/reset before headers. "
	for _, tt := range []struct {
		name    string
		status  int
		body    string
		outcome Outcome
		reason  string // where it is not what the function answered
	}{
		{"queue-proxy is full", 503, "pending request queue full\n", Full, "a proxy before the function answered 503 Service Unavailable: pending request queue full"},
		{"queue-proxy finds nothing", 502, "dial tcp 127.0.0.1:8080: connect: connection refused\n", Unreached, "a proxy before the function answered 502 Bad Gateway: dial tcp 127.0.0.1:8080: connect: connection refused"},
		{"queue-proxy: broken off", 502, "EOF\n", Broken, ""},
		{"queue-proxy: reset", 502, "read tcp 127.0.0.1:55688->127.0.0.1:8080: read: connection reset by peer\n", Broken, ""},
		{"a 500 says the same", 500, "pending request queue full\n", Failed, ""},

		{"Envoy is full", 503, envoy + "reset reason: overflow", Full, "a proxy before the function answered 503 Service Unavailable: " + envoy + "reset reason: overflow"},
		{"Envoy has nobody", 503, "no healthy upstream", Unreached, "a proxy before the function answered 503 Service Unavailable: no healthy upstream"},
		{"Envoy does not reach him", 503, envoy + "reset reason: remote connection failure", Unreached, "a proxy before the function answered 503 Service Unavailable: " + envoy + "reset reason: remote connection failure"},
		{
			"Envoy says why", 503, envoy + "reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused", Unreached,
			"a proxy before the function answered 503 Service Unavailable: " + envoy + "reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused",
		},
		{"Envoy waits in vain", 503, envoy + "reset reason: connection timeout", Unreached, "a proxy before the function answered 503 Service Unavailable: " + envoy + "reset reason: connection timeout"},
		{"Envoy: broken off", 503, envoy + "reset reason: connection termination", Broken, ""},
		{"Envoy tried twice", 503, envoy + "retried and the latest reset reason: remote connection failure", Broken, ""},

		{"nginx refuses, or has nobody", 503, nginxPage("503 Service Temporarily Unavailable"), Unreached, "a proxy before the function answered 503 Service Unavailable"},
		{"nginx: not reached or broken off", 502, nginxPage("502 Bad Gateway"), Broken, "the function answered 502 Bad Gateway"},
	} {
		s := serve(t, status(tt.status, tt.body))
		_, err := open(t, s.URL, nil).Invoke(t.Context(), []byte(notification))
		got, failed := errors.AsType[*Error](err)
		if !failed || got.Outcome != tt.outcome || tt.reason != "" && got.Reason != tt.reason {
			t.Errorf("%s: %#v, want outcome %d, %q", tt.name, got, tt.outcome, tt.reason)
		}
	}
}

// The function's own words go before those that only look like a proxy's.
func TestInvoke_RetryAfterAndKindAreTheFunctions(t *testing.T) {
	for name, tt := range map[string]struct {
		body    string
		headers []string
		outcome Outcome
	}{
		"full":                   {"no healthy upstream", []string{"Retry-After", "2"}, Later},
		"the store is not there": {`{"detail":"no healthy upstream","kind":"transient"}`, []string{"Retry-After", "2"}, Failed},
	} {
		s := serve(t, status(503, tt.body, tt.headers...))
		_, err := open(t, s.URL, nil).Invoke(t.Context(), []byte(notification))
		if outcome(err) != tt.outcome {
			t.Errorf("%s: %v, want outcome %d", name, err, tt.outcome)
		}
	}
}

// Nothing of what did not reach the function goes on in it; but whether it is there has
// to be asked, unless it is only full.
func TestInvoke_AfterWhatDidNotReachTheFunction(t *testing.T) {
	for name, tt := range map[string]struct {
		body     string
		methods  string
		answered bool
	}{
		"nobody": {"no healthy upstream", "POST HEAD POST", false},
		"full":   {"pending request queue full", "POST POST", true},
	} {
		s := serve(t, status(503, tt.body))
		f := open(t, s.URL, func(o *Options) { o.Grace = time.Hour })
		for range 2 {
			_, err := f.Invoke(t.Context(), []byte(notification))
			if e, ok := errors.AsType[*Error](err); !ok || e.Answered() != tt.answered {
				t.Errorf("%s: %v, want it answered: %v", name, err, tt.answered)
			}
		}
		if got := strings.Join(s.methods(), " "); got != tt.methods {
			t.Errorf("%s: requests %s, want %s", name, got, tt.methods)
		}
	}
}

func TestFunction_TellsWhichVersionAnswers(t *testing.T) {
	var heard []string
	s := serve(t, status(500, "", versionHeader, "v2  b"))
	s.look = status(404, "", versionHeader, "v1 a")
	f := open(t, s.URL, func(o *Options) { o.Heard = func(version string) { heard = append(heard, version) } })
	if err := f.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Invoke(t.Context(), []byte(notification)); outcome(err) != Failed {
		t.Error(err)
	}
	s.look = status(200, "")
	if err := f.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(heard, " "); got != "v1 a v2 b" || len(heard) != 2 {
		t.Errorf("heard %q, want both versions, and nothing of an answer without one", heard)
	}
	s.look = status(503, "")
	if err := f.Look(t.Context()); outcome(err) != Away {
		t.Errorf("a look for nothing: %v", err)
	}
}
