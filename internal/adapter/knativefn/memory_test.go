package knativefn

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pixmill/internal/blob/faultblob"
	"pixmill/internal/imaging"
)

// needOf is what the engine reckons for an image. One that can never fit is told it, with
// what there is.
func needOf(t *testing.T, key, body string) int64 {
	t.Helper()
	r := newGalleryWith(t, func(l *imaging.Limits) { l.Memory, l.SourceBytes = 1<<20, 1<<20 }).upload(t, "?key="+key, body)
	answer := text(t, r)
	told := regexp.MustCompile(`estimated memory is (\d+) bytes, over the limit of 1048576 bytes`).FindStringSubmatch(answer)
	if r.StatusCode != 422 || told == nil {
		t.Fatalf("answer is %d %s; want both numbers", r.StatusCode, answer)
	}
	need, err := strconv.ParseInt(told[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return need
}

// noise is an image that takes long to be encoded.
func noise(t *testing.T) string {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 640, 480))
	_, _ = rand.NewChaCha8([32]byte{}).Read(img.Pix) // never fails
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// begin sends an image; its answer comes later.
func (g *gallery) begin(ctx context.Context, key, body string) <-chan *http.Response {
	answer := make(chan *http.Response, 1)
	go func() {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/?key="+key, strings.NewReader(body))
		r.Header.Set("Content-Type", "image/jpeg")
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		answer <- w.Result()
	}()
	return answer
}

// Two images that do not fit into the memory together are made one after the other, and
// neither is refused for the other's sake.
func TestMemory_AnImageWaitsForAnother(t *testing.T) {
	const slowKey, otherKey = "slow/a.jpg", "b.jpg"
	slow, other := noise(t), photo(t, 9)
	both := needOf(t, slowKey, slow) + needOf(t, otherKey, other)
	for _, tt := range []struct {
		name   string
		memory int64
		ends   string // which of them is cut off while the other waits or is made
		status int    // of the other one's answer
	}{
		{"both fit", both, "", 201},
		{"one fits, and ends", both - 1, slowKey, 201},
		{"one fits, and the other has no more time", both - 1, otherKey, 503},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGalleryWith(t, func(l *imaging.Limits) { l.Memory, l.SourceBytes = tt.memory, 1<<20 })
			g.gate = newGate(2, 0, g.BodyBytes)
			seen := make(chan string, 16) // keys, as they are read from the source or come to the output
			g.sourceHook = func(op faultblob.Op, key string) error {
				if op == faultblob.OpGet {
					seen <- key
				}
				return nil
			}
			g.outputHook = func(op faultblob.Op, key string) error {
				if op == faultblob.OpPut {
					seen <- key
				}
				return nil
			}
			await := func(key string) {
				for got := range seen {
					if got == key {
						return
					}
					if strings.HasPrefix(got, slowKey+"/slow") {
						t.Fatalf("%s is made before %s comes: it is not slow", got, key)
					}
				}
			}
			slowCtx, endSlow := context.WithCancel(t.Context())
			defer endSlow()
			otherCtx, endOther := context.WithCancel(t.Context())
			defer endOther()
			slowAnswer := g.begin(slowCtx, slowKey, slow)
			await(slowKey + "/quick.jpg") // the pixels are in memory, and stay there
			answer := g.begin(otherCtx, otherKey, other)
			await(otherKey)
			if tt.ends != "" {
				select {
				case key := <-seen:
					t.Errorf("%s came though there was no memory for it", key)
				case <-time.After(100 * time.Millisecond):
				}
			}
			switch tt.ends {
			case slowKey:
				endSlow()
			case otherKey:
				endOther()
			}
			r := <-answer
			if tt.status == 201 {
				receiptOf(t, r)
			} else {
				checkProblem(t, r, tt.status, "of the memory budget of "+strconv.FormatInt(tt.memory, 10)+": context canceled. The image is in the bucket")
			}
			endSlow()
			checkProblem(t, <-slowAnswer, 503, "context canceled")
		})
	}
}
