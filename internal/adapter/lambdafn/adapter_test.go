package lambdafn

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"pixmill/internal/adapter/delivery"
)

// errorType returns the errorType and message that Lambda would show.
func errorType(t *testing.T, err error) (string, string) {
	t.Helper()
	e, ok := errors.AsType[messages.InvokeResponse_Error](err)
	if !ok {
		t.Fatalf("error is %v, want one with a type", err)
	}
	return e.Type, e.Message
}

func TestInvoke_EveryKindInEveryEnvelope(t *testing.T) {
	tests := []struct {
		kind      string
		again     bool // comes again from a queue or from S3
		direct    string
		inMessage string
	}{
		{kind: "fine"},
		{kind: "notimage"}, // recorded in its manifest: done
		{kind: "transient", again: true, direct: "Pixmill.Transient"},
		{kind: "misconfigured", again: true, direct: "Pixmill.Misconfigured"},
		{kind: "permanent", direct: "Pixmill.Permanent"},
		{kind: "rejected", direct: "Pixmill.Rejected"},
		{kind: "panic", again: true, direct: "Pixmill.Transient", inMessage: "index out of range"},
	}
	for _, tt := range tests {
		t.Run(tt.kind, func(t *testing.T) {
			reply, err := newFixture().Invoke(t.Context(), batchOf(t, message{id: "m", keys: []string{tt.kind}}))
			if err != nil {
				t.Fatalf("SQS: %v", err)
			}
			if got := failures(t, reply); (len(got) == 1) != tt.again {
				t.Errorf("SQS: given back %q; comes again should be %v", got, tt.again)
			}
			reply, err = newFixture().Invoke(t.Context(), notification(t, "first", tt.kind))
			if (err != nil) != tt.again {
				t.Errorf("S3: %s, %v; comes again should be %v", reply, err, tt.again)
			}
			reply, err = newFixture().Invoke(t.Context(), []byte(`{"bucket":"uploads","key":"`+tt.kind+`"}`))
			if (err == nil) != (tt.direct == "") {
				t.Fatalf("direct: %s, %v", reply, err)
			}
			if err == nil {
				return
			}
			if typ, msg := errorType(t, err); typ != tt.direct || !strings.Contains(msg, tt.inMessage) || !strings.Contains(msg, tt.kind) {
				t.Errorf("direct: error is %s, %q", typ, msg)
			}
		})
	}
}

func TestInvoke_DirectInvocationReturnsASummary(t *testing.T) {
	f := newFixture()
	f.Now = func() time.Time { return time.Time{} }
	reply, err := f.Invoke(t.Context(), []byte(`{"bucket":"uploads","key":"a b"}`))
	want := `{"bucket":"uploads","key":"a b","result":"written","manifestKey":"a b/manifest.json","passes":2,"puts":4,"deletes":1,"durationMs":0}`
	if err != nil || string(reply) != want {
		t.Errorf("got  %s, %v\nwant %s", reply, err, want)
	}
}

func TestInvoke_S3ReturnsASummaryOfEachSource(t *testing.T) {
	f := newFixture()
	f.Now = func() time.Time { return time.Time{} }
	reply, err := f.Invoke(t.Context(), notification(t, "one", "notimage"))
	var got delivery.Summary
	if err != nil || json.Unmarshal(reply, &got) != nil || len(got.Sources) != 2 || got.Sources[1].Reason != "not an image" {
		t.Errorf("got %s, %v; want two summaries", reply, err)
	}
}

func TestInvoke_S3FailureSaysHowManyFailed(t *testing.T) {
	_, err := newFixture().Invoke(t.Context(), notification(t, "transient:1", "fine", "transient:2"))
	want := `handle "transient:1": transient: as the key says (and 1 more)`
	if typ, msg := errorType(t, err); typ != "Pixmill.Transient" || msg != want {
		t.Errorf("error is %s, %q; want %q", typ, msg, want)
	}
}

