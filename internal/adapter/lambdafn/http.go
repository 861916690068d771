package lambdafn

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"pixmill/internal/fault"
)

// maxReplyBytes is the largest answer that Lambda takes from a function.
const maxReplyBytes = 6 << 20

// serve answers a request of a Function URL or of an HTTP API, which come in the
// same form. It fails only where the payload is no such request.
//
// https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
func (a *Adapter) serve(ctx context.Context, log *slog.Logger, payload []byte) ([]byte, error) {
	var in events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(payload, &in); err != nil {
		err = fault.New(fault.Rejected, "decode HTTP request", "", err)
		log.ErrorContext(ctx, "payload not understood", "bytes", len(payload), "error", err)
		return nil, failure([]error{err})
	}
	start := a.Now()
	out := &response{header: http.Header{}}
	req, err := request(ctx, &in)
	switch {
	case err != nil:
		out.problem(http.StatusBadRequest, err.Error())
	case a.HTTP == nil:
		out.problem(http.StatusNotImplemented, "This function has no gateway: it answers events of S3, SQS, SNS and EventBridge, and direct invocations.")
	default:
		a.guardHTTP(log, out, req)
	}
	reply, err := out.reply()
	if err == nil && len(reply) > maxReplyBytes {
		out = &response{header: http.Header{}}
		out.problem(http.StatusInternalServerError, fmt.Sprintf("The answer is %d bytes, over Lambda's limit of %d.", len(reply), maxReplyBytes))
		reply, err = out.reply()
	}
	log.InfoContext(ctx, "request", "method", in.RequestContext.HTTP.Method, "path", in.RawPath, "status", out.status,
		"bytes", len(reply), "duration_ms", float64(a.Now().Sub(start).Microseconds())/1000)
	return reply, err
}

// guardHTTP turns a panic into an answer.
func (a *Adapter) guardHTTP(log *slog.Logger, out *response, req *http.Request) {
	defer func() {
		if p := recover(); p != nil {
			log.ErrorContext(req.Context(), "panic", "path", req.URL.Path, "value", fmt.Sprint(p), "stack", string(debug.Stack()))
			*out = response{header: http.Header{}}
			out.problem(http.StatusInternalServerError, "The request failed.")
		}
	}()
	a.HTTP.ServeHTTP(out, req)
}

// request makes Go's request of Lambda's.
func request(ctx context.Context, in *events.APIGatewayV2HTTPRequest) (*http.Request, error) {
	body := []byte(in.Body)
	if in.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(in.Body); err != nil {
			return nil, errors.New("the body is not base64")
		}
	}
	req, err := http.NewRequestWithContext(ctx, in.RequestContext.HTTP.Method, "/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.URL = address(in)
	for name, value := range in.Headers {
		req.Header.Set(name, value)
	}
	if len(in.Cookies) > 0 {
		req.Header.Set("Cookie", strings.Join(in.Cookies, "; "))
	}
	req.Host = cmp.Or(req.Header.Get("Host"), in.RequestContext.DomainName)
	req.Header.Del("Host") // as net/http's server does
	req.RequestURI = req.URL.RequestURI()
	req.RemoteAddr = net.JoinHostPort(in.RequestContext.HTTP.SourceIP, "0") // the port is not told
	return req, nil
}

// address is path and query. A Function URL gives the path as it was sent, an HTTP
// API already decoded, and with the name of a stage that is not the default one
// before it.
func address(in *events.APIGatewayV2HTTPRequest) *url.URL {
	path := in.RawPath
	if stage := in.RequestContext.Stage; stage != "" && stage != "$default" {
		if rest, ok := strings.CutPrefix(path, "/"+stage); ok && (rest == "" || rest[0] == '/') {
			path = rest
		}
	}
	path = cmp.Or(path, "/")
	u := &url.URL{Path: path, RawQuery: in.RawQueryString}
	if !strings.Contains(in.RequestContext.DomainName, ".lambda-url.") {
		return u
	}
	if plain, err := url.PathUnescape(path); err == nil {
		u.Path, u.RawPath = plain, path
	}
	return u
}

// response is an http.ResponseWriter that keeps all: a function answers at once.
type response struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *response) Header() http.Header { return r.header }

func (r *response) WriteHeader(status int) {
	if r.status == 0 && status >= http.StatusOK { // the first final one counts
		r.status = status
	}
}

func (r *response) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(p)
}

// problem answers with an error in the form of RFC 9457.
func (r *response) problem(status int, detail string) {
	r.header.Set("Content-Type", "application/problem+json")
	r.WriteHeader(status)
	_ = json.NewEncoder(&r.body).Encode(map[string]any{ // to memory, and of plain values
		"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail,
	})
}

// reply is the answer as Lambda takes it: what is not text is in base64.
func (r *response) reply() ([]byte, error) {
	r.WriteHeader(http.StatusOK) // where the handler wrote nothing
	out := events.LambdaFunctionURLResponse{StatusCode: r.status, Headers: map[string]string{}, Cookies: []string{}}
	for name, values := range r.header {
		if name == "Set-Cookie" {
			out.Cookies = values
			continue
		}
		out.Headers[name] = strings.Join(values, ", ")
	}
	if r.header.Get("Content-Type") == "" && r.body.Len() > 0 {
		out.Headers["Content-Type"] = http.DetectContentType(r.body.Bytes())
	}
	out.Body = r.body.String()
	if !utf8.Valid(r.body.Bytes()) {
		out.Body, out.IsBase64Encoded = base64.StdEncoding.EncodeToString(r.body.Bytes()), true
	}
	return json.Marshal(out)
}
