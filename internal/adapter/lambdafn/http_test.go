package lambdafn

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// urlRequest is a Function URL's request.
func urlRequest(t *testing.T, edit func(*events.APIGatewayV2HTTPRequest)) []byte {
	t.Helper()
	in := &events.APIGatewayV2HTTPRequest{
		Version: "2.0", RawPath: "/v1/images/a%2Fb%20c", RawQueryString: "x=1&x=2", Cookies: []string{"a=1", "b=2"},
		Headers: map[string]string{"accept": "text/html,*/*", "host": "abc.lambda-url.eu-central-1.on.aws", "content-type": "text/plain"},
		Body:    "größe",
	}
	in.RequestContext.HTTP.Method, in.RequestContext.HTTP.Path, in.RequestContext.HTTP.SourceIP = "POST", "/v1/images/a/b c", "2001:db8::1"
	in.RequestContext.Stage, in.RequestContext.DomainName = "$default", "abc.lambda-url.eu-central-1.on.aws"
	if edit != nil {
		edit(in)
	}
	payload, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func invokeHTTP(t *testing.T, f *fixture, payload []byte) events.LambdaFunctionURLResponse {
	t.Helper()
	reply, err := f.Invoke(t.Context(), payload)
	if err != nil {
		t.Fatal(err)
	}
	var out events.LambdaFunctionURLResponse
	if err := json.Unmarshal(reply, &out); err != nil {
		t.Fatalf("answer %s: %v", reply, err)
	}
	return out
}

func TestHTTP_WithoutAGatewayIsNotImplemented(t *testing.T) {
	f := newFixture()
	out := invokeHTTP(t, f, urlRequest(t, nil))
	var problem struct {
		Title, Detail string
		Status        int
	}
	if err := json.Unmarshal([]byte(out.Body), &problem); err != nil || problem.Status != 501 || !strings.Contains(problem.Detail, "no gateway") {
		t.Errorf("body is %q, %v", out.Body, err)
	}
	if out.StatusCode != 501 || out.Headers["Content-Type"] != "application/problem+json" {
		t.Errorf("got %+v", out)
	}
	if len(f.script.seen) != 0 {
		t.Errorf("handled %q", f.script.keys())
	}
	if l := f.lines(t, "request"); len(l) != 1 || l[0]["status"] != 501.0 || l[0]["path"] != "/v1/images/a%2Fb%20c" {
		t.Errorf("log has %v", l)
	}
}

func TestHTTP_HandlerSeesTheRequest(t *testing.T) {
	tests := []struct {
		name string
		edit func(*events.APIGatewayV2HTTPRequest)
		want string
	}{
		{"Function URL", nil, `POST /v1/images/a/b c /v1/images/a%2Fb%20c x=1&x=2 abc.lambda-url.eu-central-1.on.aws [2001:db8::1]:0 a=1; b=2 text/html,*/* "größe"`},
		{"base64", func(in *events.APIGatewayV2HTTPRequest) {
			in.Body, in.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte{0xff, 0}), true
			in.RawPath, in.RawQueryString, in.Cookies = "/", "", nil
		}, `POST / /  abc.lambda-url.eu-central-1.on.aws [2001:db8::1]:0  text/html,*/* "\xff\x00"`},
		{"a stage of API Gateway", func(in *events.APIGatewayV2HTTPRequest) {
			in.RequestContext.Stage, in.RawPath, in.RawQueryString, in.Cookies, in.Body = "prod", "/prod/x", "", nil, ""
			in.RequestContext.DomainName, in.Headers = "api.example.com", nil
			in.RequestContext.HTTP.SourceIP = "192.0.2.1"
		}, `POST /x /x  api.example.com 192.0.2.1:0   ""`},
		{"an HTTP API's path, which is decoded", func(in *events.APIGatewayV2HTTPRequest) {
			in.RequestContext.DomainName, in.RawPath, in.RawQueryString, in.Cookies, in.Body = "abc.execute-api.eu-central-1.amazonaws.com", "/a%20b ü", "", nil, ""
		}, `POST /a%20b ü /a%2520b%20%C3%BC  abc.lambda-url.eu-central-1.on.aws [2001:db8::1]:0  text/html,*/* ""`},
		{"the stage alone", func(in *events.APIGatewayV2HTTPRequest) {
			in.RequestContext.Stage, in.RawPath, in.RawQueryString, in.Cookies, in.Body = "prod", "/prod", "", nil, ""
		}, `POST / /  abc.lambda-url.eu-central-1.on.aws [2001:db8::1]:0  text/html,*/* ""`},
		{"a path that only begins like the stage", func(in *events.APIGatewayV2HTTPRequest) {
			in.RequestContext.Stage, in.RawPath, in.RawQueryString, in.Cookies, in.Body = "prod", "/products/50%", "", nil, ""
		}, `POST /products/50% /products/50%25  abc.lambda-url.eu-central-1.on.aws [2001:db8::1]:0  text/html,*/* ""`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture()
			f.HTTP = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				fmt.Fprintf(w, "%s %s %s %s %s %s %s %s %q", r.Method, r.URL.Path, r.URL.EscapedPath(), r.URL.RawQuery, r.Host, r.RemoteAddr,
					r.Header.Get("Cookie"), r.Header.Get("Accept"), body)
				if err != nil || r.Context().Err() != nil || r.Header.Get("Host") != "" {
					t.Errorf("body %v, context %v, header %v", err, r.Context().Err(), r.Header)
				}
			})
			out := invokeHTTP(t, f, urlRequest(t, tt.edit))
			if out.StatusCode != 200 || out.Body != tt.want {
				t.Errorf("got  %d %s\nwant     %s", out.StatusCode, out.Body, tt.want)
			}
		})
	}
}

