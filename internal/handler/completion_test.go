package handler_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/invopop/jsonschema"

	"pixmill/internal/blob/memblob"
	"pixmill/internal/event"
	"pixmill/internal/fault"
	"pixmill/internal/handler"
	"pixmill/internal/manifest"
	"pixmill/internal/schematest"
)

// listening makes the fixture's handlers send to it.
func (f *fixture) listening() *[]handler.Completion {
	got := &[]handler.Completion{}
	f.notify = func(_ context.Context, c handler.Completion) error {
		*got = append(*got, c)
		return nil
	}
	return got
}

func TestCompletion_TellsWhatTheManifestSays(t *testing.T) {
	f := newFixture(t)
	got := f.listening()
	f.config.Revision = 4
	f.put("a", "half:1", nil)
	f.handle("a", handler.ResultWritten)
	m := f.manifest("a")
	_, object := f.read("a/manifest.json")
	if len(*got) != 1 {
		t.Fatalf("sent %+v, want one event", *got)
	}
	c := (*got)[0]
	one := m.Variants[0]
	want := handler.Completion{
		Schema: 1, ID: c.ID, Time: c.Time, Status: manifest.StatusPartial, Revision: 4, PresetHash: "rule a", Pixmill: "test",
		Source: handler.CompletedSource{Bucket: "sources", Key: "a", Identity: m.Source.Identity, ETag: m.Source.ETag, VersionID: m.Source.VersionID},
		Output: handler.CompletedOutput{Bucket: "outputs", Folder: "a/", ManifestKey: "a/manifest.json", ManifestETag: object.ETag},
		Variants: []handler.CompletedVariant{{ // the other one could not be made
			Name: "one", Key: "a/one.png", ContentType: "image/png", Format: "png", Width: 1, Height: 1, Bytes: one.Bytes, ETag: one.ETag,
		}},
	}
	if toJSON(t, c) != toJSON(t, want) || len(c.ID) != 32 || c.Time.IsZero() {
		t.Errorf("got\n%s\nwant\n%s", toJSON(t, c), toJSON(t, want))
	}
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestCompletion_IDsDropRepeatsAndNothingElse(t *testing.T) {
	f := newFixture(t)
	got := f.listening()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.now = func() time.Time { now = now.Add(time.Second); return now }
	f.put("c", "img:1", nil)
	f.handle("c", handler.ResultWritten)
	f.handle("c", handler.ResultUnchanged) // delivered again
	f.put("c", "img:2", nil)
	f.handle("c", handler.ResultWritten)
	f.put("c", "img:1", nil) // as it was at first
	f.handle("c", handler.ResultWritten)
	f.remove("c")
	f.handle("c", handler.ResultDeleted)
	f.handle("c", handler.ResultNothing)
	f.handle("other", handler.ResultNothing) // no rule matches

	var ids []string
	for _, c := range *got {
		ids = append(ids, c.ID)
	}
	if len(ids) != 7 || ids[0] != ids[1] || ids[4] != ids[5] {
		t.Fatalf("ids are %q; want seven, of which 0 and 1, and 4 and 5 are the same", ids)
	}
	if distinct := slices.Compact(slices.Sorted(slices.Values(ids))); len(distinct) != 5 {
		t.Errorf("ids are %q; want five states, the return to the first one being a state of its own", ids)
	}
	if (*got)[5].Status != handler.StatusAbsent || (*got)[5].Reason == "" || (*got)[6].Reason != "no rule matches the key" {
		t.Errorf("the last ones are %+v", (*got)[5:])
	}
}

// Two deletions of one key are two events, whatever was there in between.
func TestCompletion_EachDeletionHasAnID(t *testing.T) {
	f := newFixture(t)
	got := f.listening()
	first, second := f.event("c"), f.event("c")
	second.Time = time.Date(2026, 1, 1, 0, 0, 0, 1, time.UTC)
	for _, ev := range []event.ObjectEvent{first, first, second} {
		if _, err := f.handler().Handle(context.Background(), ev); err != nil {
			t.Fatal(err)
		}
	}
	if ids := *got; ids[0].ID != ids[1].ID || ids[1].ID == ids[2].ID {
		t.Errorf("sent %+v; want the first two to be one", ids)
	}
}

// A direct invocation says nothing of itself by which a later one could be told
// from a repeat of it.
func TestCompletion_DirectInvocationsAfterTwoDeletionsAreTwo(t *testing.T) {
	f := newFixture(t)
	got := f.listening()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.now = func() time.Time { now = now.Add(time.Second); return now }
	direct := event.ObjectEvent{Bucket: "sources", Key: "c", Op: event.OpDirect}
	for range 2 {
		f.put("c", "img:1", nil)
		f.handle("c", handler.ResultWritten)
		f.remove("c")
		if _, err := f.handler().Handle(context.Background(), direct); err != nil {
			t.Fatal(err)
		}
	}
	first, second := (*got)[1], (*got)[3]
	if first.Status != handler.StatusAbsent || second.Status != handler.StatusAbsent || first.ID == second.ID {
		t.Errorf("sent %+v and %+v; want two deletions, the second one no repeat of the first", first, second)
	}
}

func TestCompletion_FailedSendIsTransientAndComesAgain(t *testing.T) {
	f := newFixture(t)
	busy := errors.New("the bus is busy")
	f.notify = func(context.Context, handler.Completion) error { return busy }
	f.put("c", "img:1", nil)
	if err := f.handleFails("c", fault.Transient); !errors.Is(err, busy) {
		t.Errorf("error %v, want %v", err, busy)
	}
	f.wantObjects("c/manifest.json", "c/one.png") // the work is not lost
	f.notify = func(context.Context, handler.Completion) error {
		return fault.New(fault.Misconfigured, "send", "bus", errors.New("no permission"))
	}
	_ = f.handleFails("c", fault.Misconfigured) // the kind is what counts
	f.notify = func(context.Context, handler.Completion) error {
		return fault.New(fault.Rejected, "send", "bus", errors.New("too large"))
	}
	_ = f.handleFails("c", fault.Transient) // the event's size says nothing of the source
	got := f.listening()
	f.handle("c", handler.ResultUnchanged)
	f.wantCalls()
	if len(*got) != 1 {
		t.Errorf("sent %+v, want the event", *got)
	}
}

func TestCompletion_NotOfWhatIsNoSource(t *testing.T) {
	f := newFixture(t)
	got := f.listening()
	f.handle("a//b", handler.ResultNothing)
	if _, err := f.handler().Agrees(context.Background(), "c"); err != nil {
		t.Fatal(err)
	}
	f.put("c", "img:1", nil)
	f.source.SetState(memblob.Denied)
	_ = f.handleFails("c", fault.Misconfigured) // the kind is what counts
	if len(*got) != 0 {
		t.Errorf("sent %+v, want nothing", *got)
	}
}

const completionSchema = "../../docs/schema/completion.schema.json"

func TestCompletion_SchemaIsUpToDate(t *testing.T) {
	r := jsonschema.Reflector{Anonymous: true, ExpandedStruct: true, AllowAdditionalProperties: true}
	for _, path := range []string{"internal/handler", "internal/manifest", "internal/imaging"} {
		if err := r.AddGoComments("pixmill/"+path, "../../"+path, jsonschema.WithFullComment()); err != nil {
			t.Fatal(err)
		}
	}
	s := r.Reflect(&handler.Completion{})
	s.Title = "Pixmill completion event, version 1"
	schematest.UpToDate(t, completionSchema, s)
}

func TestCompletion_SchemaAcceptsWhatIsSent(t *testing.T) {
	schema := schematest.Compile(t, completionSchema)
	f := newFixture(t)
	got := f.listening()
	f.put("a", "half:1", nil)
	f.handle("a", handler.ResultWritten)
	f.put("c", "text", nil)
	f.handle("c", handler.ResultRejected)
	f.remove("c")
	f.handle("c", handler.ResultDeleted)
	for _, c := range *got {
		if err := schema.Validate(t, []byte(toJSON(t, c))); err != nil {
			t.Errorf("%v\n%s", err, toJSON(t, c))
		}
	}
	if schema.Validate(t, []byte(`{"schema":1}`)) == nil {
		t.Error("the schema takes an event without anything in it")
	}
}
