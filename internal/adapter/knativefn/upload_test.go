package knativefn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/jpeg"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pixmill/internal/blob"
	"pixmill/internal/blob/driver"
	"pixmill/internal/blob/faultblob"
	"pixmill/internal/blob/memblob"
	"pixmill/internal/event"
	"pixmill/internal/handler"
	"pixmill/internal/imaging"
	"pixmill/internal/imaging/vips"
	"pixmill/internal/manifest"
	"pixmill/internal/outputtest"
	"pixmill/internal/preset"
	"pixmill/internal/upload"
)

// Under partial/ one variant of three can be made, under none/ none of two. Under slow/
// the second takes seconds.
const uploadPresets = `
source: {bucket: uploads}
output: {bucket: variants}
rules:
  - {match: "partial/**", presets: [web, impossible]}
  - {match: "none/**", presets: [impossible]}
  - {match: "slow/**", presets: [slow]}
  - {match: "**/*.jpg", presets: [web]}
presets:
  web: [{name: small, width: 32, format: webp}]
  slow: [{name: quick, width: 16, format: jpeg}, {name: slow, format: avif, effort: 9}]
  impossible:
    - {name: fit, width: 48, format: jpeg, max_bytes: 10}
    - {name: crop, width: 16, height: 16, fit: cover, format: jpeg, max_bytes: 10}
limits: {source_bytes: 100000}
`

// gallery is a service with real buckets, a real engine and the real handler.
type gallery struct {
	*Service
	source, output         *blob.Bucket
	sourceStore            *memblob.Bucket
	sourceHook, outputHook func(op faultblob.Op, key string) error // before each operation; may be nil
	log                    *outputtest.Buffer
}

func newGallery(t *testing.T) *gallery {
	t.Helper()
	return newGalleryWith(t, func(*imaging.Limits) {})
}

func newGalleryWith(t *testing.T, change func(*imaging.Limits)) *gallery {
	t.Helper()
	config, err := preset.Parse("presets", []byte(uploadPresets))
	if err != nil {
		t.Fatal(err)
	}
	change(&config.Limits)
	engine, err := vips.New(config.Limits, vips.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	g := &gallery{sourceStore: memblob.New(memblob.Options{}), log: &outputtest.Buffer{}}
	hooked := func(drv driver.Bucket, hook *func(faultblob.Op, string) error) driver.Bucket {
		return faultblob.Wrap(drv, faultblob.Hooks{Before: func(_ context.Context, op faultblob.Op, key string) error {
			if *hook == nil {
				return nil
			}
			return (*hook)(op, key)
		}})
	}
	g.source = blob.NewBucket("uploads", hooked(g.sourceStore, &g.sourceHook))
	g.output = blob.NewBucket("variants", hooked(memblob.New(memblob.Options{}), &g.outputHook))
	g.Service = New(Config{
		Handler: handler.New(handler.Config{Source: g.source, Output: g.output, Presets: config, Engine: engine, Now: time.Now}),
		Log:     slog.New(slog.NewJSONHandler(g.log, nil)), Now: time.Now, Slots: 1, Queue: 1, BodyBytes: 1 << 20,
		Uploads: upload.New(upload.Config{Source: g.source, Presets: config, Engine: engine}), OutputBucket: "variants",
	})
	return g
}

func (g *gallery) upload(t *testing.T, query, body string, headers ...string) *http.Response {
	t.Helper()
	if !slices.Contains(headers, "Content-Type") {
		headers = append(headers, "Content-Type", "image/jpeg")
	}
	return postTo(t, g, "/"+query, body, headers...)
}

// keys lists all of a bucket.
func keys(t *testing.T, b *blob.Bucket) string {
	t.Helper()
	var all []string
	for e, err := range b.List(t.Context(), blob.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e.Key)
	}
	return strings.Join(all, " ")
}

