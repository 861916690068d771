package handler_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pixmill/internal/blob/driver"
	"pixmill/internal/blob/faultblob"
	"pixmill/internal/blob/memblob"
	"pixmill/internal/fault"
	"pixmill/internal/handler"
)

func TestHandle_NestedKeysDoNotTouchEachOther(t *testing.T) {
	f := newFixture(t)
	all := map[string][]string{
		"a":               {"a/manifest.json", "a/one.png", "a/two.png"},
		"a/b":             {"a/b/manifest.json", "a/b/one.png", "a/b/three.png", "a/b/two.png"},
		"a/manifest.json": {"a/manifest.json/manifest.json", "a/manifest.json/one.png", "a/manifest.json/three.png", "a/manifest.json/two.png"},
	}
	var every []string
	for key, objects := range all {
		f.put(key, "img:"+key, nil)
		f.handle(key, handler.ResultWritten)
		every = append(every, objects...)
	}
	f.wantObjects(every...)
	f.remove("a")
	f.handle("a", handler.ResultDeleted)
	f.wantObjects(append(all["a/b"], all["a/manifest.json"]...)...)
}

func TestHandle_ChildPutWhileParentIsDeleted(t *testing.T) {
	f := newFixture(t)
	f.put("a", "img:1", nil)
	f.handle("a", handler.ResultWritten)
	f.remove("a")
	// The child comes and is done between the parent's look and its first delete.
	once := false
	f.hooks.Before = func(_ context.Context, op faultblob.Op, _ string) error {
		if op == faultblob.OpDelete && !once {
			once = true
			f.put("a/b", "img:2", nil)
			if _, err := f.handler().Handle(context.Background(), f.event("a/b")); err != nil {
				t.Error(err)
			}
		}
		return nil
	}
	f.handle("a", handler.ResultDeleted)
	f.wantObjects("a/b/manifest.json", "a/b/one.png", "a/b/three.png", "a/b/two.png")
}

func TestHandle_KeysThatAreNoSources(t *testing.T) {
	for _, key := range []string{"a/", "a//b", "../a", "a/./b", "a/../b", "/a", "./a"} {
		t.Run(fmt.Sprintf("%q", key), func(t *testing.T) {
			f := newFixture(t)
			f.config.Rules[0].Match = "**"
			f.put(key, "img:1", nil)
			f.mustPutOutput("a/one.png") // of another source
			if out := f.handle(key, handler.ResultNothing); !strings.Contains(out.Reason, "segment") {
				t.Errorf("reason %q", out.Reason)
			}
			f.wantObjects("a/one.png")
		})
	}
}

func TestHandle_KeyThatNoRuleMatches(t *testing.T) {
	f := newFixture(t)
	f.put("other", "img:1", nil)
	f.mustPutOutput("other/one.png") // a rule matched it once
	if out := f.handle("other", handler.ResultDeleted); out.Reason != "no rule matches the key" {
		t.Errorf("reason %q", out.Reason)
	}
	f.wantObjects()
}

func TestHandle_ListingOfManyPagesIsReadToItsEnd(t *testing.T) {
	f := newFixture(t)
	for i := range 2500 { // outputs of siblings under c/, as common prefixes
		f.mustPutOutput(fmt.Sprintf("c/%04d/manifest.json", i))
	}
	f.mustPutOutput("c/zz-orphan") // on the last page
	f.put("c", "img:1", nil)
	f.handle("c", handler.ResultWritten)
	f.wantCalls("put c/one.png", "delete c/zz-orphan", "put c/manifest.json")
	f.remove("c")
	f.handle("c", handler.ResultDeleted)
	if n := len(f.calls.Calls(faultblob.OpList)); n < 6 {
		t.Errorf("%d pages were read for two looks at 2,500 prefixes, want at least 6", n)
	}
}

func (f *fixture) mustPutOutput(key string) {
	f.t.Helper()
	if _, err := f.output.Put(context.Background(), key, []byte("x"), &driver.PutOptions{}); err != nil {
		f.t.Fatal(err)
	}
}

func TestHandle_BadFocalPoint(t *testing.T) {
	for _, value := range []string{"left", "0.5", "0.5,", "2,0", "-1,0", "NaN,0", "0.5,0.5,0.5", ""} {
		f := newFixture(t)
		f.put("c", "img:1", map[string]string{handler.MetaFocal: value})
		out := f.handle("c", handler.ResultRejected)
		if want := fmt.Sprintf("metadata focal-point is %q, want \"x,y\" with both from 0 to 1", value); out.Reason != want {
			t.Errorf("reason %q, want %q", out.Reason, want)
		}
	}
}

func TestHandle_EmptyAndTooLargeSources(t *testing.T) {
	f := newFixture(t)
	f.put("c", "", nil)
	if out := f.handle("c", handler.ResultRejected); out.Reason != "the object is empty: 0 bytes" {
		t.Errorf("reason %q", out.Reason)
	}
	f.put("c", "img:"+strings.Repeat("x", toyLimit), nil)
	if out := f.handle("c", handler.ResultRejected); out.Reason != "source bytes is 44 bytes, over the limit of 40 bytes" {
		t.Errorf("reason %q", out.Reason)
	}
}

