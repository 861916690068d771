package doctor_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"

	"pixmill/internal/doctor"
)

// TestRun_WhatMayNotBeLookedAt refuses one action of AWS's services at a time, as
// IAM does. The check says which, and the others go on.
func TestRun_WhatMayNotBeLookedAt(t *testing.T) {
	c := newCloud(t)
	c.keepsFailures(t)
	upstream, err := url.Parse(os.Getenv("AWS_ENDPOINT_URL"))
	if err != nil {
		t.Fatal(err)
	}
	var refused func(*http.Request) bool
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	forward := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(upstream); r.Out.Host = r.In.Host }}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !refused(r) {
			forward.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"__type":"AccessDeniedException","message":"User: arn:aws:iam::123456789012:user/u is not authorized to perform this"}`))
	}))
	defer srv.Close()
	t.Setenv("AWS_ENDPOINT_URL", srv.URL)
	target := func(name string) func(*http.Request) bool {
		return func(r *http.Request) bool { return strings.HasSuffix(r.Header.Get("X-Amz-Target"), name) }
	}
	path := func(part string) func(*http.Request) bool {
		return func(r *http.Request) bool { return strings.Contains(r.URL.Path, part) }
	}
	for _, test := range []struct {
		check, action string
		refused       func(*http.Request) bool
	}{
		{"queue", "sqs:GetQueueAttributes", target("AmazonSQS.GetQueueAttributes")},
		{"queue", "sqs:GetQueueUrl", target("AmazonSQS.GetQueueUrl")},
		{"notifications", "lambda:ListEventSourceMappings", path("/event-source-mappings")},
		{"notifications", "s3:GetBucketNotification", func(r *http.Request) bool { return r.URL.Query().Has("notification") }},
		{"function", "lambda:GetFunctionConfiguration", path("/configuration")},
	} {
		refused = test.refused
		o := doctor.Options{Presets: c.presets, Function: c.name}
		found := examine(t, o)
		named := false
		for _, f := range found {
			named = named || f.Check == test.check && f.Status == doctor.StatusSkipped &&
				strings.Contains(f.What, "your credentials lack ") && strings.Contains(f.What, test.action)
		}
		if !named || !strings.Contains(show(found), "memory ok") {
			t.Errorf("without %s found\n%s", test.action, show(found))
		}
		wantOnly(t, found)
	}
}
