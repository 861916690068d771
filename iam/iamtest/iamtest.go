// Package iamtest stands between a client and an S3 server and refuses what a
// policy does not allow, in the way and in the words of AWS. It is for tests: the
// servers that run without AWS either enforce no identity's policy or not the
// rule that matters most, that a missing key is 403 without s3:ListBucket.
package iamtest

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"pixmill/iam"
)

// role is who is refused.
const role = "arn:aws:sts::123456789012:assumed-role/pixmill/pixmill"

// Proxy is a listening enforcer.
type Proxy struct {
	URL string

	mu     sync.Mutex
	grants []iam.Grant
	terse  bool
}

// New starts a proxy before the S3 server at upstream; it ends with the test.
// Until Enforce, it allows nothing.
func New(t testing.TB, upstream string) *Proxy {
	t.Helper()
	target, err := url.Parse(upstream)
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{}
	transport := &http.Transport{}
	forward := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // it is signed
		},
		ModifyResponse: p.hideMissing,
		ErrorHandler:   func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, need := range needs(r) {
			if !p.allows(need) {
				p.refuse(w, need)
				return
			}
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		srv.Close()
		transport.CloseIdleConnections()
	})
	p.URL = srv.URL
	return p
}

// Enforce replaces what is allowed.
func (p *Proxy) Enforce(grants []iam.Grant) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.grants = grants
}

// Terse makes refusals say "Access Denied" and no more, as AWS does to other accounts.
func (p *Proxy) Terse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.terse = true
}

func (p *Proxy) allows(g iam.Grant) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return iam.Allows(p.grants, g.Action, g.Resource)
}

// needs returns what a request has to be allowed. Of bucket configurations it
// knows those that doctor reads.
//
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
func needs(r *http.Request) []iam.Grant {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	on := func(action string) iam.Grant {
		arn := "arn:aws:s3:::" + bucket
		if key != "" {
			arn += "/" + key
		}
		return iam.Grant{Action: action, Resource: arn}
	}
	query := r.URL.Query()
	switch {
	case key == "" && query.Has("location"):
		return []iam.Grant{on("s3:GetBucketLocation")}
	case key == "" && query.Has("notification"):
		return []iam.Grant{on("s3:GetBucketNotification")}
	case key == "":
		return []iam.Grant{on("s3:ListBucket")}
	case r.Method == http.MethodPut && r.Header.Get("If-Match") != "":
		return []iam.Grant{on("s3:PutObject"), on("s3:GetObject")}
	case r.Method == http.MethodPut:
		return []iam.Grant{on("s3:PutObject")}
	case r.Method == http.MethodDelete:
		return []iam.Grant{on("s3:DeleteObject")}
	}
	return []iam.Grant{on("s3:GetObject")}
}

// hideMissing turns the 404 for a key into the 403 of somebody who may not list.
func (p *Proxy) hideMissing(res *http.Response) error {
	r := res.Request
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	need := iam.Grant{Action: "s3:ListBucket", Resource: "arn:aws:s3:::" + bucket}
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if res.StatusCode != http.StatusNotFound || key == "" || !reads || p.allows(need) {
		return nil
	}
	w := httptest.NewRecorder()
	p.refuse(w, need)
	body := res.Body
	*res = *w.Result()
	res.Request = r
	return body.Close()
}

// refuse answers as S3 does. To a HEAD the server sends the status alone.
func (p *Proxy) refuse(w http.ResponseWriter, g iam.Grant) {
	p.mu.Lock()
	terse := p.terse
	p.mu.Unlock()
	message := "Access Denied"
	if !terse {
		message = fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %q because no identity-based policy allows the %[2]s action",
			role, g.Action, g.Resource)
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(http.StatusForbidden)
	_ = xml.NewEncoder(w).Encode(struct { // nobody is left to tell
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}{Code: "AccessDenied", Message: message})
}