func TestInvoke_TestEventsAreAcknowledged(t *testing.T) {
	const test = `{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"uploads"}`
	f := newFixture()
	reply, err := f.Invoke(t.Context(), []byte(test))
	if err != nil || string(reply) != `{"sources":[],"ignored":1}` {
		t.Errorf("got %s, %v", reply, err)
	}
	reply, err = f.Invoke(t.Context(), batchOf(t, message{id: "m", body: test}))
	if err != nil || string(reply) != `{"batchItemFailures":[]}` {
		t.Errorf("got %s, %v", reply, err)
	}
	if got := f.lines(t, "event ignored"); len(got) != 2 || got[1]["reason"] != "test-event" {
		t.Errorf("log has %v, want the reason twice", got)
	}
}

func TestInvoke_UnknownPayloadIsRefusedWithoutShowingIt(t *testing.T) {
	f := newFixture()
	_, err := f.Invoke(t.Context(), []byte(`{"password":"hunter2"}`))
	if typ, msg := errorType(t, err); typ != "Pixmill.Rejected" || !strings.Contains(msg, `an object with "password"`) {
		t.Errorf("error is %s, %q", typ, msg)
	}
	if len(f.lines(t, "payload not understood")) != 1 || strings.Contains(f.log.String(), "hunter2") {
		t.Errorf("log is %s; want one line without the value", f.log)
	}
}

func TestInvoke_EndsBeforeLambdaEndsTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		reply, err := newFixture().Invoke(ctx, batchOf(t, message{id: "m", keys: []string{"sleep:1h"}}))
		if err != nil || len(failures(t, reply)) != 1 {
			t.Errorf("got %s, %v; want the message given back", reply, err)
		}
		if took := time.Since(start); took != 10*time.Second-replyTime {
			t.Errorf("took %v, want %v before the deadline", took, replyTime)
		}
	})
}

func TestInvoke_LogHasOneLineForEachSource(t *testing.T) {
	f := newFixture()
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "r-1"})
	_, err := f.Invoke(ctx, batchOf(t,
		message{id: "a", attempt: 4, keys: []string{"one"}},
		message{id: "b", attempt: 3, keys: []string{"one", "transient"}},
		message{id: "c", attempt: 2, keys: []string{"misconfigured"}},
	))
	if err != nil {
		t.Fatal(err)
	}
	lines := f.lines(t, "source")
	if len(lines) != 3 {
		t.Fatalf("log is %s; want three lines", f.log)
	}
	for i, want := range []map[string]any{
		{"level": "INFO", "bucket": "uploads", "key": "one", "event": "created", "result": "written", "passes": 2.0, "puts": 4.0, "deletes": 1.0, "messages": 2.0, "attempt": 4.0, "request_id": "r-1", "sequencer": "0000000000000000"},
		{"level": "WARN", "key": "transient", "result": "failed", "kind": "transient", "reason": `handle "transient": transient: as the key says`, "attempt": 3.0, "sequencer": "0000000000000001"},
		{"level": "ERROR", "key": "misconfigured", "result": "failed", "kind": "misconfigured", "attempt": 2.0},
	} {
		for name, value := range want {
			if lines[i][name] != value {
				t.Errorf("line %d: %s is %v, want %v", i, name, lines[i][name], value)
			}
		}
		if _, ok := lines[i]["duration_ms"].(float64); !ok {
			t.Errorf("line %d has no duration: %v", i, lines[i])
		}
	}
}

func TestInvoke_ConcurrentInvocationsShareNothing(t *testing.T) {
	f := newFixture()
	done := make(chan error)
	for range 8 {
		go func() {
			payload := []byte(`{"bucket":"uploads","key":"fine"}`)
			reply, err := f.Invoke(t.Context(), payload)
			if err == nil && !slices.Contains(strings.Split(string(reply), ","), `"result":"written"`) {
				err = errors.New(string(reply))
			}
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
