package lambdafn

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pixmill/internal/blob"
	"pixmill/internal/blob/memblob"
	"pixmill/internal/handler"
	"pixmill/internal/imaging"
	"pixmill/internal/preset"
)

const manyVariants = `
source: {bucket: uploads}
output: {bucket: variants}
rules: [{match: "**", presets: [web]}]
presets:
  web:
    - {name: v1, width: 1, format: png}
    - {name: v2, width: 2, format: png}
    - {name: v3, width: 3, format: png}
    - {name: v4, width: 4, format: png}
    - {name: v5, width: 5, format: png}
    - {name: v6, width: 6, format: png}
    - {name: v7, width: 7, format: png}
`

// slowEngine takes three seconds for each variant of a source that says "slow".
type slowEngine struct{ rendered map[string]int }

func (*slowEngine) Capability() imaging.Capability {
	return imaging.Capability{Engine: "slow", Version: "1", Limits: imaging.DefaultLimits()}
}

func (*slowEngine) Probe(context.Context, []byte) (imaging.Info, error) {
	return imaging.Info{Format: imaging.FormatPNG, Width: 9, Height: 9, Frames: 1, Orientation: 1}, nil
}

func (e *slowEngine) Render(ctx context.Context, src []byte, req imaging.Request, emit func(int, imaging.Encoded) error) (imaging.Info, error) {
	info, err := e.Probe(ctx, src)
	for i, s := range req.Specs {
		if i < len(req.Kept) && req.Kept[i] {
			continue
		}
		out := imaging.Encoded{Format: imaging.FormatPNG, ContentType: "image/png", Width: s.Width, Height: s.Width, Frames: 1}
		if string(src) == "slow" {
			out.Elapsed = 3 * time.Second
			select {
			case <-time.After(out.Elapsed):
			case <-ctx.Done():
				return info, ctx.Err()
			}
		}
		out.Data = fmt.Appendf(nil, "%s in %d", src, s.Width)
		e.rendered[string(out.Data)]++
		if err := emit(i, out); err != nil {
			return info, err
		}
	}
	return info, err
}

// slowWorld is the real handler over buckets in memory.
func slowWorld(t *testing.T) (a *Adapter, engine *slowEngine, uploads, variants *blob.Bucket) {
	t.Helper()
	cfg, err := preset.Parse("pixmill.yaml", []byte(manyVariants))
	if err != nil {
		t.Fatal(err)
	}
	uploads = blob.NewBucket("uploads", memblob.New(memblob.Options{}))
	variants = blob.NewBucket("variants", memblob.New(memblob.Options{}))
	engine = &slowEngine{rendered: map[string]int{}}
	h := handler.New(handler.Config{Source: uploads, Output: variants, Presets: cfg, Engine: engine, Version: "test", Now: time.Now})
	return &Adapter{Handler: h, Log: slog.New(slog.DiscardHandler), Now: time.Now}, engine, uploads, variants
}

// A source of seven variants at three seconds each, in a function with a
// time-out of ten: every delivery keeps what it finished, the quick messages of
// the batch are done the first time, and the slow one is done in the end.
func TestDeadline_SlowSourceIsDoneOverRedeliveries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, engine, uploads, variants := slowWorld(t)
		for key, content := range map[string]string{"a.jpg": "quick", "slow.jpg": "slow", "b.jpg": "swift"} {
			if _, err := uploads.Put(t.Context(), key, []byte(content), nil); err != nil {
				t.Fatal(err)
			}
		}
		queue := []message{{id: "a", keys: []string{"a.jpg"}}, {id: "slow", keys: []string{"slow.jpg"}}, {id: "b", keys: []string{"b.jpg"}}}
		stored := 0
		deliveries := 0
		for ; len(queue) > 0; deliveries++ {
			if deliveries > 7 {
				t.Fatalf("%d deliveries were not enough", deliveries)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			start := time.Now()
			reply, err := a.Invoke(ctx, batchOf(t, queue...))
			cancel()
			if err != nil || time.Since(start) > 10*time.Second-replyTime {
				t.Fatalf("delivery %d: %v after %v", deliveries, err, time.Since(start))
			}
			back := failures(t, reply)
			queue = slices.DeleteFunc(queue, func(m message) bool { return !slices.Contains(back, m.id) })
			if len(queue) > 1 {
				t.Fatalf("delivery %d gives back %q, want the slow one alone", deliveries, back)
			}
			now := len(under(t, variants, "slow.jpg/"))
			if now <= stored {
				t.Fatalf("delivery %d stored nothing: %d variants", deliveries, now)
			}
			stored = now
		}
		if deliveries < 3 {
			t.Errorf("%d deliveries: the source was not slow", deliveries)
		}
		want := strings.Fields("manifest.json v1.png v2.png v3.png v4.png v5.png v6.png v7.png")
		for _, key := range []string{"a.jpg/", "b.jpg/", "slow.jpg/"} {
			if got := under(t, variants, key); !slices.Equal(got, want) {
				t.Errorf("%s holds %q, want %q", key, got, want)
			}
		}
		for what, n := range engine.rendered {
			if n != 1 {
				t.Errorf("%s was rendered %d times: what is stored must be kept", what, n)
			}
		}
	})
}

// under lists what stands under a folder.
func under(t *testing.T, b *blob.Bucket, folder string) []string {
	t.Helper()
	var names []string
	for e, err := range b.List(t.Context(), blob.ListOptions{Prefix: folder}) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, strings.TrimPrefix(e.Key, folder))
	}
	return names
}
