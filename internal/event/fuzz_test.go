package event

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pixmill/internal/fault"
)

// FuzzDecode holds Decode to what its callers rely on for every input: an error
// is Rejected and short, every event names an object that can exist, an ignored
// record has a reason, and nothing is left out without a word.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.json")
	if err != nil || len(files) < 30 {
		f.Fatalf("seeds: %v, %v", files, err)
	}
	for _, name := range files {
		f.Add(load(f, strings.TrimPrefix(name, "testdata/")))
	}
	for _, name := range awsEvents(f) {
		payload, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	for _, s := range []string{``, `null`, `{}`, `{"Records":[{}]}`, `{"bucket":"b","key":"%2B"}`, `{"Records":[{"eventSource":"aws:sqs","body":"{}"}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		d, err := Decode(payload)
		if err != nil {
			checkError(t, err)
			return
		}
		if len(d.Items) == 0 {
			t.Error("a delivery without items")
		}
		for _, it := range d.Items {
			checkItem(t, d.Envelope, it)
		}
	})
}

func checkItem(t *testing.T, envelope Envelope, it Item) {
	if it.Err != nil {
		checkError(t, it.Err)
	}
	if it.Err == nil && len(it.Events)+len(it.Ignored) == 0 {
		t.Errorf("%s: an item that holds nothing and has no error", envelope)
	}
	if it.Err == nil && envelope == EnvelopeSQS && it.MessageID == "" {
		t.Error("a message that cannot be given back")
	}
	for _, e := range it.Events {
		if e.Bucket == "" || e.Key == "" || e.Op == "" || len(e.Key) > maxKeyBytes || !utf8.ValidString(e.Key) || e.Alternative == e.Key {
			t.Errorf("an event for no object: %+v", e)
		}
	}
	for _, ig := range it.Ignored {
		if ig.Reason == "" {
			t.Errorf("ignored without a reason: %+v", ig)
		}
	}
}

func checkError(t *testing.T, err error) {
	if fault.KindOf(err) != fault.Rejected {
		t.Errorf("kind of %v is %v, want rejected", err, fault.KindOf(err))
	}
	if len(err.Error()) > 4000 {
		t.Errorf("an error of %d bytes", len(err.Error()))
	}
}
