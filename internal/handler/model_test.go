package handler_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"pixmill/internal/blob"
	"pixmill/internal/blob/driver"
	"pixmill/internal/blob/memblob"
	"pixmill/internal/handler"
	"pixmill/internal/manifest"
)

// How many schedules each model test runs when -rapid.checks does not say:
// more where PIXMILL_LONG is set.
const (
	checks     = "3000"
	checksLong = "100000"
)

func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		n := checks
		if os.Getenv("PIXMILL_LONG") != "" {
			n = checksLong
		}
		if err := flag.Set("rapid.checks", n); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// TestModel_EveryScheduleConverges runs random schedules of puts, deletes,
// duplicate deliveries, store faults, crashes and concurrent invocations, and
// holds the end state to what the current sources ask for, and to what the
// completion events have told of it.
func TestModel_EveryScheduleConverges(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		inBubble(t, func() {
			w := newWorld(modelConfig())
			defer w.abandon()
			w.schedule(rt)
			w.drain(rt)
			w.checkOutput(rt)
			w.checkCompletions(rt)
		})
	})
}

// TestModel_ManifestNeverRunsAhead holds at every step of one invocation at a
// time: while the manifest of a source that was put once exists, so does every
// variant that it calls ok.
func TestModel_ManifestNeverRunsAhead(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		inBubble(t, func() {
			w := newWorld(modelConfig())
			defer w.abandon()
			w.put("a/b", rapid.SampledFrom([]string{"img:1", "half:1"}).Draw(rt, "content"), nil)
			for step := 0; step < 60 && len(w.queue)+len(w.runs) > 0; step++ {
				if len(w.runs) == 0 {
					if w.seen["a/b"] == 1 && rapid.IntRange(0, 2).Draw(rt, "delete") == 2 {
						w.remove("a/b")
						w.seen["a/b"]++
					}
					w.start(0)
				} else {
					w.grantOne(rt)
				}
				w.checkManifestIsBacked(rt, "a/b")
			}
		})
	})
}

// inBubble runs f in a synctest bubble and brings rapid's panics out of it.
func inBubble(t *testing.T, f func()) {
	var thrown any
	synctest.Test(t, func(*testing.T) {
		defer func() { thrown = recover() }()
		f()
	})
	if thrown != nil {
		panic(thrown)
	}
}

// keys nest in each other and in each other's outputs.
var keys = []string{"a", "a/b", "c", "a/manifest.json", "a/b/one.png", "a/", "a//b", "other"}

// rules are the hashes of the rules that the keys fall under; the other keys
// ask for nothing.
var rules = map[string]string{
	"a": "rule a", "a/b": "rule below a", "c": "rule c", "a/manifest.json": "rule below a", "a/b/one.png": "rule below a",
}

var contents = []string{"img:1", "img:2", "img:3", "half:1", "half:2", "text", "", strings.Repeat("too long ", 5)}

// schedule is the random part: sources change, events are delivered, requests
// go on, fail or are the last thing that an invocation does.
func (w *world) schedule(rt *rapid.T) {
	// Few keys at a time, so that invocations meet.
	keys := rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 1, 3, rapid.ID).Draw(rt, "keys")
	for range rapid.SampledFrom([]int{10, 30, 60, 90}).Draw(rt, "steps") {
		switch action := rapid.IntRange(0, 19).Draw(rt, "action"); {
		case action < 11 && len(w.pending) > 0:
			w.grantOne(rt)
		case action < 14 && len(w.queue) > 0 && len(w.runs) < 3:
			w.start(rapid.IntRange(0, len(w.queue)-1).Draw(rt, "event"))
		case action == 17 && len(w.queue) > 0: // delivered twice
			w.queue = append(w.queue, w.queue[rapid.IntRange(0, len(w.queue)-1).Draw(rt, "duplicate")])
		case action == 18:
			w.remove(rapid.SampledFrom(keys).Draw(rt, "key"))
		case action == 19:
			w.source.SetState(rapid.SampledFrom([]memblob.State{memblob.Open, memblob.Missing, memblob.Denied}).Draw(rt, "bucket"))
		default:
			w.putOne(rt, keys)
		}
	}
}

func (w *world) putOne(rt *rapid.T, keys []string) {
	var meta map[string]string
	switch rapid.IntRange(0, 9).Draw(rt, "metadata") {
	case 7:
		meta = map[string]string{"pixmill-generated": "variant"}
	case 8:
		meta = map[string]string{handler.MetaFocal: "0.25,0.75"}
	case 9:
		meta = map[string]string{handler.MetaFocal: "left"}
	}
	w.put(rapid.SampledFrom(keys).Draw(rt, "key"), rapid.SampledFrom(contents).Draw(rt, "content"), meta)
}

// faults is how many faults and crashes a schedule has at the most. Some strike
// while the queue runs empty: what an invocation leaves behind then, no later
// event repairs.
const faults = 12

func (w *world) grantOne(rt *rapid.T) {
	i := rapid.IntRange(0, len(w.pending)-1).Draw(rt, "request")
	v := proceed
	if w.faults < faults {
		v = drawVerdict(rt, w.pending[i].op)
	}
	if v != proceed {
		w.faults++
	}
	w.grant(i, v)
}

func drawVerdict(rt *rapid.T, op string) verdict {
	switch n := rapid.IntRange(0, 39).Draw(rt, "verdict"); {
	case n >= 38:
		return crash
	case n == 37:
		return failBefore
	case n == 36 && (op == "put" || op == "put-if" || op == "delete" || op == "send"):
		return failAfter
	case n == 35 && op == "put-if":
		return conflict
	}
	return proceed
}

// drain lets the queue run empty while the sources stay as they are.
func (w *world) drain(rt *rapid.T) {
	w.source.SetState(memblob.Open)
	for step := 0; len(w.queue)+len(w.runs) > 0; step++ {
		if step > 20_000 {
			rt.Fatalf("not converged after %d steps; queue %v", step, w.queue)
		}
		startable := len(w.queue) > 0 && len(w.runs) < 3
		if len(w.pending) == 0 || startable && rapid.IntRange(0, 4).Draw(rt, "drain") == 4 {
			w.start(0)
		} else {
			w.grantOne(rt)
		}
	}
}

// checkManifestIsBacked is the step invariant.
func (w *world) checkManifestIsBacked(rt *rapid.T, key string) {
	got := w.snapshot()
	folder := w.config.Folder(key)
	if _, exists := got[folder+manifest.Name]; !exists {
		return
	}
	for _, v := range takeManifest(rt, folder, got).Variants {
		if _, exists := got[v.Key]; v.Status == manifest.StatusOK && !exists {
			rt.Fatalf("the manifest of %q names %s, which does not exist", key, v.Key)
		}
	}
}

// snapshot is the whole output bucket.
func (w *world) snapshot() map[string]string {
	ctx, all := context.Background(), map[string]string{}
	b := blob.NewBucket("outputs", w.output)
	for e, err := range b.List(ctx, blob.ListOptions{}) {
		if err != nil {
			panic(fmt.Sprint("list: ", err))
		}
		data, _, err := b.Get(ctx, e.Key, 0)
		if err != nil {
			panic(fmt.Sprint("get: ", err))
		}
		all[e.Key] = string(data)
	}
	return all
}

var _ driver.Bucket = (*gate)(nil)
