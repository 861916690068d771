package handler_test

import (
	"context"
	"testing"

	"pixmill/internal/blob/faultblob"
	"pixmill/internal/event"
	"pixmill/internal/handler"
	"pixmill/internal/manifest"
)

func TestHandle_FirstPut(t *testing.T) {
	f := newFixture(t)
	f.put("c", "img:1", nil)
	out := f.handle("c", handler.ResultWritten)
	f.wantObjects("c/manifest.json", "c/one.png")
	f.wantCalls("put c/one.png", "put c/manifest.json")
	if out.Passes != 2 || out.Puts != 2 || out.Deletes != 0 {
		t.Errorf("outcome %+v, want 2 passes, 2 puts, 0 deletes", out)
	}
	m, v := f.manifest("c"), f.manifest("c").Variants[0]
	if m.Status != manifest.StatusOK || m.Source.Sequencer != "0055" || m.Source.VersionID != "1" || m.Capability != "" || m.Placeholder == nil {
		t.Errorf("manifest %+v", m)
	}
	if _, a := f.read("c/one.png"); v.ETag != a.ETag || v.Bytes != a.Size || a.ContentType != "image/png" || a.Metadata["pixmill-sha256"] != v.SHA256 {
		t.Errorf("manifest has %+v, the object %+v", v, a)
	}
}

func TestHandle_DuplicateEventWritesNothing(t *testing.T) {
	f := newFixture(t)
	f.put("c", "img:1", nil)
	f.handle("c", handler.ResultWritten)
	f.handle("c", handler.ResultUnchanged)
	f.wantCalls()
}

func TestHandle_Deleted(t *testing.T) {
	f := newFixture(t)
	f.put("c", "img:1", nil)
	f.handle("c", handler.ResultWritten)
	f.remove("c")
	f.handle("c", handler.ResultDeleted)
	f.wantCalls("delete c/manifest.json", "delete c/one.png")
	f.wantObjects()
	f.handle("c", handler.ResultNothing)
}

func TestHandle_ImageBecomesTextAndImageAgain(t *testing.T) {
	f := newFixture(t)
	f.put("c", "img:1", nil)
	f.handle("c", handler.ResultWritten)
	f.put("c", "text", nil)
	out := f.handle("c", handler.ResultRejected)
	f.wantObjects("c/manifest.json")
	if m := f.manifest("c"); m.Status != manifest.StatusRejected || m.Reason != "not an image" || out.Reason != m.Reason || len(m.Variants) != 0 {
		t.Errorf("manifest %+v, outcome reason %q", m, out.Reason)
	}
	f.handle("c", handler.ResultUnchanged)
	f.put("c", "img:1", nil)
	f.handle("c", handler.ResultWritten)
	f.wantContent("c/one.png", "img:1 in 1 from 1")
}

func TestHandle_SourceGoesFromAToBToA(t *testing.T) {
	f := newFixture(t)
	f.put("c", "img:A", nil)
	f.handle("c", handler.ResultWritten)
	f.put("c", "img:B", nil)
	f.handle("c", handler.ResultWritten)
	f.wantContent("c/one.png", "img:B in 1 from 1")
	f.put("c", "img:A", nil)
	f.handle("c", handler.ResultWritten)
	f.wantContent("c/one.png", "img:A in 1 from 1")
}

func TestHandle_SourceOverwrittenWhileRendering(t *testing.T) {
	f := newFixture(t)
	f.put("c", "img:A", nil)
	once := false
	f.hooks.Before = func(_ context.Context, op faultblob.Op, _ string) error {
		if op == faultblob.OpPut && !once {
			once = true
			f.put("c", "img:B", nil)
		}
		return nil
	}
	out := f.handle("c", handler.ResultWritten)
	f.wantContent("c/one.png", "img:B in 1 from 1")
	if out.Passes != 3 {
		t.Errorf("%d passes, want 3: A, B, agreement", out.Passes)
	}
}

func TestHandle_OnlyTheFocalPointChanged(t *testing.T) {
	f := newFixture(t)
	f.put("c", "img:1", nil)
	f.handle("c", handler.ResultWritten)
	f.put("c", "img:1", map[string]string{handler.MetaFocal: "0.25, 0.75"})
	f.handle("c", handler.ResultWritten)
	f.wantContent("c/one.png", "img:1 in 1 from 1 at 0.25,0.75")
}

func TestHandle_OnlyTheVersionChanged(t *testing.T) {
	f := newFixture(t)
	f.put("c", "img:1", nil)
	f.handle("c", handler.ResultWritten)
	f.put("c", "img:1", map[string]string{"title": "does not affect pixels"})
	f.handle("c", handler.ResultWritten)
	f.wantCalls("put c/manifest.json")
	if m := f.manifest("c"); m.Source.VersionID != "2" || m.Source.Image == nil || m.Placeholder == nil {
		t.Errorf("manifest %+v, want version 2 and what was known before", m)
	}
}

func TestHandle_PresetChangeRemakesOnlyWhatChanged(t *testing.T) {
	f := newFixture(t)
	f.put("a", "img:1", nil)
	f.handle("a", handler.ResultWritten)
	rule := &f.config.Rules[1]
	rule.Variants[1].Spec.Width, rule.Variants[1].Hash, rule.Hash = 7, "hash of 7", "changed"
	f.handle("a", handler.ResultWritten)
	f.wantCalls("put a/two.png", "put a/manifest.json")
	rule.Variants, rule.Hash = rule.Variants[:1], "one removed"
	f.handle("a", handler.ResultWritten)
	f.wantCalls("delete a/two.png", "put a/manifest.json")
}

func TestAgrees(t *testing.T) {
	f := newFixture(t)
	agrees := func(want bool) {
		t.Helper()
		got, err := f.handler().Agrees(context.Background(), "c")
		if err != nil || got != want {
			t.Fatalf("Agrees is %v, %v; want %v", got, err, want)
		}
		f.wantCalls()
	}
	agrees(true)
	f.put("c", "img:1", nil)
	agrees(false)
	f.handle("c", handler.ResultWritten)
	f.calls.Reset()
	agrees(true)
	f.mustPutOutput("c/orphan")
	f.calls.Reset()
	agrees(false)
}

func TestHandle_DirectEventNeedsNoMore(t *testing.T) {
	f := newFixture(t)
	f.put("c", "img:1", nil)
	ev := event.ObjectEvent{Bucket: "sources", Key: "c", Op: event.OpDirect}
	if out, err := f.handler().Handle(context.Background(), ev); err != nil || out.Result != handler.ResultWritten {
		t.Fatalf("%+v, %v", out, err)
	}
}