func photo(t *testing.T, grey uint8) string {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 64, 48))
	for i := range img.Pix {
		img.Pix[i] = grey
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func receiptOf(t *testing.T, r *http.Response) upload.Receipt {
	t.Helper()
	var got upload.Receipt
	if body := text(t, r); r.StatusCode != http.StatusCreated || json.Unmarshal([]byte(body), &got) != nil {
		t.Fatalf("answer is %d %s; want a receipt", r.StatusCode, body)
	}
	return got
}

func TestUpload_IsAnsweredWithWhatWasMade(t *testing.T) {
	g := newGallery(t)
	r := g.upload(t, "?key=2026/gr%C3%B6%C3%9Fe+1%2B1.jpg", photo(t, 9), "X-Amz-Meta-Focal-Point", "0.5,0.5")
	const key = "2026/größe 1+1.jpg"
	if got := r.Header.Get("Location"); got != "s3://variants/2026/gr%C3%B6%C3%9Fe%201+1.jpg/manifest.json" {
		t.Errorf("Location is %q", got)
	}
	got := receiptOf(t, r)
	if got.Result != handler.ResultWritten || got.Source.Key != key || got.Source.Width != 64 || len(got.Variants) != 1 || got.Variants[0].Width != 32 {
		t.Errorf("receipt is %+v", got)
	}
	if s, o := keys(t, g.source), keys(t, g.output); s != key || o != got.Manifest.Key+" "+got.Variants[0].Key {
		t.Errorf("source is %q, output %q; the receipt says %+v", s, o, got)
	}
	if a, err := g.source.Head(t.Context(), key); err != nil || a.Metadata["focal-point"] != "0.5,0.5" || a.ContentType != "image/jpeg" {
		t.Errorf("the source is %+v, %v", a, err)
	}
	// The event of the bucket finds agreement, and so does the same image again.
	if r := post(t, g, `{"bucket":"uploads","key":"`+key+`"}`); !strings.Contains(text(t, r), `"result":"unchanged"`) {
		t.Errorf("its event got %d", r.StatusCode)
	}
	if again := receiptOf(t, g.upload(t, "?key=2026/gr%C3%B6%C3%9Fe%201%2B1.jpg", photo(t, 9), "X-Amz-Meta-Focal-Point", "0.5,0.5")); again.Result != handler.ResultUnchanged {
		t.Errorf("again: %+v", again)
	}
}

func TestUpload_HoldsNoSlotBeforeItIsStoredAndNoMemoryAfter(t *testing.T) {
	g := newGallery(t)
	seen := 0
	g.sourceHook = func(op faultblob.Op, _ string) error {
		if op == faultblob.OpPut {
			seen++
			if len(g.gate.slots) != 0 {
				t.Error("an image that is being stored holds a slot")
			}
		}
		return nil
	}
	g.outputHook = func(op faultblob.Op, key string) error {
		if op == faultblob.OpPut && strings.HasSuffix(key, ".webp") {
			seen++
			if len(g.gate.slots) != 1 || !g.gate.room.TryAcquire(g.BodyBytes) {
				t.Error("an image that is handled holds no slot, or memory for its body")
				return nil
			}
			g.gate.room.Release(g.BodyBytes)
		}
		return nil
	}
	receiptOf(t, g.upload(t, "?key=a.jpg", photo(t, 9)))
	if seen != 2 {
		t.Errorf("looked %d times, want twice", seen)
	}
}

func TestUpload_WithoutAKeyHasThatOfItsBytes(t *testing.T) {
	g := newGallery(t)
	first, again, other := receiptOf(t, g.upload(t, "", photo(t, 1))), receiptOf(t, g.upload(t, "", photo(t, 1))), receiptOf(t, g.upload(t, "", photo(t, 2)))
	if len(first.Source.Key) != 64+len(".jpg") || first.Source.Key != again.Source.Key || first.Source.Key == other.Source.Key {
		t.Errorf("keys are %q, %q and of another image %q", first.Source.Key, again.Source.Key, other.Source.Key)
	}
}

func TestUpload_SomeOrAllVariantsFail(t *testing.T) {
	g := newGallery(t)
	some := receiptOf(t, g.upload(t, "?key=partial/a.jpg", photo(t, 9)))
	if len(some.Variants) != 3 || some.Status != manifest.StatusPartial || some.Variants[0].Object == nil || some.Variants[1].Object != nil || some.Variants[1].Reason == "" {
		t.Errorf("receipt is %+v", some)
	}
	whole := photo(t, 9)
	for query, body := range map[string]string{"?key=none/a.jpg": whole, "?key=cut.jpg": whole[:len(whole)-20]} {
		r := g.upload(t, query, body)
		answer := text(t, r)
		var p struct {
			Detail, ManifestKey string
			Manifest            manifest.Manifest
			Source              upload.Object
		}
		if err := json.Unmarshal([]byte(answer), &p); err != nil || r.StatusCode != 422 || p.Detail == "" {
			t.Fatalf("%s: %d %s", query, r.StatusCode, answer)
		}
		key := strings.TrimPrefix(query, "?key=")
		if p.ManifestKey != key+"/manifest.json" || p.Manifest.Source.Key != key || p.Source.Key != key || p.Manifest.Status == manifest.StatusOK {
			t.Errorf("%s: %s", query, answer)
		}
	}
}

// What is refused leaves nothing behind.
func TestUpload_Refuses(t *testing.T) {
	fine := photo(t, 9)
	for _, tt := range []struct {
		name, query, body string
		status            int
		detail            string
		headers           []string
	}{
		{"no image", "?key=a.jpg", "To whom it may concern", 415, "not an image", nil},
		{"no image of a type that is read", "?key=a.jpg", "<svg/>", 415, "does not support input svg", []string{"Content-Type", "image/svg+xml"}},
		{"nothing", "?key=a.jpg", "", 400, "the body is empty", nil},
		{"too large", "?key=a.jpg", strings.Repeat("x", 100_001), 413, "body is 100001 bytes, over the limit of 100000 bytes", nil},
		{"no rule", "?key=a.gif", fine, 422, "no rule matches the key", nil},
		{"a key that climbs", "?key=../a.jpg", fine, 422, "empty, . or .. segment", nil},
		{"a folder", "?key=a/", fine, 422, "ends in /", nil},
		{"a long key", "?key=" + strings.Repeat("k", 1021) + ".jpg", fine, 422, "1025 bytes, over the limit of 1024", nil},
		{"an empty key", "?key=", fine, 400, "key is empty", nil},
		{"two keys", "?key=a.jpg&key=b.jpg", fine, 400, "key is there 2 times", nil},
		{"another parameter", "?name=a.jpg", fine, 400, `there is no parameter "name"`, nil},
		{"a broken query", "?key=%zz", fine, 400, `invalid URL escape "%zz"`, nil},
		{"a semicolon", "?key=a.jpg;b", fine, 400, "semicolon", nil},
		{"a bad focal point", "?key=a.jpg", fine, 422, `focal-point is "2,0"`, []string{"X-Amz-Meta-Focal-Point", "2,0"}},
		{"an image that does not say so", "?key=a.jpg", fine, 415, "say Content-Type: image/jpeg", []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{"an image that says nothing", "", fine, 415, "say Content-Type: image/jpeg", []string{"Content-Type", ""}},
		{"a compressed image", "?key=a.jpg", fine, 415, `Content-Encoding is "gzip"`, []string{"Content-Encoding", "gzip"}},
		{"two focal points", "?key=a.jpg", fine, 400, "x-amz-meta-focal-point is there 2 times", []string{"X-Amz-Meta-Focal-Point", "0,0", "X-Amz-Meta-Focal-Point", "1,1"}},
		{"other metadata", "?key=a.jpg", fine, 400, "only x-amz-meta-focal-point", []string{"X-Amz-Meta-Pixmill-Generated", "variant"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGallery(t)
			checkProblem(t, g.upload(t, tt.query, tt.body, tt.headers...), tt.status, tt.detail)
			if s, o := keys(t, g.source), keys(t, g.output); s+o != "" {
				t.Errorf("there is %q and %q", s, o)
			}
		})
	}
}

func TestUpload_StoresThatFail(t *testing.T) {
	denied := &blob.Error{Code: blob.CodeAccessDenied, Err: errors.New("s3:PutObject")}
	for _, tt := range []struct {
		name    string
		source  error // of PUT
		output  error // of everything
		status  int
		detail  string
		thereIs string
	}{
		{"PUT may pass", errors.New("down"), nil, 503, `put "a.jpg" in bucket "uploads"`, ""},
		{"PUT is forbidden", denied, nil, 500, "access denied: s3:PutObject", ""},
		{"the output may pass", nil, errors.New("down"), 503, `The image is in the bucket "uploads" as "a.jpg": the event of the bucket makes its variants, or send it again.`, "a.jpg"},
		{"the output is forbidden", nil, denied, 500, `The image is in the bucket "uploads" as "a.jpg"`, "a.jpg"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGallery(t)
			g.sourceHook = func(op faultblob.Op, _ string) error {
				if op == faultblob.OpPut {
					return tt.source
				}
				return nil
			}
			g.outputHook = func(faultblob.Op, string) error { return tt.output }
			checkProblem(t, g.upload(t, "?key=a.jpg", photo(t, 9)), tt.status, tt.detail)
			if s := keys(t, g.source); s != tt.thereIs {
				t.Errorf("source is %q, want %q", s, tt.thereIs)
			}
			g.sourceHook, g.outputHook = nil, nil
			if tt.thereIs == "" {
				return
			}
			if r := post(t, g, `{"bucket":"uploads","key":"a.jpg"}`); r.StatusCode != 200 || keys(t, g.output) != "a.jpg/manifest.json a.jpg/small.webp" {
				t.Errorf("its event got %d; output is %q", r.StatusCode, keys(t, g.output))
			}
		})
	}
}

func TestUpload_ReplacedWhileItIsHandled(t *testing.T) {
	for name, change := range map[string]func(*gallery){
		"another image": func(g *gallery) {
			_, err := g.sourceStore.Put(t.Context(), "a.jpg", []byte(photo(t, 200)), &driver.PutOptions{})
			if err != nil {
				t.Error(err)
			}
		},
		"deleted": func(g *gallery) {
			if err := g.sourceStore.Delete(t.Context(), "a.jpg"); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGallery(t)
			g.outputHook = func(op faultblob.Op, _ string) error {
				if op == faultblob.OpPut {
					g.outputHook = nil
					change(g)
				}
				return nil
			}
			checkProblem(t, g.upload(t, "?key=a.jpg", photo(t, 9)), 409, "replaced or deleted by another request")
		})
	}
}

