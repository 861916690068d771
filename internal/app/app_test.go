package app_test

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // the check decodes with another decoder than the engine's
	"os"
	"strings"
	"testing"

	"pixmill/internal/app"
	"pixmill/internal/blob"
	"pixmill/internal/blob/memblob"
	"pixmill/internal/event"
	"pixmill/internal/fault"
	"pixmill/internal/handler"
	"pixmill/internal/imaging/vips/vipstest"
	"pixmill/internal/preset"
)

func TestMain(m *testing.M) { vipstest.Main(m) }

const config = `
source: {bucket: uploads}
output: {bucket: variants}
rules: [{match: "**", presets: [web]}]
presets:
  web:
    - {name: small, width: 320, format: jpeg}
    - {name: square, width: 100, height: 100, fit: cover, gravity: smart, format: jpeg}
`

func open(t *testing.T, config string) *app.App {
	t.Helper()
	cfg, err := preset.Parse("pixmill.yaml", []byte(config))
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), app.Options{
		Config: cfg,
		Source: blob.NewBucket("uploads", memblob.New(memblob.Options{})),
		Output: blob.NewBucket("variants", memblob.New(memblob.Options{})),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func TestApp_MakesVariantsOfAPhotograph(t *testing.T) {
	a := open(t, config)
	photo, err := os.ReadFile("../imaging/imagingtest/testdata/photos/rocket.jpg")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Source.Put(t.Context(), "rocket.jpg", photo, nil); err != nil {
		t.Fatal(err)
	}
	out, err := a.Handler.Handle(t.Context(), event.ObjectEvent{Bucket: "uploads", Key: "rocket.jpg"})
	if err != nil || out.Result != handler.ResultWritten {
		t.Fatalf("%+v, %v", out, err)
	}
	for key, want := range map[string]image.Point{
		"rocket.jpg/small.jpg":  {X: 320, Y: 214},
		"rocket.jpg/square.jpg": {X: 100, Y: 100},
	} {
		data, _, err := a.Output.Get(t.Context(), key, 0)
		if err != nil {
			t.Fatal(err)
		}
		img, _, err := image.Decode(bytes.NewReader(data))
		if err != nil || img.Bounds().Size() != want {
			t.Errorf("%s: %v, %v; want %v", key, img.Bounds(), err, want)
		}
	}
}

func TestApp_RefusesBrokenSourcesWithTheReason(t *testing.T) {
	a := open(t, config)
	for key, c := range map[string]struct{ content, want string }{
		"text.jpg": {"this is no image", "not an image"},
		"gif.gif":  {"GIF89a", "gif"},
	} {
		if _, err := a.Source.Put(t.Context(), key, []byte(c.content), nil); err != nil {
			t.Fatal(err)
		}
		out, err := a.Handler.Handle(t.Context(), event.ObjectEvent{Bucket: "uploads", Key: key})
		if err != nil || out.Result != handler.ResultRejected || !strings.Contains(strings.ToLower(out.Reason), c.want) {
			t.Errorf("%s: %+v, %v; want rejected with %q", key, out, err, c.want)
		}
	}
}

func TestNew_WithoutTheBuildTagBimgIsMisconfigured(t *testing.T) {
	cfg, err := preset.Parse("pixmill.yaml", []byte("engine: bimg\n"+config))
	if err != nil {
		t.Fatal(err)
	}
	mem := blob.NewBucket("uploads", memblob.New(memblob.Options{}))
	a, err := app.New(t.Context(), app.Options{Config: cfg, Source: mem, Output: mem})
	if err == nil {
		a.Close()
		t.Skip("built with the tag bimg")
	}
	if fault.KindOf(err) != fault.Misconfigured {
		t.Errorf("error %v, want misconfigured", err)
	}
}

// With buckets of S3 the configuration's places for events are opened, without
// asking them anything; with other buckets they are left alone.
func TestNew_NotifyBelongsToTheBucketsOfS3(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	text := config + "notify: {eventbridge: default}\n"
	open(t, text)
	cfg, err := preset.Parse("pixmill.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	_, err = app.New(t.Context(), app.Options{Config: cfg})
	if fault.KindOf(err) != fault.Misconfigured || !strings.Contains(fmt.Sprint(err), "send completion events: misconfigured: no region") {
		t.Errorf("without a region: %v", err)
	}
	t.Setenv("AWS_REGION", "eu-central-1")
	a, err := app.New(t.Context(), app.Options{Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
}
