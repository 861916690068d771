package knativefn

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"pixmill/internal/fault"
)

const (
	// bodyTime is how long a body may take to arrive, and slowest how many bytes of it
	// buy a second more: a large one may take longer, a trickle may not.
	bodyTime = 30 * time.Second
	slowest  = 128 << 10
	// firstBytes is the buffer that a body begins with; each further one is four times as large.
	firstBytes = 64 << 10
	// mostDiscarded is how many bytes of a body that nobody wants are taken all the same.
	mostDiscarded = 64 << 20
)

// unreadable is a body that did not arrive: the sender may try again.
type unreadable struct{ error }

// body reads a request's body, of which limit bytes are taken, or what there is room for
// if that is less. What has arrived of it is held in l: what is only announced takes no
// room from others.
func (s *Service) body(w http.ResponseWriter, r *http.Request, limit int64, l *lease) ([]byte, error) {
	limit = min(limit, s.BodyBytes-1) // one byte of the room is for what follows
	if r.ContentLength > limit {
		return nil, overLimit(limit, r.ContentLength)
	}
	most := limit + 1 // one more than may be: so its end shows, or that it is too long
	if r.ContentLength >= 0 {
		most = r.ContentLength + 1
	}
	p := s.pace(w, r)
	defer p.stop()
	var buf []byte
	for {
		if len(buf) == cap(buf) {
			larger := min(max(firstBytes, 4*int64(cap(buf))), most)
			if err := l.grow(larger - int64(cap(buf))); err != nil {
				return nil, err
			}
			buf = append(make([]byte, 0, larger), buf...)
		}
		n, err := r.Body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > limit:
			return nil, overLimit(limit, int64(len(buf)))
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return nil, unreadable{fmt.Errorf("read the body, of which %d bytes came: %w", len(buf), err)}
		}
		p.extend(n)
	}
}

func overLimit(limit, value int64) error {
	return &fault.LimitError{Field: "body", Limit: limit, Value: value, Unit: "bytes"}
}

// incomingBody knows how a request's body ended.
type incomingBody struct {
	io.ReadCloser
	ended bool // all of it was read
	err   error
}

func (b *incomingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	switch {
	case err == io.EOF:
		b.ended = true
	case err != nil:
		b.err = err
	}
	return n, err
}

// discard takes what is left of the body. A proxy that is still sending when the answer
// comes, Knative's queue-proxy among them, may take that for a broken connection. Who
// asks before sending (Expect: 100-continue) is not told to begin, and what did not
// arrive is not waited for: net/http would, and for as long as the client likes.
func (s *Service) discard(w http.ResponseWriter, r *http.Request, b *incomingBody) {
	if b.ended {
		return
	}
	p := s.pace(w, r)
	defer p.stop()
	if b.err == nil && r.Header.Get("Expect") == "" {
		_, _ = io.CopyN(io.Discard, b, mostDiscarded) // b knows what came of it
	}
	if b.ended {
		return
	}
	if r.ProtoMajor == 1 { // of HTTP/2 only the stream ends
		w.Header().Set("Connection", "close")
	}
	_ = p.control.SetReadDeadline(s.Now())
}

// pace bounds the time in which a body arrives. It bounds reading alone: what is done
// with a body that has arrived is not cut off.
type pace struct {
	control *http.ResponseController
	until   time.Time
	moved   int
	stop    func() bool
}

// pace begins now, and ends at once when the request is cut off.
func (s *Service) pace(w http.ResponseWriter, r *http.Request) *pace {
	p := &pace{control: http.NewResponseController(w), until: s.Now().Add(bodyTime)}
	_ = p.control.SetReadDeadline(p.until) // without one where w has none: a test's
	p.stop = context.AfterFunc(r.Context(), func() { _ = p.control.SetReadDeadline(s.Now()) })
	return p
}

// extend gives more time for n bytes that came.
func (p *pace) extend(n int) {
	p.moved += n
	if more := p.moved / slowest; more > 0 {
		p.moved -= more * slowest
		p.until = p.until.Add(time.Duration(more) * time.Second)
		_ = p.control.SetReadDeadline(p.until)
	}
}
