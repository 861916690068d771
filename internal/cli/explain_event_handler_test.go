package cli

import (
	"bytes"
	"image"
	"image/jpeg"
	"path/filepath"
	"slices"
	"testing"

	"pixmill/internal/app"
	"pixmill/internal/blob"
	"pixmill/internal/blob/memblob"
	"pixmill/internal/event"
	"pixmill/internal/preset"
)

// What is explained must be what the function does: the same keys, and nothing
// where something is said to be skipped.
func TestExplainEvent_AgreesWithTheHandler(t *testing.T) {
	cfg, err := preset.Load(filepath.Join("testdata", "explain-event", "pixmill.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for bucket, keys := range map[string][]string{
		"uploads": {
			"originals/a.jpg", "originals/Café 1+1%.jpg", "originals/avatars/ann/b.png", "originals/deep/a.jpg", "originals/notes.txt",
			"originals/avatars//a.png", "originals/avatars/../a.png", "originals/avatars/", "elsewhere/a.jpg",
		},
		"variants": {"a.jpg/hero.webp"},
		"holiday":  {"originals/a.jpg"},
	} {
		for _, key := range keys {
			t.Run(bucket+" "+key, func(t *testing.T) {
				ev := event.ObjectEvent{Bucket: bucket, Key: key, Op: event.OpCreated}
				compareWithHandler(t, cfg, ev)
			})
		}
	}
}

func compareWithHandler(t *testing.T, cfg *preset.Config, ev event.ObjectEvent) {
	t.Helper()
	source := blob.NewBucket("uploads", memblob.New(memblob.Options{}))
	results := blob.NewBucket("variants", memblob.New(memblob.Options{}))
	core, err := app.New(t.Context(), app.Options{Config: cfg, Source: source, Output: results})
	if err != nil {
		t.Fatal(err)
	}
	defer core.Close()
	var img bytes.Buffer
	if err := jpeg.Encode(&img, image.NewGray(image.Rect(0, 0, 40, 30)), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := source.Put(t.Context(), ev.Key, img.Bytes(), nil); err != nil {
		t.Fatal(err)
	}
	_, handleErr := core.Handler.Handle(t.Context(), ev)

	x := explainEvent(1, ev, cfg)
	if handleErr != nil && (x.Skipped == "" || x.Output != nil) {
		t.Errorf("explained as %+v, but the handler says %v", x, handleErr)
	}
	want := []string{}
	if x.Output != nil {
		for _, o := range x.Output.Writes {
			want = append(want, o.Key)
		}
	}
	slices.Sort(want)
	got := keysIn(t, results)
	if !slices.EqualFunc(got, want, func(key, pattern string) bool { return key == pattern || matches(t, pattern, key) }) {
		t.Errorf("the handler wrote %q, explained was %q", got, want)
	}
}

func keysIn(t *testing.T, b *blob.Bucket) []string {
	t.Helper()
	var keys []string
	for e, err := range b.List(t.Context(), blob.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, e.Key)
	}
	return keys
}

// matches compares a key with one that ends in ".*".
func matches(t *testing.T, pattern, key string) bool {
	t.Helper()
	ok, err := filepath.Match(pattern, key)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}
