package knativefn

import (
	"context"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"
)

// serve starts a service; stop ends it and waits.
func serve(t *testing.T, s *Service, grace time.Duration) (url string, stop func(), ended chan error) {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	ended = make(chan error, 1)
	go func() { ended <- s.Serve(ctx, ln, grace) }()
	return "http://" + ln.Addr().String(), cancel, ended
}

// client speaks one protocol, and keeps no connection.
func client(t *testing.T, h2 bool) *http.Client {
	tr := &http.Transport{Protocols: new(http.Protocols), DisableKeepAlives: !h2}
	tr.Protocols.SetHTTP1(!h2)
	tr.Protocols.SetUnencryptedHTTP2(h2)
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 30 * time.Second}
}

func send(t *testing.T, c *http.Client, url, key string) *http.Response {
	t.Helper()
	body := strings.NewReader(`{"bucket":"uploads","key":"` + key + `"}`)
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, body)
	if err != nil {
		t.Error(err)
		return &http.Response{Body: http.NoBody}
	}
	res, err := c.Do(r)
	if err != nil {
		t.Error(err)
		return &http.Response{Body: http.NoBody}
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

func TestServe_SpeaksBothProtocolsAndFinishesWhatItHas(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		s, script, _ := newService(1, 4)
		url, stop, ended := serve(t, s, time.Minute)
		c := client(t, h2)
		answer := make(chan *http.Response)
		go func() { answer <- send(t, c, url, "wait") }()
		<-script.begun
		stop()
		for !s.draining.Load() {
			time.Sleep(time.Millisecond)
		}
		checkProblem(t, send(t, c, url, "late"), 503, "about to stop") // it still listens
		close(script.release)
		r := <-answer
		if r.StatusCode != 200 || (r.ProtoMajor == 2) != h2 {
			t.Errorf("h2 %v: answer is %s %d, want what was begun to be finished", h2, r.Proto, r.StatusCode)
		}
		if err := <-ended; err != nil {
			t.Errorf("ended with %v", err)
		}
	}
}

func TestServe_CutsOffAfterTheGracePeriod(t *testing.T) {
	s, script, _ := newService(1, 1)
	url, stop, ended := serve(t, s, 50*time.Millisecond)
	answer := make(chan *http.Response)
	go func() { answer <- send(t, client(t, false), url, "wait") }()
	<-script.begun
	stop()
	checkProblem(t, <-answer, 503, "context canceled")
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestServe_ABodyThatDoesNotArriveIsNoDelivery(t *testing.T) {
	s, script, _ := newService(1, 1)
	url, stop, ended := serve(t, s, time.Second)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if r := send(t, client(t, false), url, "fine"); r.StatusCode != 200 {
		t.Errorf("the next delivery got %d", r.StatusCode)
	}
	stop()
	if err := <-ended; err != nil || len(script.keys) != 1 {
		t.Errorf("ended with %v, handled %q", err, script.keys)
	}
}

// A large body that nobody wants does not cost the connection, which a proxy might
// take for a failure.
func TestServe_TakesTheBodyThatItDoesNotRead(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		s, _, _ := newService(1, 1)
		url, stop, ended := serve(t, s, time.Second)
		c := client(t, true)
		if !h2 {
			tr := &http.Transport{}
			t.Cleanup(tr.CloseIdleConnections)
			c.Transport = tr
		}
		for i, tt := range []struct {
			header map[string]string
			status int
		}{
			{map[string]string{"Content-Type": "image/jpeg"}, 415},
			{map[string]string{
				"Content-Type": "image/jpeg", "Ce-Id": "1", "Ce-Specversion": "1.0", "Ce-Source": "aws.s3.bucket.uploads",
				"Ce-Type": "org.apache.camel.event.aws.s3.getObject", "Ce-Subject": "a.jpg",
			}, 200},
			{map[string]string{"Content-Type": "image/jpeg"}, 415},
		} {
			reused := false
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(g httptrace.GotConnInfo) { reused = g.Reused }})
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(strings.Repeat("x", 10<<20)))
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range tt.header {
				r.Header.Set(name, value)
			}
			res, err := c.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if body := text(t, res); res.StatusCode != tt.status || body == "" || reused != (i > 0) {
				t.Errorf("h2 %v, request %d: %d %q, connection reused: %v", h2, i, res.StatusCode, body, reused)
			}
			res.Body.Close()
		}
		c.CloseIdleConnections()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("ended with %v", err)
		}
	}
}

func TestSettings(t *testing.T) {
	for _, tt := range []struct{ port, listen, addr, err string }{
		{"", "", ":8080", ""},
		{"9090", "", ":9090", ""},
		{"9090", "127.0.0.1:0", "127.0.0.1:0", ""},
		{"http", "", "", `read PORT "http": misconfigured: want a number`},
		{"70000", "", "", "want a number from 0 to 65535"},
		{"", "8080", "", `read LISTEN_ADDRESS "8080": misconfigured: want host:port`},
	} {
		addr, err := listenAddress(func(name string) string { return map[string]string{VarPort: tt.port, VarListen: tt.listen}[name] })
		if addr != tt.addr || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%q, %q: %q, %v", tt.port, tt.listen, addr, err)
		}
	}
	for text, want := range map[string]time.Duration{"": DefaultGrace, "3s": 3 * time.Second, "0s": 0, "soon": 0} {
		got, err := gracePeriod(func(string) string { return text })
		if got != want || (err != nil) != (want == 0) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}
