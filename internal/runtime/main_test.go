package runtime_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"pixmill/internal/adapter/knativefn"
	"pixmill/internal/adapter/lambdafn"
	"pixmill/internal/app"
	"pixmill/internal/blob"
	"pixmill/internal/config"
	"pixmill/internal/event"
	"pixmill/internal/manifest"
	"pixmill/internal/preset"
	"pixmill/internal/runtime"
	"pixmill/internal/runtime/dispatch"
	"pixmill/internal/runtime/pool"
	"pixmill/internal/runtime/store/storetest"
)

// asFunction makes the test binary run as the function in place of the tests, and
// overHTTP as the one of pods.
const (
	asFunction = "PIXMILL_TEST_FUNCTION"
	overHTTP   = "http"
)

// mended keeps the function from crashing.
const mended = "PIXMILL_TEST_MENDED"

// presets make the work of a test small.
const presets = `
source: {bucket: uploads, prefix: "in/"}
output: {bucket: variants, prefix: "out/"}
rules:
  - {match: "**", presets: [tiny]}
presets:
  tiny:
    - {name: small, width: 40, format: jpeg}
    - {name: thumb, width: 16, height: 16, fit: cover, format: webp}
`

// TestMain leaves out goroutines of the embedded servers that sleep for some
// seconds and end when they wake up after the server has.
func TestMain(m *testing.M) {
	switch os.Getenv(asFunction) {
	case "":
	case overHTTP:
		os.Exit(knativefn.Main(context.Background(), nil, os.Getenv, os.Stderr))
	default:
		os.Exit(functionMain())
	}
	goleak.VerifyTestMain(m, append(storetest.Late(), goleak.Cleanup(func(code int) {
		if path, err := pixmillBinary(); binaryBuilt.Load() && err == nil {
			os.RemoveAll(filepath.Dir(path))
		}
		os.Exit(code)
	}))...)
}

// functionMain is Pixmill's function, but for keys whose first segment asks for
// something else.
func functionMain() int {
	settings, err := config.Load(os.Getenv, "")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	core, err := app.New(context.Background(), app.Options{Config: settings.Presets})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	adapter := &lambdafn.Adapter{Handler: core.Handler, Log: slog.New(slog.NewJSONHandler(os.Stderr, nil)), Now: time.Now}
	lambda.Start(misbehaving{adapter})
	return 0
}

type misbehaving struct{ *lambdafn.Adapter }

func (f misbehaving) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	d, err := event.Decode(payload)
	if err != nil {
		return nil, err
	}
	for _, it := range d.Items {
		for _, e := range it.Events {
			switch strings.Split(e.Key, "/")[1] {
			case "hang":
				fmt.Println("begun")
				time.Sleep(time.Hour)
			case "slow":
				fmt.Println("begun")
				time.Sleep(time.Second)
			case "crash":
				if os.Getenv(mended) == "" {
					os.Exit(9)
				}
			case "panic":
				panic("this key is not liked")
			case "eat":
				eaten := bytes.Repeat([]byte("x"), 400<<20)
				time.Sleep(time.Hour)
				_ = eaten[0]
			}
		}
	}
	return f.Adapter.Invoke(ctx, payload)
}

// rig is a runtime in this process, and a client of its store.
type rig struct {
	t      *testing.T
	r      *runtime.Runtime
	source *blob.Bucket
	output *blob.Bucket
	run    func()       // starts Run
	stop   func() error // ends Run, waits for it and closes the runtime
}

func options(t *testing.T, data string) runtime.Options {
	t.Helper()
	p, err := preset.Parse("test", []byte(presets))
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return runtime.Options{
		Data: data, Listen: "127.0.0.1:0", Presets: p, Config: presets,
		Function: pool.Function{Name: "test", Command: []string{self}, Root: t.TempDir()},
		Form:     dispatch.FormSQS, Concurrency: 2, Idle: time.Minute, Timeout: 30 * time.Second, Drain: 30 * time.Second,
		Recheck: true, Environ: append(os.Environ(), asFunction+"=1"),
		Log: slog.New(slog.DiscardHandler), Now: time.Now, Rand: rand.Reader,
	}
}

