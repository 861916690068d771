package iam_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"testing"

	"pixmill/iam"
	"pixmill/iam/iamtest"
	"pixmill/internal/app"
	"pixmill/internal/blob"
	"pixmill/internal/event"
	"pixmill/internal/fault"
	"pixmill/internal/handler"
	"pixmill/internal/preset"
	"pixmill/internal/runtime/store/storetest"
)

const pixmillYAML = `source: {bucket: my-photos}
output: {bucket: my-variants}
rules: [{match: "**", presets: [web]}]
presets:
  web:
    - {name: small, width: 8, format: webp}
    - {name: tiny, width: 4, format: png}
`

// world is a real store with two ways in: the owner's, and the function's, which
// the policy is enforced on.
type world struct {
	policy         *iam.Document
	presets        *preset.Config
	proxy          *iamtest.Proxy
	source, output *blob.Bucket // the owner's
	function       *app.App
}

func newWorld(t *testing.T) *world {
	t.Helper()
	presets, err := preset.Parse("pixmill.yaml", []byte(pixmillYAML))
	if err != nil {
		t.Fatal(err)
	}
	e := storetest.Open(t, t.TempDir(), presets.Source.Bucket, presets.Output.Bucket).Endpoint()
	w := &world{policy: iam.Function(presets.Source.Bucket, presets.Output.Bucket), presets: presets, proxy: iamtest.New(t, e.URL)}
	owner := storetest.Client(t, e)
	w.source, w.output = owner.Bucket(presets.Source.Bucket), owner.Bucket(presets.Output.Bucket)
	e.URL = w.proxy.URL
	limited := storetest.Client(t, e)
	w.function, err = app.New(t.Context(), app.Options{
		Config: presets,
		Source: limited.Bucket(presets.Source.Bucket),
		Output: limited.Bucket(presets.Output.Bucket),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.function.Close)
	return w
}

// picture returns a PNG of one colour.
func picture(t *testing.T, c color.Color) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 16, 16))
	for i := range 256 {
		img.Set(i%16, i/16, c)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (w *world) put(t *testing.T, key string, body []byte) {
	t.Helper()
	if _, err := w.source.Put(t.Context(), key, body, nil); err != nil {
		t.Fatal(err)
	}
}

func (w *world) handle(t *testing.T, key string) (handler.Outcome, error) {
	t.Helper()
	return w.function.Handler.Handle(t.Context(), event.ObjectEvent{Bucket: w.source.Name(), Key: key})
}

// outputs lists what stands in the output bucket, with ETags.
func (w *world) outputs(t *testing.T) []string {
	t.Helper()
	var objects []string
	for e, err := range w.output.List(t.Context(), blob.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, e.Key+" "+e.ETag)
	}
	return objects
}

func TestFunction_WholeLifeOfASourceWithTheFullPolicy(t *testing.T) {
	w := newWorld(t)
	w.proxy.Enforce(w.policy.Grants())
	step := func(what string, want handler.Result, objects int) {
		t.Helper()
		o, err := w.handle(t, "a/photo.png")
		if got := w.outputs(t); err != nil || o.Result != want || len(got) != objects {
			t.Fatalf("%s: result %q, error %v, outputs %v; want %q and %d outputs", what, o.Result, err, got, want, objects)
		}
	}
	w.put(t, "a/photo.png", picture(t, color.White))
	step("put", handler.ResultWritten, 3)
	step("again", handler.ResultUnchanged, 3)
	w.put(t, "a/photo.png", picture(t, color.Black))
	step("overwrite, which is a conditional write of the manifest", handler.ResultWritten, 3)
	w.put(t, "a/photo.png", []byte("a text"))
	step("no image", handler.ResultRejected, 1)
	if err := w.source.Delete(t.Context(), "a/photo.png"); err != nil {
		t.Fatal(err)
	}
	step("delete", handler.ResultDeleted, 0)
	step("delete again", handler.ResultNothing, 0)
}

