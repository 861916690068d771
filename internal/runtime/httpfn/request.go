package httpfn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	mostHeader = 64 << 10 // bytes of an answer's header
	mostBody   = 64 << 10 // bytes of an answer that are read
	mostText   = 1000     // bytes of an answer that are quoted
	mostWait   = time.Hour
	userAgent  = "pixmill"

	// versionHeader says in Pixmill's answers which version of the function gave them.
	versionHeader = "Pixmill-Function"
)

// answer is what is read of an answer that is no success.
type answer struct {
	status   int
	later    bool          // it has a Retry-After
	wait     time.Duration // of it
	location string
	problem  problem
	text     string // the body, or its beginning, in one line
	plain    bool   // it is for people
}

// problem is what is read of the document of RFC 9457.
type problem struct {
	Detail string `json:"detail"`
	Kind   string `json:"kind"` // Pixmill's, of what its function has begun
}

// post sends an event. What has begun goes on when ctx ends, until Close.
func (f *Function) post(ctx context.Context, payload []byte) *Error {
	if ctx.Err() != nil {
		return &Error{Outcome: notSent}
	}
	callCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.opts.Timeout)
	defer cancel()
	stop := context.AfterFunc(f.closing, cancel)
	defer stop()
	var connected atomic.Bool
	traced := httptrace.WithClientTrace(callCtx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	res, err := f.request(traced, http.MethodPost, payload)
	switch {
	case err == nil:
		defer res.Body.Close()
		return newError(f.read(res))
	case !connected.Load():
		return &Error{Outcome: Away, Reason: "no connection to the function: " + err.Error()}
	case errors.Is(callCtx.Err(), context.DeadlineExceeded):
		return &Error{Outcome: Failed, Reason: fmt.Sprintf("the function did not answer within %v", f.opts.Timeout), doubt: true, lingers: true}
	}
	return &Error{Outcome: Broken, Reason: "the connection to the function broke off: " + err.Error(), doubt: true, lingers: true}
}

// look asks whether the function is there, in a way that has it do nothing. Any answer
// says that it is, but those of a proxy that does not find it.
func (f *Function) look(ctx context.Context) *Error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	stop := context.AfterFunc(f.closing, cancel)
	defer stop()
	res, err := f.request(ctx, http.MethodHead, nil)
	if err != nil {
		return &Error{Outcome: Away, Reason: "no answer of the function: " + err.Error()}
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return &Error{Outcome: Away, Reason: "a look for the function was answered " + statusText(res.StatusCode)}
	}
	return nil
}

// pause waits, until the runtime ends at most.
func (f *Function) pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-f.closing.Done():
	}
}

func (f *Function) request(ctx context.Context, method string, payload []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, f.opts.URL.String(), bytes.NewReader(payload))
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", userAgent)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := f.transport.RoundTrip(req) // and no further: a redirection is for somebody to see
	if err == nil && f.opts.Heard != nil {
		if version := quote(res.Header.Get(versionHeader)); version != "" {
			f.opts.Heard(version)
		}
	}
	return res, err
}

func (f *Function) read(res *http.Response) answer {
	a := answer{status: res.StatusCode, location: quote(res.Header.Get("Location"))}
	a.wait, a.later = f.retryAfter(res.Header.Get("Retry-After"))
	if res.StatusCode == http.StatusSwitchingProtocols {
		return a // its body is the connection, and ends with no context
	}
	body, _ := io.ReadAll(io.LimitReader(res.Body, mostBody)) // the status counts; what more there is to say may be lost
	if json.Unmarshal(body, &a.problem) != nil {
		a.text, a.plain = quote(string(body)), strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain")
	}
	a.problem.Detail = quote(a.problem.Detail)
	return a
}

// quote makes one line of what somebody else has written.
func quote(s string) string {
	line := strings.Join(strings.Fields(s), " ")
	return strings.ToValidUTF8(line[:min(len(line), mostText)], "")
}

// retryAfter reads seconds or a date. What has passed is 0, what is far off an hour.
func (f *Function) retryAfter(value string) (wait time.Duration, ok bool) {
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, mostWait), true
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return min(max(date.Sub(f.opts.Now()), 0), mostWait), true
}