// open returns a runtime that does not run yet; edit may change its options.
func open(t *testing.T, data string, edit func(*runtime.Options)) *rig {
	t.Helper()
	o := options(t, data)
	if edit != nil {
		edit(&o)
	}
	r, err := runtime.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	client, err := r.Endpoint().Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{t: t, r: r, source: client.Bucket("uploads"), output: client.Bucket("variants")}
	ctx, cancel := context.WithCancel(context.Background())
	var running errgroup.Group
	g.run = func() { running.Go(func() error { return r.Run(ctx) }) }
	g.stop = sync.OnceValue(func() error {
		cancel()
		err := running.Wait()
		client.Close()
		return errors.Join(err, r.Close())
	})
	t.Cleanup(func() {
		if err := g.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return g
}

// start is open and run.
func start(t *testing.T, data string, edit func(*runtime.Options)) *rig {
	t.Helper()
	g := open(t, data, edit)
	g.run()
	return g
}

func (g *rig) put(key string, body []byte) {
	g.t.Helper()
	if _, err := g.source.Put(g.t.Context(), key, body, nil); err != nil {
		g.t.Fatal(err)
	}
}

// drain waits until no event waits or is worked on.
func (g *rig) drain() {
	g.t.Helper()
	g.drainWithin(30 * time.Second)
}

func (g *rig) drainWithin(within time.Duration) {
	g.t.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		s, err := g.r.Events(g.t.Context())
		if err != nil {
			g.t.Fatal(err)
		}
		if s.Idle() {
			return
		}
	}
	g.t.Fatalf("the queue was not empty within %v", within)
}

// wantExact checks that the output is exactly what the source asks for.
func (g *rig) wantExact(sources ...string) {
	g.t.Helper()
	problems, n := disagreements(g.t, g.source, g.output)
	for key, p := range problems {
		g.t.Errorf("%s: %s", key, p)
	}
	if n != len(sources) {
		g.t.Errorf("%d sources, want %d: %q", n, len(sources), sources)
	}
	for _, key := range sources {
		if _, err := g.source.Head(g.t.Context(), key); err != nil {
			g.t.Errorf("source %s: %v", key, err)
		}
	}
}

// disagreements compares the buckets by what the documentation of the manifest
// says, without the handler: every source has a manifest of its ETag, every ok
// variant is listed with its ETag, and nothing else stands in the output. It
// returns a problem of each source key that has one, and the number of sources.
func disagreements(t *testing.T, source, output *blob.Bucket) (problems map[string]string, sources int) {
	t.Helper()
	problems = map[string]string{}
	sourceETags := list(t, source, "in/")
	left := list(t, output, "out/")
	for key, etag := range sourceETags {
		folder := "out/" + strings.TrimPrefix(key, "in/") + "/"
		data, _, err := output.Get(t.Context(), folder+manifest.Name, 0)
		if err != nil {
			problems[key] = fmt.Sprintf("no manifest: %v", err)
			continue
		}
		m, err := manifest.Parse(data)
		if err != nil || m.Source.ETag != etag {
			problems[key] = fmt.Sprintf("it has ETag %s, its manifest is of %+v (%v)", etag, m, err)
			continue
		}
		if m.Status != manifest.StatusRejected && len(m.Variants) != 2 {
			problems[key] = fmt.Sprintf("status %s with %d variants", m.Status, len(m.Variants))
		}
		delete(left, folder+manifest.Name)
		for _, v := range m.Variants {
			if left[v.Key] != v.ETag {
				problems[key] = fmt.Sprintf("variant %s has ETag %q, the manifest says %q", v.Key, left[v.Key], v.ETag)
			}
			delete(left, v.Key)
		}
		if problems[key] == "" && m.Status == manifest.StatusOK {
			problems[key] = otherPicture(t, source, output, key, m.Variants[0].Key)
		}
		if problems[key] == "" {
			delete(problems, key)
		}
	}
	for object := range left {
		key := "in/" + path.Dir(strings.TrimPrefix(object, "out/"))
		if problems[key] == "" {
			problems[key] = "orphan " + object
		}
	}
	return problems, len(sourceETags)
}

// otherPicture says whether a variant shows another picture than its source has,
// by the blue in which they differ; empty if not. ETags alone would not tell of
// the bytes of one version under the name of another.
func otherPicture(t *testing.T, source, output *blob.Bucket, key, variant string) string {
	t.Helper()
	want, errSource := blue(t, source, key)
	got, errVariant := blue(t, output, variant)
	if err := errors.Join(errSource, errVariant); err != nil {
		return err.Error()
	}
	if diff := got - want; diff < -8 || diff > 8 {
		return fmt.Sprintf("variant %s has blue %d, the source %d", variant, got, want)
	}
	return ""
}

// blue returns the mean blue of a picture.
func blue(t *testing.T, b *blob.Bucket, key string) (int, error) {
	t.Helper()
	data, _, err := b.Get(t.Context(), key, 0)
	if err != nil {
		return 0, err
	}
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", key, err)
	}
	sum, size := 0, img.Bounds().Size()
	for y := range size.Y {
		for x := range size.X {
			_, _, v, _ := img.At(x, y).RGBA()
			sum += int(v >> 8)
		}
	}
	return sum / (size.X * size.Y), nil
}

// list returns the ETags by key.
func list(t *testing.T, b *blob.Bucket, prefix string) map[string]string {
	t.Helper()
	etags := map[string]string{}
	for e, err := range b.List(t.Context(), blob.ListOptions{Prefix: prefix}) {
		if err != nil {
			t.Fatal(err)
		}
		etags[e.Key] = e.ETag
	}
	return etags
}

// picture returns a small JPEG; each n gives another one.
func picture(n int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for y := range 48 {
		for x := range 64 {
			img.SetRGBA(x, y, color.RGBA{R: uint8(x * 4), G: uint8(y * 5), B: uint8(n * 37), A: 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	fmt.Fprintf(&b, "picture %d", n) // after the end of the image: another ETag for certain
	return b.Bytes()
}

// reasons returns why events were given up, by the first segment of their key.
func (g *rig) reasons() map[string]string {
	g.t.Helper()
	letters, err := g.r.Dead(g.t.Context(), 100)
	if err != nil {
		g.t.Fatal(err)
	}
	byName := map[string]string{}
	for _, l := range letters {
		d, err := event.Decode(l.Body)
		if err != nil {
			g.t.Fatal(err)
		}
		byName[path.Dir(strings.TrimPrefix(d.Items[0].Events[0].Key, "in/"))] = l.Reason
	}
	return byName
}

// changePresets gives one variant another name.
func changePresets(t *testing.T, o *runtime.Options) {
	t.Helper()
	o.Config = strings.Replace(presets, "name: small", "name: other", 1)
	var err error
	if o.Presets, err = preset.Parse("test", []byte(o.Config)); err != nil {
		t.Fatal(err)
	}
}
