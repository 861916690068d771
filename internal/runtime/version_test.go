package runtime_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pixmill/internal/blob"
	"pixmill/internal/event"
	"pixmill/internal/outputtest"
	"pixmill/internal/runtime"
)

// versioned is an HTTP function that makes nothing: each of its versions answers each
// key with a status.
type versioned struct {
	t *testing.T

	mu      sync.Mutex
	version string
	status  map[string]int // by key; 200 where there is none
	keys    []string       // that came
}

func (f *versioned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		f.t.Error(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	w.Header().Set("Pixmill-Function", f.version)
	if r.Method != http.MethodPost {
		return
	}
	d, err := event.Decode(body)
	if err != nil {
		f.t.Error(err)
		return
	}
	key := d.Items[0].Events[0].Key
	f.keys = append(f.keys, key)
	if status := f.status[key]; status != 0 {
		w.WriteHeader(status)
	}
}

// update is another version from now on.
func (f *versioned) update(version string, status map[string]int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.version, f.status, f.keys = version, status, nil
}

func (f *versioned) came(key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Contains(f.keys, key)
}

// serveVersion starts one, and returns what makes a runtime call it.
func serveVersion(t *testing.T, version string, status map[string]int) (*versioned, func(*runtime.Options)) {
	t.Helper()
	f := &versioned{t: t, version: version, status: status}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	return f, overHTTPAt(t, srv.Listener.Addr().String())
}

// putWithoutEvent puts a source of which only the recheck hears.
func putWithoutEvent(t *testing.T, data, key string) {
	t.Helper()
	if err := open(t, data, nil).stop(); err != nil { // which makes the buckets
		t.Fatal(err)
	}
	withoutEvents(t, data, func(source, _ *blob.Bucket) {
		if _, err := source.Put(t.Context(), key, picture(1), nil); err != nil {
			t.Fatal(err)
		}
	})
}

func TestRun_AnotherVersionOfAnHTTPFunctionGetsWhatWasGivenUp(t *testing.T) {
	const steady = 300 * time.Millisecond
	function, over := serveVersion(t, "v1 a", map[string]int{"in/bad.jpg": 422})
	var log outputtest.Buffer
	g := open(t, t.TempDir(), func(o *runtime.Options) {
		over(o)
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	g.r.SetSteady(steady)
	g.run()
	eventually(t, 10*time.Second, "the first recheck", func() bool { return strings.Contains(log.String(), "recheck done") })
	g.put("in/bad.jpg", picture(1))
	g.drain()
	if dead := g.reasons(); len(dead) != 1 {
		t.Fatalf("dead letters: %v, want one", dead)
	}
	function.update("v2 b", map[string]int{"in/worse.jpg": 422})
	g.put("in/other.jpg", picture(2)) // whose answer tells
	answered := time.Now()
	eventually(t, 10*time.Second, "what was given up comes again", func() bool { return function.came("in/bad.jpg") })
	if took := time.Since(answered); took < steady {
		t.Errorf("it came after %v, while the old version may still answer; want %v at least", took, steady)
	}
	if !strings.Contains(log.String(), `another version of the function has taken over: what does not agree is queued again" from="v1 a" to="v2 b"`) {
		t.Errorf("the log does not tell:\n%s", &log)
	}
	g.put("in/worse.jpg", picture(3))
	g.drain()
	dead, err := g.r.Dead(t.Context(), 10)
	if err != nil || len(dead) != 2 || dead[0].Settings == dead[1].Settings {
		t.Errorf("dead letters: %+v (%v); want the one from before, and another version's", dead, err)
	}
}

// As with a function of this machine, three starts are enough, but for another version.
func TestRun_WhatAVersionGivesUpEachTimeIsLeftAloneUntilTheNext(t *testing.T) {
	data := t.TempDir()
	function, over := serveVersion(t, "v1", map[string]int{"in/bad.jpg": 422})
	putWithoutEvent(t, data, "in/bad.jpg")
	for n, want := range []int{1, 2, 3, 3} {
		if letters, log := restart(t, data, over); letters != want {
			t.Errorf("%d dead letters after start %d, want %d\n%s", letters, n+1, want, log)
		}
	}
	function.update("v2", map[string]int{"in/bad.jpg": 422})
	if letters, _ := restart(t, data, over); letters != 4 {
		t.Errorf("%d dead letters after the update, want 4", letters)
	}
}

// Which version will answer is not known before it does, and so not what was given up by it.
func TestRun_RecheckWaitsForAnHTTPFunctionThatIsAway(t *testing.T) {
	data, address := t.TempDir(), freeAddress(t)
	putWithoutEvent(t, data, "in/a.jpg")
	var log outputtest.Buffer
	g := start(t, data, func(o *runtime.Options) {
		overHTTPAt(t, address)(o)
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	eventually(t, 10*time.Second, "it waits", func() bool { return strings.Contains(log.String(), "the recheck waits for the function") })
	pod := &podFunction{t: t, address: address, endpoint: g.r.Endpoint()}
	pod.start()
	eventually(t, 20*time.Second, "the recheck", func() bool { return strings.Contains(log.String(), "recheck done") })
	g.drain()
	g.wantExact("in/a.jpg")
	if text := log.String(); !strings.Contains(text, `msg="the function is there" version="`) || strings.Contains(text, "another version") {
		t.Errorf("want the version that Pixmill gives itself, and no other:\n%s", text)
	}
}
