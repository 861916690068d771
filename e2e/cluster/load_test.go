package cluster

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// answer is what became of one request.
type answer struct {
	key        string
	status     int // 0: none came
	retryAfter string
	body       string
	err        error
	began      time.Time
	took       time.Duration
}

func (a answer) ok() bool { return a.err == nil && a.status/100 == 2 }

func (a answer) String() string {
	return fmt.Sprintf("%s, begun %s, after %v: status %d %v %s", a.key, a.began.Format("15:04:05.000"), a.took.Round(time.Millisecond), a.status, a.err, a.body)
}

// sender sends a request for one new image.
type sender func(ctx context.Context, key string) answer

// load is clients that send one request after the other.
type load struct {
	site    *site
	send    sender
	batch   int
	most    int64
	stop    context.CancelFunc
	clients sync.WaitGroup
	next    atomic.Int64
	mu      sync.Mutex
	answers []answer
}

// begin starts a number of clients, which put so many images at most into the source
// bucket and send an event for each.
func (s *site) begin(clients, most int) *load { return s.beginWith(s.putAndPost, clients, most) }

func (s *site) beginWith(send sender, clients, most int) *load {
	ctx, stop := context.WithCancel(s.t.Context())
	*s.batches++
	l := &load{site: s, send: send, batch: *s.batches, most: int64(most), stop: stop}
	for range clients {
		l.clients.Go(func() { l.run(ctx) })
	}
	s.t.Cleanup(func() { l.end() })
	return l
}

func (l *load) run(ctx context.Context) {
	for ctx.Err() == nil {
		n := l.next.Add(1)
		if n > l.most {
			return
		}
		// Without ctx: what was begun ends, and then there is no source without an answer.
		a := l.send(context.WithoutCancel(ctx), fmt.Sprintf("%d/%04d.jpg", l.batch, n))
		l.mu.Lock()
		l.answers = append(l.answers, a)
		l.mu.Unlock()
	}
}

// end lets the clients finish their requests, and returns all answers.
func (l *load) end() []answer {
	l.stop()
	return l.wait()
}

// wait returns all answers when the load is over.
func (l *load) wait() []answer {
	l.clients.Wait()
	l.stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answers
}

// answered is how many answers there are yet.
func (l *load) answered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.answers)
}

// untilAnswered waits for n more answers.
func (l *load) untilAnswered(n int) {
	l.site.t.Helper()
	want := l.answered() + n
	l.site.until(fmt.Sprintf("%d more answers", n), func(context.Context) string {
		if now := l.answered(); now < want {
			return fmt.Sprintf("%d of %d", now, want)
		}
		return ""
	})
}

// putAndPost puts an image into the source bucket and sends an event for it.
func (s *site) putAndPost(ctx context.Context, key string) answer {
	if _, err := s.uploads.Put(ctx, key, s.photo, nil); err != nil {
		return answer{key: key, err: err, began: time.Now()}
	}
	return s.post(ctx, key)
}

// post sends an event for a source that is there.
func (s *site) post(ctx context.Context, key string) answer {
	event := fmt.Sprintf(`{"bucket": %q, "key": %q}`, s.uploads.Name(), key)
	return s.request(ctx, key, s.url, "application/json", []byte(event))
}

// repeat sends an event for a source that is done: quick requests, of which there are
// many, to meet a pod at any moment.
func (s *site) repeat(ctx context.Context, _ string) answer { return s.post(ctx, doneKey) }

// doneKey is a source that is done before it is repeated.
const doneKey = "done.jpg"

// upload sends the image itself.
func (s *site) upload(ctx context.Context, key string) answer {
	return s.request(ctx, key, s.url+"?"+url.Values{"key": {key}}.Encode(), "image/jpeg", s.photo)
}

func (s *site) request(ctx context.Context, key, to, contentType string, body []byte) (a answer) {
	a = answer{key: key, began: time.Now()}
	defer func() { a.took = time.Since(a.began) }()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		a.err = err
		return a
	}
	r.Header.Set("Content-Type", contentType)
	res, err := s.client.Do(r)
	if err != nil {
		a.err = err
		return a
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	a.status, a.retryAfter, a.body, a.err = res.StatusCode, res.Header.Get("Retry-After"), string(text), err
	return a
}

// photograph is a JPEG of some colours.
func photograph(width int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, width, width*3/4))
	for y := range width * 3 / 4 {
		for x := range width {
			img.SetRGBA(x, y, color.RGBA{R: uint8(x), G: uint8(y), B: uint8(x * y / 64), A: 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err) // of a picture in memory
	}
	return b.Bytes()
}

// failed returns the answers that were no success.
func failed(answers []answer) []answer {
	var bad []answer
	for _, a := range answers {
		if !a.ok() {
			bad = append(bad, a)
		}
	}
	return bad
}

// wantAll checks that at least so many requests were sent, and that none failed.
func (s *site) wantAll(answers []answer, least int) {
	s.t.Helper()
	bad := failed(answers)
	s.t.Logf("%d requests, %d failed, the slowest took %v", len(answers), len(bad), slowest(answers).Round(time.Millisecond))
	if len(answers) < least {
		s.t.Errorf("%d requests, want %d or more: there was no load", len(answers), least)
	}
	if len(bad) > 0 {
		s.t.Errorf("%d of %d requests failed, such as\n%v", len(bad), len(answers), bad[:min(len(bad), 5)])
	}
}

func slowest(answers []answer) time.Duration {
	var most time.Duration
	for _, a := range answers {
		most = max(most, a.took)
	}
	return most
}

// again sends once more what failed.
func (s *site) again(send sender, bad []answer) {
	s.t.Helper()
	for _, a := range bad {
		if second := send(s.t.Context(), a.key); !second.ok() {
			s.t.Errorf("the second request failed, too: %v; the first: %v", second, a)
		}
	}
}
