package knativefn

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"pixmill/internal/app"
	"pixmill/internal/blob"
	"pixmill/internal/blob/memblob"
	"pixmill/internal/preset"
)

func TestService_EveryAnswerNamesTheVersion(t *testing.T) {
	s, _, _ := newService(1, 1)
	s.Version = "v1 abc"
	for _, r := range []*http.Request{
		httptest.NewRequestWithContext(t.Context(), http.MethodHead, "/", nil),
		httptest.NewRequestWithContext(t.Context(), http.MethodGet, ReadinessPath, nil),
		httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil),
		httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/nowhere", nil),
	} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if got := w.Result().Header.Get("Pixmill-Function"); got != "v1 abc" {
			t.Errorf("%s %s: %d with version %q", r.Method, r.URL, w.Code, got)
		}
	}
	for _, key := range []string{"fine", "transient"} {
		if r := post(t, s, `{"bucket":"uploads","key":"`+key+`"}`); r.Header.Get("Pixmill-Function") != "v1 abc" {
			t.Errorf("the answer %d for %s has no version", r.StatusCode, key)
		}
	}
}

// Two processes with the same settings have the same version, and each of what may mend
// an event makes another one.
func TestVersionOf(t *testing.T) {
	const config = "source: {bucket: uploads}\noutput: {bucket: variants}\nrules: [{match: '**', presets: [web]}]\npresets: {web: [{name: small, width: 320, format: jpeg}]}\n"
	version := func(config string, own settings, revision string) string {
		t.Helper()
		presets, err := preset.Parse("test", []byte(config))
		if err != nil {
			t.Fatal(err)
		}
		mem := blob.NewBucket("uploads", memblob.New(memblob.Options{}))
		core, err := app.New(t.Context(), app.Options{Config: presets, Source: mem, Output: mem})
		if err != nil {
			t.Fatal(err)
		}
		defer core.Close()
		return versionOf(core, presets, own, func(name string) string { return map[string]string{"K_REVISION": revision}[name] })
	}
	own := settings{timeout: time.Minute}
	first := version(config, own, "pixmill-00001")
	if again := version(config, own, "pixmill-00001"); again != first {
		t.Errorf("the same function is %q and %q", first, again)
	}
	if !regexp.MustCompile(`^` + regexp.QuoteMeta(app.Version()) + ` [0-9a-f]{16}$`).MatchString(first) {
		t.Errorf("version %q: want that of the build and a hash", first)
	}
	for name, other := range map[string]string{
		"presets":  version(config+"revision: 2\n", own, "pixmill-00001"),
		"limits":   version(config+"limits: {pixels: 1000}\n", own, "pixmill-00001"),
		"time-out": version(config, settings{timeout: time.Hour}, "pixmill-00001"),
		"revision": version(config, own, "pixmill-00002"),
	} {
		if other == first {
			t.Errorf("with other %s the version is %q as before", name, other)
		}
	}
}
