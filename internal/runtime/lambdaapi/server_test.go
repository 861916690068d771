package lambdaapi_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pixmill/internal/fault"
	"pixmill/internal/runtime/lambdaapi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// function is the other side: a process that speaks the protocol by hand.
type function struct {
	t      *testing.T
	url    string
	client *http.Client
}

func start(t *testing.T) (*lambdaapi.Server, *function) {
	t.Helper()
	s, err := lambdaapi.Listen()
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s, &function{t: t, url: "http://" + s.Addr() + "/2018-06-01/runtime/", client: &http.Client{Transport: tr}}
}

// send returns the status, the headers and the body of the answer.
func (f *function) send(method, path string, body io.Reader, header map[string]string) (int, http.Header, string) {
	f.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, f.url+path, body)
	if err != nil {
		f.t.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := f.client.Do(req)
	if err != nil {
		f.t.Error(err)
		return 0, nil, ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Error(err)
	}
	return resp.StatusCode, resp.Header, string(text)
}

type answer struct {
	body []byte
	err  error
}

// invoke starts an invocation with ID "id-1" and returns where its answer comes.
func invoke(t *testing.T, s *lambdaapi.Server, payload string, deadline time.Time) <-chan answer {
	t.Helper()
	got := make(chan answer, 1)
	go func() {
		body, err := s.Invoke(t.Context(), lambdaapi.Invocation{
			RequestID: "id-1", FunctionARN: "arn:aws:lambda:local:0:function:f", TraceID: "Root=1-2-3", Deadline: deadline, Payload: []byte(payload),
		})
		got <- answer{body, err}
	}()
	return got
}

func TestInvoke_PayloadHeadersAndResponse(t *testing.T) {
	s, f := start(t)
	deadline := time.Now().Add(time.Minute)
	got := invoke(t, s, `{"a":1}`, deadline)
	status, header, body := f.send(http.MethodGet, "invocation/next", nil, nil)
	if status != http.StatusOK || body != `{"a":1}` {
		t.Fatalf("next: %d %q", status, body)
	}
	for name, want := range map[string]string{
		"Lambda-Runtime-Aws-Request-Id":       "id-1",
		"Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:local:0:function:f",
		"Lambda-Runtime-Trace-Id":             "Root=1-2-3",
		"Lambda-Runtime-Deadline-Ms":          strconv.FormatInt(deadline.UnixMilli(), 10),
	} {
		if header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, header.Get(name), want)
		}
	}
	select {
	case <-s.Ready():
	default:
		t.Error("not ready after the first /next")
	}
	if status, _, _ = f.send(http.MethodPost, "invocation/id-1/response", strings.NewReader(`"done"`), nil); status != http.StatusAccepted {
		t.Errorf("response: status %d", status)
	}
	if a := <-got; a.err != nil || string(a.body) != `"done"` {
		t.Errorf("invoke returned %q, %v", a.body, a.err)
	}
	if status, _, body = f.send(http.MethodPost, "invocation/id-1/response", strings.NewReader("again"), nil); status != http.StatusBadRequest || !strings.Contains(body, "InvalidRequestID") {
		t.Errorf("second response: %d %s", status, body)
	}
}

func TestInvoke_FunctionErrors(t *testing.T) {
	long := bytes.Repeat([]byte("x"), lambdaapi.MaxPayload+1)
	tests := []struct {
		name   string
		path   string
		body   io.Reader
		header map[string]string
		status int
		want   string
	}{
		{"error document", "error", strings.NewReader(`{"errorMessage":"no such key","errorType":"NotFound"}`), nil, 202, "function error NotFound: no such key"},
		{"type in the header", "error", strings.NewReader("plain"), map[string]string{"Lambda-Runtime-Function-Error-Type": "Runtime.Bad"}, 202, "function error Runtime.Bad: plain"},
		{"response too large", "response", bytes.NewReader(long), nil, 413, "response is 6291457 bytes, over the limit of 6291456 bytes"},
		{"response too large, length unknown", "response", io.MultiReader(bytes.NewReader(long)), nil, 413, "over the limit of 6291456 bytes"},
		{"streaming", "response", strings.NewReader("x"), map[string]string{"Lambda-Runtime-Function-Response-Mode": "streaming"}, 400, `response mode "streaming" is not supported`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, f := start(t)
			got := invoke(t, s, "{}", time.Now().Add(time.Minute))
			f.send(http.MethodGet, "invocation/next", nil, nil)
			if status, _, body := f.send(http.MethodPost, "invocation/id-1/"+tt.path, tt.body, tt.header); status != tt.status {
				t.Errorf("status %d %s, want %d", status, body, tt.status)
			}
			if a := <-got; a.err == nil || !strings.Contains(a.err.Error(), tt.want) {
				t.Errorf("invoke returned %v, want %q", a.err, tt.want)
			}
		})
	}
}

