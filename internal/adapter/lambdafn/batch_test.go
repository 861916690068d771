package lambdafn

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestBatch_OnlyFailedMessagesComeAgain(t *testing.T) {
	f := newFixture()
	reply, err := f.Invoke(t.Context(), batchOf(t,
		message{id: "a", keys: []string{"one"}},
		message{id: "b", keys: []string{"two", "transient", "three"}},
		message{id: "c", keys: []string{"panic"}},
		message{id: "d", keys: []string{"four"}},
	))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := failures(t, reply), []string{"b", "c"}; !slices.Equal(got, want) {
		t.Errorf("given back %q, want %q", got, want)
	}
	want := []string{"one", "two", "transient", "three", "panic", "four"}
	if got := f.script.keys(); !slices.Equal(got, want) {
		t.Errorf("handled %q, want %q", got, want)
	}
}

func TestBatch_PanicIsLoggedWithItsStack(t *testing.T) {
	f := newFixture()
	if _, err := f.Invoke(t.Context(), batchOf(t, message{id: "a", keys: []string{"panic"}})); err != nil {
		t.Fatal(err)
	}
	lines := f.lines(t, "panic")
	if len(lines) != 1 {
		t.Fatalf("log is %s; want the panic once", f.log)
	}
	if stack, _ := lines[0]["stack"].(string); !strings.Contains(stack, "(*script).Handle") {
		t.Errorf("stack is %q; want the place of the panic in it", stack)
	}
}

func TestBatch_UnreadableMessageComesAgainWithTheReasonInTheLog(t *testing.T) {
	f := newFixture()
	bad := `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"50%"}}}]}`
	reply, err := f.Invoke(t.Context(), batchOf(t,
		message{id: "a", attempt: 2, body: bad},
		message{id: "b", body: "no JSON"},
		message{id: "c", keys: []string{"one"}},
	))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := failures(t, reply), []string{"a", "b"}; !slices.Equal(got, want) {
		t.Errorf("given back %q, want %q", got, want)
	}
	lines := f.lines(t, "message not understood")
	if len(lines) != 2 || lines[0]["message_id"] != "a" || lines[0]["attempt"] != 2.0 {
		t.Fatalf("log is %s; want a line for a and one for b", f.log)
	}
	if reason, _ := lines[0]["error"].(string); !strings.Contains(reason, `key "50%" is not URL-encoded`) {
		t.Errorf("reason is %q", reason)
	}
}

func TestBatch_MessageWithoutAnIDFailsTheWholeBatch(t *testing.T) {
	f := newFixture()
	payload := batchOf(t, message{id: "x", keys: []string{"one"}}, message{id: "b", keys: []string{"two"}})
	payload = []byte(strings.Replace(string(payload), `"messageId":"x"`, `"messageId":""`, 1))
	reply, err := f.Invoke(t.Context(), payload)
	if err == nil {
		t.Fatalf("got %s; want an error, for Lambda cannot be told which message failed", reply)
	}
	if _, msg := errorType(t, err); !strings.Contains(msg, "messageId is empty") {
		t.Errorf("error is %q", msg)
	}
}

func TestBatch_SeveralEventsForOneObjectAreHandledOnce(t *testing.T) {
	f := newFixture()
	reply, err := f.Invoke(t.Context(), batchOf(t,
		message{id: "a", keys: []string{"transient"}},
		message{id: "b", keys: []string{"one", "one"}},
		message{id: "c", keys: []string{"one", "two", "transient"}}, // the last event of transient has sequencer 2
		message{id: "d", keys: []string{"two"}},
	))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := failures(t, reply), []string{"a", "c"}; !slices.Equal(got, want) {
		t.Errorf("given back %q, want %q: they share the outcome", got, want)
	}
	if got, want := f.script.keys(), []string{"transient", "one", "two"}; !slices.Equal(got, want) {
		t.Errorf("handled %q, want %q", got, want)
	}
	if got := f.script.seen[0].Sequencer; got != "0000000000000002" {
		t.Errorf("sequencer is %s; want the last event's", got)
	}
}

func TestBatch_FIFOGroupStopsAtItsFirstFailure(t *testing.T) {
	f := newFixture()
	reply, err := f.Invoke(t.Context(), batchOf(t,
		message{id: "r1", group: "red", keys: []string{"one"}},
		message{id: "b1", group: "blue", keys: []string{"blue/one"}},
		message{id: "r2", group: "red", keys: []string{"transient"}},
		message{id: "r3", group: "red", keys: []string{"three"}},
		message{id: "b2", group: "blue", keys: []string{"blue/two"}},
		message{id: "r4", group: "red", keys: []string{"one"}}, // its outcome is known, its turn has not come
	))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := failures(t, reply), []string{"r2", "r3", "r4"}; !slices.Equal(got, want) {
		t.Errorf("given back %q, want %q", got, want)
	}
	if got, want := f.script.keys(), []string{"one", "blue/one", "transient", "blue/two"}; !slices.Equal(got, want) {
		t.Errorf("handled %q, want %q", got, want)
	}
	if got := f.lines(t, "message given back unseen"); len(got) != 2 || got[0]["message_id"] != "r3" {
		t.Errorf("log has %v; want r3 and r4", got)
	}
}

func TestBatch_UnreadableMessageStopsItsFIFOGroup(t *testing.T) {
	f := newFixture()
	reply, err := f.Invoke(t.Context(), batchOf(t,
		message{id: "a", group: "g", body: "no JSON"},
		message{id: "b", group: "g", keys: []string{"one"}},
	))
	if err != nil || !slices.Equal(failures(t, reply), []string{"a", "b"}) || len(f.script.seen) != 0 {
		t.Errorf("got %s, %v, handled %q; want both given back", reply, err, f.script.keys())
	}
}

func TestBatch_BeginsNothingShortlyBeforeTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		reply, err := f.Invoke(ctx, batchOf(t,
			message{id: "a", keys: []string{"sleep:4s"}},
			message{id: "b", keys: []string{"sleep:3500ms"}}, // ends 2.5 s before the deadline, 2 s before the time to reply
			message{id: "c", keys: []string{"sleep:1ms"}},
			message{id: "d", keys: []string{"fine"}},
			message{id: "e", keys: []string{"sleep:4s"}}, // done above
		))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := failures(t, reply), []string{"d"}; !slices.Equal(got, want) {
			t.Errorf("given back %q, want %q", got, want)
		}
		last := f.lines(t, "source")[3]
		if last["result"] != "not-begun" || last["kind"] != "transient" {
			t.Errorf("line is %v; want not-begun", last)
		}
	})
}

func TestBatch_TheFirstSourceIsAlwaysBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second) // less than the margin
		defer cancel()
		reply, err := f.Invoke(ctx, batchOf(t,
			message{id: "a", keys: []string{"sleep:700ms"}},
			message{id: "b", keys: []string{"two"}},
		))
		if err != nil || !slices.Equal(failures(t, reply), []string{"b"}) {
			t.Errorf("got %s, %v; want only b given back", reply, err)
		}
	})
}