func TestHandle_SourceBucketUnusable_NothingIsDeleted(t *testing.T) {
	for name, state := range map[string]memblob.State{"missing": memblob.Missing, "denied": memblob.Denied} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.put("c", "img:1", nil)
			f.handle("c", handler.ResultWritten)
			f.source.SetState(state)
			_ = f.handleFails("c", fault.Misconfigured)
			f.wantCalls()
			f.wantObjects("c/manifest.json", "c/one.png")
		})
	}
}

func TestHandle_OutputBucketUnusable(t *testing.T) {
	for name, state := range map[string]memblob.State{"missing": memblob.Missing, "denied": memblob.Denied} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.put("c", "img:1", nil)
			f.output.SetState(state)
			if err := f.handleFails("c", fault.Misconfigured); !strings.Contains(err.Error(), `"outputs"`) {
				t.Errorf("error %v does not name the bucket", err)
			}
		})
	}
}

func TestHandle_MarkedObjectIsNoSource(t *testing.T) {
	f := newFixture(t)
	f.put("c", "img:1", nil)
	f.handle("c", handler.ResultWritten)
	_, a := f.read("c/one.png")
	f.put("c", "img:1", a.Metadata) // a variant copied into the source bucket
	if out := f.handle("c", handler.ResultDeleted); out.Reason != "the source object was written by Pixmill" {
		t.Errorf("reason %q", out.Reason)
	}
	f.wantObjects()
}

func TestHandle_EventsOfOtherBuckets(t *testing.T) {
	f := newFixture(t)
	ev := f.event("c")
	ev.Bucket = "outputs"
	out, err := f.handler().Handle(context.Background(), ev)
	if err != nil || out.Result != handler.ResultNothing || !strings.Contains(out.Reason, "output bucket") {
		t.Errorf("the output's own event: %+v, %v; want nothing", out, err)
	}
	ev.Bucket = "strange"
	if _, err := f.handler().Handle(context.Background(), ev); fault.KindOf(err) != fault.Misconfigured || !strings.Contains(fmt.Sprint(err), `"strange"`) {
		t.Errorf("an unknown bucket: %v, want misconfigured", err)
	}
	if calls := f.calls.Calls(); len(calls) > 0 {
		t.Errorf("the output was asked: %v", calls)
	}
}

func TestHandle_KeyOutsideTheSourcePrefix(t *testing.T) {
	f := newFixture(t)
	f.config.Source.Prefix, f.config.Rules[0].Match = "in/", "**"
	f.mustPutOutput("c/one.png") // of in/c, which "c" must not touch
	f.handle("c", handler.ResultNothing)
	f.wantObjects("c/one.png")
}

// No manifest can say what is wrong with a source whose manifest has no key.
func TestHandle_KeyTooLongForItsManifest(t *testing.T) {
	f := newFixture(t)
	key := "a/" + strings.Repeat("x", driver.MaxKeyBytes-len("a//one.png")) // one.png fits, manifest.json does not
	f.put(key, "img:1", nil)
	out, err := f.handler().Handle(context.Background(), f.event(key))
	if fault.KindOf(err) != fault.Rejected || out.Result != handler.ResultRejected || !strings.Contains(out.Reason, "is 1030 bytes, over the limit of 1024") {
		t.Errorf("handled: %+v, %v", out, err)
	}
	limit, ok := errors.AsType[*fault.LimitError](err)
	if !ok || *limit != (fault.LimitError{Field: "manifest key", Limit: 1024, Value: 1030, Unit: "bytes"}) || !strings.Contains(err.Error(), "no manifest can be written") {
		t.Errorf("error %v does not say what is over which limit, and what comes of it", err)
	}
	if agrees, err := f.handler().Agrees(context.Background(), key); agrees || fault.KindOf(err) != fault.Rejected {
		t.Errorf("agrees is %t, %v: a start would not tell of it", agrees, err)
	}
	f.wantObjects()

	f.remove(key)
	if out := f.handle(key, handler.ResultNothing); out.Reason != "there is no such source object" {
		t.Errorf("gone: %q", out.Reason)
	}
	other := strings.Replace(key, "a/", "b/", 1) // no rule
	f.config.Rules[0].Match = "a/**"
	f.put(other, "img:1", nil)
	if out := f.handle(other, handler.ResultNothing); out.Reason != "no rule matches the key" {
		t.Errorf("without a rule: %q", out.Reason)
	}
	f.source.SetState(memblob.Denied)
	if err := f.handleFails(key, fault.Misconfigured); !strings.Contains(err.Error(), "access denied") {
		t.Errorf("a source that may not be seen: %v", err)
	}
	if calls := f.calls.Calls(); len(calls) > 0 {
		t.Errorf("the output was asked: %v", calls)
	}
}

// The longest key that a source can have.
func TestHandle_KeyJustShortEnoughForItsManifest(t *testing.T) {
	f := newFixture(t)
	key := "a/" + strings.Repeat("x", driver.MaxKeyBytes-len("a//manifest.json"))
	f.put(key, "img:1", nil)
	f.handle(key, handler.ResultWritten)
}
