package knativefn

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"
)

// late is a clock after which a body that begins now has so much time left.
func late(left time.Duration) func() time.Time {
	return func() time.Time { return time.Now().Add(left - bodyTime) }
}

func TestBody_TheHandlingHasNoBoundOfTheBodys(t *testing.T) {
	s, script, _ := newService(1, 0)
	s.Now = late(500 * time.Millisecond)
	url, stop, ended := serve(t, s, time.Second)
	answer := make(chan *http.Response)
	go func() { answer <- send(t, client(t, false), url, "wait") }()
	<-script.begun
	time.Sleep(900 * time.Millisecond) // the time of the body is over
	close(script.release)
	if r := <-answer; r.StatusCode != 200 {
		t.Errorf("answer is %d", r.StatusCode)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}

// A body that keeps coming may take longer than one that does not.
func TestBody_WhatComesBuysTime(t *testing.T) {
	body := `{"bucket":"uploads","key":"fine"}` + strings.Repeat(" ", 2*slowest)
	for first, status := range map[int]int{len(body) - 10: 200, 10: 503} {
		s, _, _ := newService(1, 0)
		s.Now = late(500 * time.Millisecond)
		url, stop, ended := serve(t, s, time.Second)
		conn := dial(t, url, fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:first]))
		time.Sleep(900 * time.Millisecond)
		_, _ = conn.Write([]byte(body[first:])) // it may be closed
		if r, got := answerOf(t, conn); r.StatusCode != status {
			t.Errorf("%d bytes in time: %d %s, want %d", first, r.StatusCode, got, status)
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("ended with %v", err)
		}
	}
}

// exact is a body that is asked for something each time, and tells its end alone.
type exact struct {
	*testing.T
	*strings.Reader
}

func (b exact) Read(p []byte) (int, error) {
	if len(p) == 0 {
		b.Error("a read asks for nothing: it may be answered with nothing, and for ever")
	}
	return b.Reader.Read(p)
}

// However it is cut into pieces, and whether or not its length is told.
func TestBody_IsReadWhole(t *testing.T) {
	for _, size := range []int{0, 1, firstBytes - 1, firstBytes, firstBytes + 1, 4 * firstBytes, 300_000, 300_001} {
		for _, told := range []bool{true, false} {
			s, _, _ := newService(1, 0)
			want := strings.Repeat("0123456789", size/10+1)[:size]
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", io.NopCloser(exact{t, strings.NewReader(want)}))
			if err != nil {
				t.Fatal(err)
			}
			if r.ContentLength = -1; told {
				r.ContentLength = int64(size)
			}
			l := s.gate.lease()
			got, err := s.body(nil, r, 300_000, l)
			if over := size > 300_000; string(got) != want && !over || (err != nil) != over || l.held > 300_001 {
				t.Errorf("%d bytes, told %v: %d bytes, %v, %d held", size, told, len(got), err, l.held)
			}
			if l.release(); !s.gate.room.TryAcquire(s.BodyBytes) {
				t.Errorf("%d bytes: room is lost", size)
			}
		}
	}
}

// What is larger than all the room there is will not fit later either: 413, and not 503.
func TestBody_LargerThanTheRoom(t *testing.T) {
	for _, told := range []bool{true, false} {
		for size, over := range map[int64]bool{499_999: false, 500_000: true, 500_001: true} {
			s, _, _ := newService(1, 0)
			s.BodyBytes, s.gate = 500_000, newGate(1, 0, 500_000)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", io.NopCloser(strings.NewReader(strings.Repeat("x", int(size)))))
			if err != nil {
				t.Fatal(err)
			}
			if r.ContentLength = -1; told {
				r.ContentLength = size
			}
			l := s.gate.lease()
			if _, err = s.body(nil, r, 1_000_000, l); tooLarge(err) != over || err != nil != over {
				t.Errorf("%d bytes, told %v: %v", size, told, err)
			}
			l.release()
		}
	}
}

// A body that nobody wants is not waited for any longer than its request may take.
func TestBody_UnwantedHasNoMoreTimeThanItsRequest(t *testing.T) {
	s, _, _ := newService(1, 0)
	s.Timeout = 200 * time.Millisecond
	url, stop, ended := serve(t, s, time.Second)
	begun := time.Now()
	conn := dial(t, url, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/zip\r\nContent-Length: 100\r\n\r\n{")
	if r, got := answerOf(t, conn); r.StatusCode != 415 || !r.Close || time.Since(begun) > bodyTime/2 {
		t.Errorf("answer is %d %s after %v, closes: %v", r.StatusCode, got, time.Since(begun), r.Close)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}

// Over HTTP/2 others send through the same connection.
func TestBody_UnwantedLeavesAnHTTP2ConnectionOpen(t *testing.T) {
	s, _, _ := newService(1, 0)
	s.Timeout = 200 * time.Millisecond
	url, stop, ended := serve(t, s, time.Second)
	c := client(t, true)
	if r := send(t, c, url, "fine"); r.StatusCode != 200 {
		t.Fatalf("the first got %d", r.StatusCode)
	}
	body, never := io.Pipe()
	defer never.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/zip")
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	checkProblem(t, res, 415, "application/zip")
	res.Body.Close()
	reused := false
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(g httptrace.GotConnInfo) { reused = g.Reused }})
	if r, err = http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody); err != nil {
		t.Fatal(err)
	}
	if res, err = c.Do(r); err != nil {
		t.Fatal(err)
	}
	if res.Body.Close(); !reused {
		t.Error("the next request needed a connection of its own")
	}
	c.CloseIdleConnections()
	stop()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}