// TestFunction_EachActionIsNeededAndNamedWhenItIsMissing takes one action away at
// a time. What the function is asked to do is what needs that action.
func TestFunction_EachActionIsNeededAndNamedWhenItIsMissing(t *testing.T) {
	w := newWorld(t)
	const key = "photo.png"
	putNew := func(t *testing.T) { w.put(t, key, picture(t, color.White)) }
	remove := func(t *testing.T) {
		if err := w.source.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	tests := map[iam.Grant]struct {
		begin  func(*testing.T) // before a first, allowed invocation; nil: no such
		change func(*testing.T)
		named  string // the resource in the error; empty: the grant's
	}{
		{Action: "s3:GetObject", Resource: "arn:aws:s3:::my-photos/*"}:      {change: putNew, named: "arn:aws:s3:::my-photos/photo.png"},
		{Action: "s3:ListBucket", Resource: "arn:aws:s3:::my-photos"}:       {begin: putNew, change: remove},
		{Action: "s3:GetObject", Resource: "arn:aws:s3:::my-variants/*"}:    {change: putNew, named: "arn:aws:s3:::my-variants/photo.png/manifest.json"},
		{Action: "s3:PutObject", Resource: "arn:aws:s3:::my-variants/*"}:    {change: putNew, named: "arn:aws:s3:::my-variants/photo.png/"},
		{Action: "s3:DeleteObject", Resource: "arn:aws:s3:::my-variants/*"}: {begin: putNew, change: remove, named: "arn:aws:s3:::my-variants/photo.png/manifest.json"},
		{Action: "s3:ListBucket", Resource: "arn:aws:s3:::my-variants"}:     {change: putNew},
	}
	if got := len(w.policy.Grants()); got != len(tests) {
		t.Errorf("the policy has %d grants and %d are tested", got, len(tests))
	}
	for _, missing := range w.policy.Grants() {
		t.Run(missing.Action+" "+missing.Resource, func(t *testing.T) {
			test, known := tests[missing]
			if !known {
				t.Fatal("not tested: is it needed at all?")
			}
			w.proxy.Enforce(w.policy.Grants())
			remove(t)
			if _, err := w.handle(t, key); err != nil {
				t.Fatal(err)
			}
			if test.begin != nil {
				test.begin(t)
				if _, err := w.handle(t, key); err != nil {
					t.Fatal(err)
				}
			}
			test.change(t)
			before := w.outputs(t)

			w.proxy.Enforce(w.policy.Without(missing))
			_, err := w.handle(t, key)
			named := missing.Action + " on " + missing.Resource
			if test.named != "" {
				named = missing.Action + " on " + test.named
			}
			if fault.KindOf(err) != fault.Misconfigured || !strings.Contains(err.Error(), named) {
				t.Errorf("error %v is %v; want misconfigured and %q named", err, fault.KindOf(err), named)
			}
			if after := w.outputs(t); !slices.Equal(after, before) {
				t.Errorf("the output was\n%v\nand is\n%v; want nothing written or deleted", before, after)
			}

			w.proxy.Enforce(w.policy.Grants())
			if _, err := w.handle(t, key); err != nil {
				t.Errorf("with the permission back: %v", err)
			}
		})
	}
}

// TestFunction_NoMoreIsAllowedThanNeeded looks at the document itself.
func TestFunction_NoMoreIsAllowedThanNeeded(t *testing.T) {
	for _, g := range iam.Function("a-b", "c-d").Grants() {
		bucket, objects, _ := strings.Cut(strings.TrimPrefix(g.Resource, "arn:aws:s3:::"), "/")
		if strings.Contains(g.Action, "*") || bucket != "a-b" && bucket != "c-d" {
			t.Errorf("%+v is wider than one action on one of the two buckets", g)
		}
		if onBucket := g.Action == "s3:ListBucket"; onBucket != (objects == "") {
			t.Errorf("%+v: the action is not one on that kind of resource", g)
		}
	}
}
