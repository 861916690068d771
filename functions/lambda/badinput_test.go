package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pixmill/internal/adapter/lambdafn/lambdatest"
	"pixmill/internal/imaging/imagingtest"
	"pixmill/internal/manifest"
	"pixmill/internal/runtime/store/storetest"
)

// handled is what the function answers to a direct invocation.
type handled struct{ Result, Reason, ManifestKey string }

// direct invokes the function for one key of the bucket "uploads".
func direct(t *testing.T, api *lambdatest.API, key string) handled {
	t.Helper()
	payload, err := json.Marshal(map[string]string{"bucket": "uploads", "key": key})
	if err != nil {
		t.Fatal(err)
	}
	r := api.Invoke(t, payload, limit)
	var h handled
	if err := json.Unmarshal(r.Body, &h); err != nil || r.Failed {
		t.Errorf("%q: %s, %v", key, r.Body, err)
	}
	return h
}

func TestFunction_RecordsWhatIsWrongWithASource(t *testing.T) {
	w, api := newWorld(t), lambdatest.New(t)
	_ = start(t, append(w.endpoint.Environment(), "AWS_LAMBDA_RUNTIME_API="+api.Addr(), "PIXMILL_CONFIG="+presets)...)
	photo := storetest.Photograph(t, 640)
	for key, c := range map[string]struct {
		content []byte
		reason  []string // all of them
	}{
		"text.jpg":      {[]byte("this is a text"), []string{"not an image"}},
		"empty.jpg":     {nil, []string{"empty", "0 bytes"}},
		"truncated.jpg": {photo[:len(photo)/2], []string{"ends early"}},
		"pixels.png":    {imagingtest.PixelBomb(), []string{"100000 px", "over the limit of 65500 px"}},
		"frames.gif":    {imagingtest.FrameBomb(), []string{"frames is 1001", "over the limit of 1000"}},
	} {
		w.put(t, key, c.content)
		h := direct(t, api, key)
		for _, want := range c.reason {
			if !strings.Contains(strings.ToLower(h.Reason), want) {
				t.Errorf("%s: the reason is %q, want %q in it", key, h.Reason, want)
			}
		}
		if got := storetest.Names(t, w.results, key+"/"); h.Result != "rejected" || !slices.Equal(got, []string{manifest.Name}) {
			t.Errorf("%s is %q with output %q, want rejected with a manifest alone", key, h.Result, got)
		}
	}
	w.put(t, "good.jpg", photo)
	if h := direct(t, api, "good.jpg"); h.Result != "written" {
		t.Errorf("the good one after them is %q: %s", h.Result, h.Reason)
	}
}

func TestFunction_KeysThatNameNoSource(t *testing.T) {
	w, api := newWorld(t), lambdatest.New(t)
	_ = start(t, append(w.endpoint.Environment(), "AWS_LAMBDA_RUNTIME_API="+api.Addr(), "PIXMILL_CONFIG="+presets)...)
	for _, key := range []string{"../secret.jpg", "a/../../b.jpg", "./a.jpg", "a//b.jpg", "folder/"} {
		if h := direct(t, api, key); h.Result != "nothing" || !strings.Contains(h.Reason, "segment") {
			t.Errorf("%q is %q because %q, want nothing", key, h.Result, h.Reason)
		}
	}
}

func TestFunction_WrongKeyOrMissingBucketLosesNothing(t *testing.T) {
	w, api := newWorld(t), lambdatest.New(t)
	_ = start(t, append(w.endpoint.Environment(), "AWS_LAMBDA_RUNTIME_API="+api.Addr(), "PIXMILL_CONFIG="+presets)...)
	w.put(t, "a.jpg", storetest.Photograph(t, 640))
	direct(t, api, "a.jpg")
	made := storetest.Names(t, w.results, "a.jpg/")
	if len(made) != 3 {
		t.Fatalf("output is %q", made)
	}
	for _, c := range []struct {
		name, bucket string
		env, want    []string
	}{
		{"wrong secret", "uploads", []string{"AWS_SECRET_ACCESS_KEY=wrong"}, []string{"access denied", "in bucket"}},
		{"unknown access key", "uploads", []string{"AWS_ACCESS_KEY_ID=unknown"}, []string{"access denied", "in bucket"}},
		{"missing source bucket", "no-such-bucket", []string{"PIXMILL_SOURCE_BUCKET=no-such-bucket"}, []string{"no such bucket", `\"no-such-bucket\"`}},
		{"missing output bucket", "uploads", []string{"PIXMILL_OUTPUT_BUCKET=no-such-output"}, []string{"no such bucket", `\"no-such-output\"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := lambdatest.New(t)
			env := append(w.endpoint.Environment(), "AWS_LAMBDA_RUNTIME_API="+api.Addr(), "PIXMILL_CONFIG="+presets)
			_ = start(t, append(env, c.env...)...)
			r := api.Invoke(t, fmt.Appendf(nil, `{"bucket":%q,"key":"a.jpg"}`, c.bucket), limit)
			for _, want := range append(c.want, "Pixmill.Misconfigured") {
				if !r.Failed || !strings.Contains(string(r.Body), want) {
					t.Errorf("%s, want a failure with %q in it", r.Body, want)
				}
			}
			if got := storetest.Names(t, w.results, "a.jpg/"); !slices.Equal(got, made) {
				t.Errorf("output is %q, was %q", got, made)
			}
		})
	}
}
