package lambdafn

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pixmill/internal/adapter/delivery"
	"pixmill/internal/handler"
)

// recorded is one of the payloads that the decoder is tested with.
func recorded(t *testing.T, name string) []byte {
	t.Helper()
	payload, err := os.ReadFile(filepath.Join("..", "..", "event", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func TestInvoke_RecordedEnvelopes(t *testing.T) {
	for file, want := range map[string]string{
		"localstack/s3-put.json":                     "a.txt",
		"localstack/sqs-s3.json":                     "q1.txt poison-q2.txt q3.txt",
		"localstack/sns-s3.json":                     "sns.txt",
		"localstack/sqs-sns-s3.json":                 "sns.txt",
		"localstack/sqs-sns-raw-s3.json":             "sns.txt",
		"localstack/eventbridge-object-created.json": "bridge.txt",
		"localstack/eventbridge-object-deleted.json": "bridge.txt",
		"localstack/lambda-destination-failure.json": "poison.txt",
		"aws/sqs-fifo-eventbridge.json":              "a.jpg b.jpg c.jpg",
		"aws/sqs-sns-eventbridge-destination.json":   "HappyFace.jpg",
		"aws/eventbridge-created-special-key.json":   "2026/Café terrace 1+1 100%.jpg",
	} {
		t.Run(file, func(t *testing.T) {
			f := newFixture()
			reply, err := f.Invoke(t.Context(), recorded(t, file))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(f.script.keys(), " "); got != want {
				t.Errorf("handled %q, want %q", got, want)
			}
			if strings.Contains(file, "/sqs-") {
				if got := failures(t, reply); len(got) != 0 {
					t.Errorf("given back %q", got)
				}
				return
			}
			var got delivery.Summary
			if err := json.Unmarshal(reply, &got); err != nil || len(got.Sources) != 1 || got.Sources[0].Result != "written" {
				t.Errorf("got %s, %v; want one summary", reply, err)
			}
		})
	}
}

// What does not come from a queue fails as a whole, and Lambda tries it again.
func TestInvoke_FailureOutsideAQueueFailsTheInvocation(t *testing.T) {
	for _, file := range []string{
		"localstack/sns-s3.json", "localstack/eventbridge-object-created.json", "localstack/lambda-destination-failure.json",
	} {
		f := newFixture()
		payload := recorded(t, file)
		for _, key := range []string{"sns.txt", "bridge.txt", "poison.txt"} {
			payload = []byte(strings.ReplaceAll(string(payload), key, "transient"))
		}
		reply, err := f.Invoke(t.Context(), payload)
		if err == nil {
			t.Errorf("%s: got %s, want an error", file, reply)
			continue
		}
		if typ, _ := errorType(t, err); typ != "Pixmill.Transient" {
			t.Errorf("%s: error is %s", file, typ)
		}
	}
}

// FIFO queues: recorded messages that are no notifications, and EventBridge's.
func TestBatch_RecordedFIFOGroups(t *testing.T) {
	f := newFixture()
	reply, err := f.Invoke(t.Context(), recorded(t, "localstack/sqs-fifo.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got := failures(t, reply); len(got) != 3 || len(f.lines(t, "message not understood")) != 1 || len(f.lines(t, "message given back unseen")) != 2 {
		t.Errorf("given back %q; log %s; want all, two of them unseen", got, f.log)
	}

	f = newFixture()
	payload := strings.Replace(string(recorded(t, "aws/sqs-fifo-eventbridge.json")), "b.jpg", "transient", 1)
	if reply, err = f.Invoke(t.Context(), []byte(payload)); err != nil {
		t.Fatal(err)
	}
	if got, want := failures(t, reply), []string{"m2", "m3"}; !slices.Equal(got, want) {
		t.Errorf("given back %q, want %q", got, want)
	}
	if got, want := f.script.keys(), []string{"a.jpg", "transient"}; !slices.Equal(got, want) {
		t.Errorf("handled %q, want %q", got, want)
	}
}

const encodedKey, plainKey = "bilder/gr%C3%B6%C3%9Fe%201%2B1%20%3D%202%20%26%2050%25.txt", "bilder/größe 1+1 = 2 & 50%.txt"

func TestBatch_AlternativeKey(t *testing.T) {
	payload := recorded(t, "localstack/eventbridge-object-created-special-key.json")
	for name, tt := range map[string]struct {
		results map[string]handler.Result
		want    []string
	}{
		"the key as it is, on AWS":  {nil, []string{encodedKey}},
		"decoded, on LocalStack":    {map[string]handler.Result{encodedKey: handler.ResultNothing}, []string{encodedKey, plainKey}},
		"both, where one was there": {map[string]handler.Result{encodedKey: handler.ResultDeleted}, []string{encodedKey, plainKey}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture()
			f.script.results = tt.results
			if _, err := f.Invoke(t.Context(), payload); err != nil {
				t.Fatal(err)
			}
			if got := f.script.keys(); !slices.Equal(got, tt.want) {
				t.Errorf("handled %q, want %q", got, tt.want)
			}
			if last := f.script.seen[len(f.script.seen)-1]; len(tt.want) == 2 && (last.Alternative != "" || last.Name != "Object Created") {
				t.Errorf("the second event is %+v", last)
			}
		})
	}
}

// Where both objects are there, an event says nothing of the one that it may have meant.
func TestBatch_AlternativeKeyTakesNothingFromAnEventOfItsOwn(t *testing.T) {
	body := func(key, sequencer string) string {
		return `{"detail-type":"Object Created","source":"aws.s3","detail":{"bucket":{"name":"b"},"object":{"key":"` + key + `","sequencer":"` + sequencer + `"}}}`
	}
	own, encoded := message{id: "a", body: body("a b.jpg", "01")}, message{id: "b", body: body("a%20b.jpg", "02")}
	for _, batch := range [][]message{{own, encoded}, {encoded, own}} {
		f := newFixture()
		if _, err := f.Invoke(t.Context(), batchOf(t, batch...)); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, ev := range f.script.seen {
			got[ev.Key] = ev.Sequencer
		}
		if len(got) != 2 || got["a b.jpg"] != "01" || got["a%20b.jpg"] != "02" {
			t.Errorf("%s first: handled with sequencers %q", batch[0].id, got)
		}
	}
}

func TestBatch_FailureOfTheAlternativeKeyComesAgain(t *testing.T) {
	payload := strings.ReplaceAll(string(recorded(t, "localstack/eventbridge-object-created-special-key.json")), encodedKey, "%74ransient")
	f := newFixture()
	f.script.results = map[string]handler.Result{"%74ransient": handler.ResultNothing}
	if reply, err := f.Invoke(t.Context(), []byte(payload)); err == nil || len(f.script.seen) != 2 {
		t.Errorf("got %s after %q; want a failure", reply, f.script.keys())
	}
}

// A look that finds nothing is not what the first source is begun for.
func TestBatch_AlternativeKeyOfTheFirstSourceIsAlwaysBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		f.script.results = map[string]handler.Result{encodedKey: handler.ResultNothing}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second) // less than the margin
		defer cancel()
		if _, err := f.Invoke(ctx, recorded(t, "localstack/eventbridge-object-created-special-key.json")); err != nil {
			t.Error(err)
		}
		if got := f.script.keys(); len(got) != 2 {
			t.Errorf("handled %q, want both", got)
		}
	})
}

// LocalStack percent-encodes the keys of EventBridge: whichever of the two the
// bucket holds, the real handler makes its variants, and nothing else.
func TestBatch_AlternativeKeyWithTheRealHandler(t *testing.T) {
	payload := bytes.ReplaceAll(recorded(t, "localstack/eventbridge-object-created-special-key.json"), []byte("in-bridge"), []byte("uploads"))
	for _, key := range []string{plainKey, encodedKey} {
		a, _, uploads, variants := slowWorld(t)
		if _, err := uploads.Put(t.Context(), key, []byte("quick"), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Invoke(t.Context(), payload); err != nil {
			t.Fatal(err)
		}
		if got, all := under(t, variants, key+"/"), under(t, variants, ""); len(got) != 8 || len(all) != 8 {
			t.Errorf("%q in the bucket: its folder holds %q, the output %q", key, got, all)
		}
	}
}
