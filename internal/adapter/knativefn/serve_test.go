package knativefn

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
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

// dial sends raw bytes, and returns the connection that they went through.
func dial(t *testing.T, url, request string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// answerOf reads one answer, and what comes after it until the connection is closed.
func answerOf(t *testing.T, conn net.Conn) (*http.Response, string) {
	t.Helper()
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res, text(t, res)
}

// A body that does not come any further holds a place in the queue, no slot, and that
// no longer than the request's time; its connection is closed.
func TestServe_ASlowBodyIsCutOff(t *testing.T) {
	s, script, _ := newService(1, 1)
	s.Timeout = time.Second
	url, stop, ended := serve(t, s, time.Minute)
	slow := dial(t, url, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
	if r := send(t, client(t, false), url, "fine"); r.StatusCode != 200 {
		t.Errorf("another delivery got %d meanwhile", r.StatusCode)
	}
	r, body := answerOf(t, slow)
	if r.StatusCode != 503 || !r.Close || r.Header.Get("Retry-After") == "" || !strings.Contains(body, "of which 1 bytes came") {
		t.Errorf("answer is %d %s, closes: %v", r.StatusCode, body, r.Close)
	}
	if _, err := slow.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the connection: %v, want it closed", err)
	}
	stop()
	if err := <-ended; err != nil || len(script.keys) != 1 {
		t.Errorf("ended with %v, handled %q", err, script.keys)
	}
}

// A body that is not there when the grace period ends does not hold the pod up, and one
// that nobody wants does not even until then.
func TestServe_StopsWithBodiesThatDoNotArrive(t *testing.T) {
	for name, tt := range map[string]struct {
		contentType string
		grace       time.Duration
		status      int
	}{
		"wanted":   {"application/json", 100 * time.Millisecond, 503},
		"unwanted": {"application/zip", time.Minute, 415},
	} {
		t.Run(name, func(t *testing.T) {
			s, _, _ := newService(1, 1)
			var asked atomic.Int32
			s.Now = func() time.Time {
				asked.Add(1)
				return time.Now()
			}
			url, stop, ended := serve(t, s, tt.grace)
			conn := dial(t, url, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: "+tt.contentType+"\r\nContent-Length: 100\r\n\r\n{")
			for asked.Load() < 2 { // at the beginning of the request, and of the reading of its body
				time.Sleep(time.Millisecond)
			}
			begun := time.Now()
			stop()
			if r, _ := answerOf(t, conn); r.StatusCode != tt.status {
				t.Errorf("answer is %d, want %d", r.StatusCode, tt.status)
			}
			if err := <-ended; err != nil || time.Since(begun) > 5*time.Second {
				t.Errorf("ended with %v after %v", err, time.Since(begun))
			}
		})
	}
}

// Who asks before sending is told without having sent.
func TestServe_ExpectIsRefusedBeforeTheBody(t *testing.T) {
	g := newGallery(t)
	g.Timeout = time.Minute
	url, stop, ended := serve(t, g.Service, time.Second)
	for query, want := range map[string]struct {
		length int
		status int
	}{
		"?key=a.gif": {1000, 422}, "?key=a.jpg": {100_001, 413}, "?key=": {1000, 400},
	} {
		conn := dial(t, url, fmt.Sprintf("POST /%s HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", query, want.length))
		if r, body := answerOf(t, conn); r.StatusCode != want.status {
			t.Errorf("%s: %d %s", query, r.StatusCode, body)
		}
	}
	body := photo(t, 9)
	conn := dial(t, url, fmt.Sprintf("POST /?key=a.jpg HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", len(body)))
	go1 := make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))
	if _, err := io.ReadFull(conn, go1); err != nil || !strings.HasPrefix(string(go1), "HTTP/1.1 100") {
		t.Fatalf("%q, %v", go1, err)
	}
	if _, err := conn.Write([]byte(body)); err != nil {
		t.Fatal(err)
	}
	if r, body := answerOf(t, conn); r.StatusCode != 201 {
		t.Errorf("the image got %d %s", r.StatusCode, body)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}

// A client that offers to change to HTTP/2 is answered in HTTP/1.1, as the standard
// allows; HTTP/2 begins with prior knowledge.
func TestServe_AnUpgradeIsNotTaken(t *testing.T) {
	s, _, _ := newService(1, 1)
	url, stop, ended := serve(t, s, time.Second)
	const body = `{"bucket":"uploads","key":"fine"}`
	conn := dial(t, url, fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"+
		"HTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
	if r, got := answerOf(t, conn); r.StatusCode != 200 || r.ProtoMajor != 1 {
		t.Errorf("answer is %s %d %s", r.Proto, r.StatusCode, got)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}
