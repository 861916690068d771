package runtime_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"pixmill/internal/blob"
	"pixmill/internal/outputtest"
	"pixmill/internal/runtime"
)

// restart starts a runtime, waits until its recheck and what it queued are done,
// and returns the number of dead letters and the log.
func restart(t *testing.T, data string, edit func(*runtime.Options)) (letters int, log string) {
	t.Helper()
	var out outputtest.Buffer
	g := start(t, data, func(o *runtime.Options) {
		o.Log = slog.New(slog.NewTextHandler(&out, nil))
		if edit != nil {
			edit(o)
		}
	})
	eventually(t, 20*time.Second, "the recheck", func() bool { return strings.Contains(out.String(), "recheck done") })
	g.drain()
	dead, err := g.r.Dead(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	return len(dead), out.String()
}

func TestRun_WhatKillsTheFunctionEachTimeDoesNotComeBackForEver(t *testing.T) {
	data := t.TempDir()
	g := start(t, data, func(o *runtime.Options) { o.Recheck = false }) // which might queue what is just being put
	g.put("in/crash/x.jpg", picture(1))
	g.put("in/good.jpg", picture(2))
	g.drain()
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	const warning = "sources left alone that were given up"
	for n, want := range []int{2, 3, 3, 3} { // one from the first run
		letters, log := restart(t, data, nil)
		if letters != want {
			t.Errorf("%d dead letters after %d restarts, want %d", letters, n+1, want)
		}
		if told := strings.Contains(log, warning) && strings.Contains(log, "one_of_them=in/crash/x.jpg"); told != (n >= 2) {
			t.Errorf("restart %d: left alone is told: %v\n%s", n+1, told, log)
		}
	}
	if letters, _ := restart(t, data, func(o *runtime.Options) { changePresets(t, o) }); letters != 4 {
		t.Errorf("%d dead letters after the presets changed, want 4", letters)
	}
	withoutEvents(t, data, func(source, _ *blob.Bucket) {
		if _, err := source.Put(t.Context(), "in/crash/x.jpg", picture(3), nil); err != nil {
			t.Fatal(err)
		}
	})
	if letters, _ := restart(t, data, nil); letters != 5 {
		t.Errorf("%d dead letters after the source changed, want 5", letters)
	}
}

func TestRun_WhatWasGivenUpIsMadeWhenTheReasonIsMended(t *testing.T) {
	data := t.TempDir()
	g := start(t, data, nil)
	g.put("in/crash/x.jpg", picture(1))
	g.drain()
	if len(g.reasons()) != 1 {
		t.Fatalf("dead letters: %q", g.reasons())
	}
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	restart(t, data, func(o *runtime.Options) { o.Environ = append(o.Environ, mended+"=1") }) // the settings stay
	open(t, data, nil).wantExact("in/crash/x.jpg")
}

func TestRun_FailureIsLoggedWithWhatTheFunctionSaid(t *testing.T) {
	var log outputtest.Buffer
	g := start(t, t.TempDir(), func(o *runtime.Options) {
		o.Env = []string{"AWS_ENDPOINT_URL_S3=http://127.0.0.1:1"} // nobody listens
		o.Timeout = 2 * time.Second
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	g.put("in/a.jpg", picture(1))
	var line string
	eventually(t, 20*time.Second, "the first failure", func() bool {
		for l := range strings.Lines(log.String()) {
			if strings.Contains(l, "event failed and comes again") {
				line = l
			}
		}
		return line != ""
	})
	if !strings.Contains(line, "the function reported it as failed and logged: ") || !strings.Contains(line, "127.0.0.1:1") {
		t.Errorf("the line is %s", line)
	}
}