func TestUpload_Off(t *testing.T) {
	g := newGallery(t)
	g.Uploads = nil
	checkProblem(t, g.upload(t, "?key=a.jpg", photo(t, 9)), 415, "uploads through this function are off")
}

// An event's content may be an image: its headers say what is meant.
func TestUpload_CloudEventsAreNone(t *testing.T) {
	g := newGallery(t)
	r := g.upload(t, "?key=b.jpg", photo(t, 9), "Ce-Id", "1", "Ce-Specversion", "1.0", "Ce-Source", "aws.s3.bucket.uploads",
		"Ce-Type", "org.apache.camel.event.aws.s3.getObject", "Ce-Subject", "a.jpg")
	if s := keys(t, g.source); r.StatusCode != 204 || s != "" {
		t.Errorf("answer is %d, source %q; want an event of a missing source", r.StatusCode, s)
	}
}

// panics is a handler that does.
type panics struct{}

func (panics) Handle(context.Context, event.ObjectEvent) (handler.Outcome, error) { panic("as told") }

func TestUpload_PanicIsOfThatRequestAlone(t *testing.T) {
	g := newGallery(t)
	real := g.Handler
	g.Handler = panics{}
	checkProblem(t, g.upload(t, "?key=a.jpg", photo(t, 9)), 503, "panic: as told. The image is in the bucket")
	g.Handler = real
	receiptOf(t, g.upload(t, "?key=a.jpg", photo(t, 9)))
}