func TestHTTP_AnswersAreCarriedBack(t *testing.T) {
	f := newFixture()
	f.HTTP = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept")
		w.Header().Add("Vary", "Origin")
		w.Header().Add("Set-Cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT")
		w.Header().Add("Set-Cookie", "b=2")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusCreated)
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0xff})
	})
	out := invokeHTTP(t, f, urlRequest(t, nil))
	body, err := base64.StdEncoding.DecodeString(out.Body)
	if err != nil || !out.IsBase64Encoded || string(body) != "\x89PNG\r\n\x1a\n\xff" {
		t.Errorf("body is %q, %v", out.Body, err)
	}
	if out.StatusCode != 201 || out.Headers["Vary"] != "Accept, Origin" || len(out.Cookies) != 2 || out.Headers["Content-Type"] != "image/png" {
		t.Errorf("got %+v", out)
	}
}

func TestHTTP_WhatGoesWrongIsAnAnswer(t *testing.T) {
	f := newFixture()
	f.HTTP = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/panic":
			w.WriteHeader(http.StatusOK)
			panic("secret")
		case "/large":
			_, _ = io.WriteString(w, strings.Repeat("x", maxReplyBytes))
		}
	})
	for path, want := range map[string]int{"/panic": 500, "/large": 500, "/empty": 200} {
		out := invokeHTTP(t, f, urlRequest(t, func(in *events.APIGatewayV2HTTPRequest) { in.RawPath = path }))
		if out.StatusCode != want || strings.Contains(out.Body, "secret") || len(out.Body) > 1000 {
			t.Errorf("%s: got %d %.100s, want %d", path, out.StatusCode, out.Body, want)
		}
	}
	if l := f.lines(t, "panic"); len(l) != 1 || l[0]["value"] != "secret" {
		t.Errorf("log has %v; want the panic", l)
	}
	out := invokeHTTP(t, f, urlRequest(t, func(in *events.APIGatewayV2HTTPRequest) { in.IsBase64Encoded = true }))
	if out.StatusCode != 400 || !strings.Contains(out.Body, "not base64") {
		t.Errorf("got %+v, want 400", out)
	}
	out = invokeHTTP(t, f, urlRequest(t, func(in *events.APIGatewayV2HTTPRequest) { in.RequestContext.HTTP.Method = "BAD METHOD" }))
	if out.StatusCode != 400 {
		t.Errorf("got %+v, want 400", out)
	}
	_, err := f.Invoke(t.Context(), []byte(`{"version":"2.0","requestContext":{"http":{}},"headers":7}`))
	if typ, _ := errorType(t, err); typ != "Pixmill.Rejected" {
		t.Errorf("error is %v", err)
	}
}
