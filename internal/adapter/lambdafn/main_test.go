package lambdafn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pixmill/internal/event"
	"pixmill/internal/fault"
	"pixmill/internal/handler"
)

// childVariable makes the test program a function instead; see process_test.go.
const childVariable = "LAMBDAFN_TEST_CHILD"

func TestMain(m *testing.M) {
	if role := os.Getenv(childVariable); role != "" {
		os.Exit(childMain(role))
	}
	goleak.VerifyTestMain(m)
}

// script is a handler that does what a key says and remembers what it was asked.
type script struct {
	results map[string]handler.Result // of keys that are not simply written

	mu   sync.Mutex
	seen []event.ObjectEvent
}

var errScript = errors.New("as the key says")

func (s *script) Handle(ctx context.Context, ev event.ObjectEvent) (handler.Outcome, error) {
	s.mu.Lock()
	s.seen = append(s.seen, ev)
	s.mu.Unlock()
	out := handler.Outcome{
		Key: ev.Key, Result: handler.ResultWritten, ManifestKey: ev.Key + "/manifest.json", Passes: 2, Puts: 4, Deletes: 1,
	}
	if r, ok := s.results[ev.Key]; ok {
		out.Result = r
	}
	word, arg, _ := strings.Cut(ev.Key, ":")
	switch word {
	case "transient", "permanent", "rejected", "misconfigured":
		return handler.Outcome{Key: ev.Key, Passes: 1}, fault.New(kindNamed(word), "handle", ev.Key, errScript)
	case "panic":
		_ = strings.Split(word, "")[len(word)]
	case "sleep":
		d, err := time.ParseDuration(arg)
		if err != nil {
			return out, err
		}
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return handler.Outcome{Key: ev.Key}, fault.New(fault.Transient, "handle", ev.Key, ctx.Err())
		}
	case "notimage":
		out.Result, out.Reason = handler.ResultRejected, "not an image"
	}
	return out, nil
}

func (s *script) keys() []string {
	var keys []string
	for _, ev := range s.seen {
		keys = append(keys, ev.Key)
	}
	return keys
}

func kindNamed(word string) fault.Kind {
	for _, k := range []fault.Kind{fault.Transient, fault.Permanent, fault.Rejected, fault.Misconfigured} {
		if k.String() == word {
			return k
		}
	}
	panic("no kind " + word)
}

// fixture is an adapter over a script, with its log.
type fixture struct {
	*Adapter
	script *script
	log    *bytes.Buffer
}

func newFixture() *fixture {
	f := &fixture{script: &script{}, log: &bytes.Buffer{}}
	f.Adapter = &Adapter{Handler: f.script, Log: slog.New(slog.NewJSONHandler(f.log, nil)), Now: time.Now}
	return f
}

// lines returns the log's lines with a message.
func (f *fixture) lines(t *testing.T, msg string) []map[string]any {
	t.Helper()
	var found []map[string]any
	for line := range strings.Lines(f.log.String()) {
		var l map[string]any
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		if l["msg"] == msg {
			found = append(found, l)
		}
	}
	return found
}

// message is one message of a queue; keys are what its S3 body names.
type message struct {
	id, group string
	attempt   int
	keys      []string
	body      string // instead of keys
}

func batchOf(t *testing.T, messages ...message) []byte {
	t.Helper()
	var out []event.SQSMessage
	for _, m := range messages {
		if m.body == "" {
			m.body = string(notification(t, m.keys...))
		}
		arn := "arn:aws:sqs:us-east-1:123456789012:images"
		if m.group != "" {
			arn += ".fifo"
		}
		out = append(out, event.SQSMessage{ID: m.id, Body: m.body, QueueARN: arn, GroupID: m.group, ReceiveCount: m.attempt})
	}
	payload, err := event.MarshalSQS(out...)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// notification is S3's for objects that were put, in this order.
func notification(t *testing.T, keys ...string) []byte {
	t.Helper()
	var records []event.S3Record
	for i, key := range keys {
		records = append(records, event.S3Record{ObjectEvent: event.ObjectEvent{
			Bucket: "uploads", Key: key, Name: "ObjectCreated:Put", Sequencer: fmt.Sprintf("%016X", i),
		}})
	}
	payload, err := event.MarshalS3(records...)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// failures returns the messages that an answer gives back.
func failures(t *testing.T, reply []byte) []string {
	t.Helper()
	var r struct {
		Failures *[]struct{ ItemIdentifier string } `json:"batchItemFailures"`
	}
	if err := json.Unmarshal(reply, &r); err != nil || r.Failures == nil {
		t.Fatalf("answer %s: %v; want batchItemFailures", reply, err)
	}
	ids := []string{}
	for _, f := range *r.Failures {
		ids = append(ids, f.ItemIdentifier)
	}
	return ids
}