// aws-lambda-go sends an error in the trailer
// when the reader that a handler returned fails.
func TestInvoke_ErrorInTrailerOfResponse(t *testing.T) {
	s, f := start(t)
	got := invoke(t, s, "{}", time.Now().Add(time.Minute))
	f.send(http.MethodGet, "invocation/next", nil, nil)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url+"invocation/id-1/response", io.MultiReader(strings.NewReader("half of")))
	if err != nil {
		t.Fatal(err)
	}
	req.Trailer = http.Header{
		"Lambda-Runtime-Function-Error-Type": {"errorString"},
		"Lambda-Runtime-Function-Error-Body": {"eyJlcnJvck1lc3NhZ2UiOiJkaXNrIGdvbmUiLCJlcnJvclR5cGUiOiJlcnJvclN0cmluZyJ9"},
	}
	resp, err := f.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if a := <-got; a.err == nil || a.err.Error() != "function error errorString: disk gone" {
		t.Errorf("invoke returned %q, %v", a.body, a.err)
	}
}

func TestInvoke_RequestTooLarge(t *testing.T) {
	s, _ := start(t)
	_, err := s.Invoke(t.Context(), lambdaapi.Invocation{RequestID: "id-1", Payload: make([]byte, lambdaapi.MaxPayload+1)})
	var limit *fault.LimitError
	if !errors.As(err, &limit) || limit.Field != "event" {
		t.Errorf("got %v", err)
	}
}

func TestInvoke_NotTaken(t *testing.T) {
	s, _ := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Invoke(ctx, lambdaapi.Invocation{RequestID: "id-1"}); !errors.Is(err, lambdaapi.ErrNotTaken) {
		t.Errorf("nobody asked: %v", err)
	}
}

func TestInvoke_DeadlineWhileTheFunctionWorks(t *testing.T) {
	s, f := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan error, 1)
	go func() {
		_, err := s.Invoke(ctx, lambdaapi.Invocation{RequestID: "id-1"})
		got <- err
	}()
	f.send(http.MethodGet, "invocation/next", nil, nil)
	cancel()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestNext_AskedTwiceGivesTheSameInvocation(t *testing.T) {
	s, f := start(t)
	got := invoke(t, s, `{"a":1}`, time.Now().Add(time.Minute))
	for range 2 {
		if status, _, body := f.send(http.MethodGet, "invocation/next", nil, nil); status != http.StatusOK || body != `{"a":1}` {
			t.Fatalf("next: %d %q", status, body)
		}
	}
	f.send(http.MethodPost, "invocation/id-1/response", strings.NewReader("{}"), nil)
	if a := <-got; a.err != nil {
		t.Error(a.err)
	}
}

func TestInitError_IsPassedOn(t *testing.T) {
	s, f := start(t)
	f.send(http.MethodPost, "init/error", strings.NewReader(`{"errorMessage":"no config","errorType":"Runtime.Init"}`), nil)
	select {
	case err := <-s.InitError():
		if err.Error() != "function error Runtime.Init: no config" {
			t.Errorf("got %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("no error came")
	}
	select {
	case <-s.Ready():
		t.Error("a function that failed at its start is ready")
	default:
	}
}

func TestUnknownPath_IsRefused(t *testing.T) {
	_, f := start(t)
	if status, _, body := f.send(http.MethodPost, "restore/error", nil, nil); status != http.StatusNotFound || !strings.Contains(body, "restore/error") {
		t.Errorf("%d %s", status, body)
	}
}
