package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// proxied returns a proxy before a server that answers with what it saw, and a
// client that gives up after a while.
func proxied(t *testing.T) (*proxy, *http.Client) {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.HasSuffix(r.URL.Path, "missing") {
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprintf(w, "%s %s %s %s %q", r.Method, r.Host, r.RequestURI, body, r.Header["X-Forwarded-For"])
	}))
	t.Cleanup(upstream.Close)
	p := newProxy(t, loopback)
	p.sendTo(t, upstream.URL)
	transport := &http.Transport{DisableKeepAlives: true}
	return p, &http.Client{Timeout: 10 * time.Second, Transport: transport}
}

func send(ctx context.Context, c *http.Client, method, url, body string) (status int, text string, err error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	res, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	return res.StatusCode, string(data), err
}

func TestProxy_ForwardsWhatASignatureCoversAndCounts(t *testing.T) {
	p, client := proxied(t)
	_, got, err := send(t.Context(), client, http.MethodPut, p.URL+"/variants/a%2Bb%20c+d/x.webp?x-id=PutObject", "body")
	want := fmt.Sprintf("PUT %s /variants/a%%2Bb%%20c+d/x.webp?x-id=PutObject body []", strings.TrimPrefix(p.URL, "http://"))
	if err != nil || got != want {
		t.Errorf("upstream saw %q (%v), want %q", got, err, want)
	}
	if _, _, err := send(t.Context(), client, http.MethodPut, p.URL+"/variants/missing", ""); err != nil {
		t.Fatal(err)
	}
	if got := p.writes("variants"); len(got) != 1 || got["a+b c+d/x.webp"] != 1 {
		t.Errorf("writes: %v, want one of the key and none of what failed", got)
	}
	if n := p.count(http.MethodPut, "variants", "missing", http.StatusNotFound); n != 1 {
		t.Errorf("the failed write was counted %d times", n)
	}
}

func TestProxy_RefusesLikeAPolicy(t *testing.T) {
	p, client := proxied(t)
	p.refuse(func(r request) bool { return r.key == "poison" })
	status, text, err := send(t.Context(), client, http.MethodGet, p.URL+"/uploads/poison", "")
	if err != nil || status != http.StatusForbidden || !strings.Contains(text, "<Code>AccessDenied</Code>") {
		t.Errorf("%d %s %v", status, text, err)
	}
	if status, _, err = send(t.Context(), client, http.MethodGet, p.URL+"/uploads/other", ""); err != nil || status != http.StatusOK {
		t.Errorf("another key: %d %v", status, err)
	}
}

func TestHold_ReleasedAndAbandoned(t *testing.T) {
	p, client := proxied(t)
	h := p.hold(func(r request) bool { return r.key == "slow" })
	patient, hasty := make(chan error, 1), make(chan error, 1)
	begin := func(ctx context.Context, result chan<- error) {
		_, _, err := send(ctx, client, http.MethodPut, p.URL+"/variants/slow", "body")
		result <- err
	}
	ctx, giveUp := context.WithCancel(t.Context())
	go begin(ctx, hasty)
	if err := h.reached(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	giveUp()
	if err := h.settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-hasty; err == nil {
		t.Error("a request that was given up has an answer")
	}
	go begin(t.Context(), patient)
	if err := h.reached(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if n := p.writes("variants")["slow"]; n != 0 {
		t.Errorf("%d writes went on while they were held", n)
	}
	h.release()
	if err := <-patient; err != nil {
		t.Error(err)
	}
	if n := p.writes("variants")["slow"]; n != 1 {
		t.Errorf("%d writes, want that of the client which waited", n)
	}
}

func TestProxy_CutAndMended(t *testing.T) {
	p, client := proxied(t)
	h := p.hold(func(r request) bool { return r.key == "under-way" })
	underWay := make(chan error, 1)
	go func() {
		_, _, err := send(t.Context(), client, http.MethodGet, p.URL+"/uploads/under-way", "")
		underWay <- err
	}()
	if err := h.reached(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	p.listener.set(true)
	if err := <-underWay; err == nil {
		t.Error("what was under way has an answer")
	}
	if _, _, err := send(t.Context(), client, http.MethodGet, p.URL+"/uploads/new", ""); err == nil {
		t.Error("what came during the cut has an answer")
	}
	p.listener.set(false)
	if status, _, err := send(t.Context(), client, http.MethodGet, p.URL+"/uploads/new", ""); err != nil || status != http.StatusOK {
		t.Errorf("after the mending: %d %v", status, err)
	}
}
