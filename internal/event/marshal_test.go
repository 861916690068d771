package event

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// changes generates every change that a notification can carry.
func changes(keys *rapid.Generator[string]) *rapid.Generator[ObjectEvent] {
	var known []string
	for name, m := range names {
		if m.op != "" && !strings.HasPrefix(name, "Object ") {
			known = append(known, name)
		}
	}
	return rapid.Custom(func(t *rapid.T) ObjectEvent {
		e := ObjectEvent{
			Bucket:    rapid.StringMatching(`[a-z0-9][a-z0-9.-]{2,20}`).Draw(t, "bucket"),
			Key:       keys.Draw(t, "key"),
			Name:      rapid.SampledFrom(known).Draw(t, "name"),
			Time:      time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "time")).UTC(),
			VersionID: rapid.StringMatching(`|null|[A-Za-z0-9._]{32}`).Draw(t, "version"),
			ETag:      rapid.StringMatching(`|[0-9a-f]{32}(-[1-9])?`).Draw(t, "etag"),
			Sequencer: rapid.StringMatching(`|[0-9A-F]{16,18}`).Draw(t, "sequencer"),
		}
		e.Op, _ = NameToOp(e.Name)
		if e.Op != OpRemoved {
			e.Size = rapid.Int64Min(0).Draw(t, "size")
		}
		return e
	})
}

// anyKey generates every key that S3 can hold, with the awkward characters often.
func anyKey() *rapid.Generator[string] {
	awkward := rapid.StringOf(rapid.SampledFrom([]rune("a/ +%2B0ß雪🙂&=?#~*.\\\"'\x00\n\u2028")))
	return rapid.OneOf(rapid.String(), awkward).Filter(func(k string) bool { return k != "" && len(k) <= maxKeyBytes })
}

func TestMarshalS3_DecodesToTheSame(t *testing.T) {
	gen := rapid.SliceOfN(changes(anyKey()), 1, 4)
	rapid.Check(t, func(t *rapid.T) {
		want := gen.Draw(t, "changes")
		payload, err := MarshalS3(records(want)...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(payload)
		if err != nil {
			t.Fatal(err)
		}
		if d := (Delivery{Envelope: EnvelopeS3, Items: []Item{{Events: want}}}); !same(got, d) {
			t.Fatalf("got  %+v\nwant %+v\nfrom %s", got, d, payload)
		}
	})
}

func TestMarshalSQS_DecodesToTheSame(t *testing.T) {
	gen := rapid.SliceOfN(rapid.SliceOfN(changes(anyKey()), 1, 3), 1, 4)
	rapid.Check(t, func(t *rapid.T) {
		arn := rapid.SampledFrom([]string{"arn:aws:sqs:us-east-1:1:q", "arn:aws:sqs:us-east-1:1:q.fifo"}).Draw(t, "queue")
		want := Delivery{Envelope: EnvelopeSQS}
		var messages []SQSMessage
		for i, events := range gen.Draw(t, "bodies") {
			body, err := MarshalS3(records(events)...)
			if err != nil {
				t.Fatal(err)
			}
			item := Item{MessageID: fmt.Sprint("m", i), Attempt: i + 1, Inside: []Envelope{EnvelopeS3}, Events: events}
			m := SQSMessage{ID: item.MessageID, Body: string(body), QueueARN: arn, GroupID: "g", ReceiveCount: i + 1}
			if strings.HasSuffix(arn, ".fifo") {
				item.GroupID = "g"
			}
			want.Items, messages = append(want.Items, item), append(messages, m)
		}
		payload, err := MarshalSQS(messages...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(payload)
		if err != nil {
			t.Fatal(err)
		}
		if !same(got, want) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
	})
}

func records(events []ObjectEvent) []S3Record {
	var rs []S3Record
	for _, e := range events {
		rs = append(rs, S3Record{ObjectEvent: e})
	}
	return rs
}

// The names of all fields that a recorded notification has, and that ours must.
func TestMarshal_HasTheFieldsOfRecordedNotifications(t *testing.T) {
	put := S3Record{ObjectEvent: ObjectEvent{
		Bucket: "in-versioned", Key: "v.txt", Name: "ObjectCreated:Put", Time: at("2026-11-23T23:13:18.031Z"),
		VersionID: "v", ETag: "b8a9f715dbb64fd5c56e7783c6820a61", Size: 3, Sequencer: "0055AED6DCD90281E5",
	}}
	removed := put
	removed.Name, removed.ETag, removed.VersionID = "s3:ObjectRemoved:Delete", "", ""
	queue := func() ([]byte, error) {
		return MarshalSQS(SQSMessage{ID: "m", Body: "{}", QueueARN: "arn", GroupID: "g", Sent: put.Time, FirstReceived: put.Time})
	}
	for _, tt := range []struct {
		file string
		ours func() ([]byte, error)
	}{
		{"localstack/s3-put-versioned.json", func() ([]byte, error) { return MarshalS3(put) }},
		{"localstack/s3-delete.json", func() ([]byte, error) { return MarshalS3(removed) }},
		{"localstack/sqs-s3.json", queue},
	} {
		ours, err := tt.ours()
		if err != nil {
			t.Fatal(err)
		}
		got, want := fieldsOf(t, ours), fieldsOf(t, load(t, tt.file))
		delete(want, "Records/attributes/SenderId") // the sender's account: a local queue has none
		delete(got, "Records/attributes/MessageGroupId")
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: fields are\n%v\nwant\n%v", tt.file, got, want)
		}
	}
}

func fieldsOf(t *testing.T, payload []byte) map[string]bool {
	var v map[string]any
	if err := json.Unmarshal(payload, &v); err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, inner := range v {
				walk(strings.TrimPrefix(path+"/"+name, "/"), inner)
			}
		case []any:
			for _, inner := range v {
				walk(path, inner)
			}
		default:
			all[path] = true
		}
	}
	walk("", v)
	return all
}

func TestMarshal_RefusesWhatCannotBeDecoded(t *testing.T) {
	good := ObjectEvent{Bucket: "b", Key: "k", Name: "ObjectCreated:Put"}
	for want, change := range map[string]func(*ObjectEvent){
		"record 0: bucket is empty":                           func(e *ObjectEvent) { e.Bucket = "" },
		"record 0: key is empty":                              func(e *ObjectEvent) { e.Key = "" },
		`record 0: key "\xff" is not UTF-8`:                   func(e *ObjectEvent) { e.Key = "\xff" },
		"over the limit of 1024 bytes":                        func(e *ObjectEvent) { e.Key = strings.Repeat("k", 1025) },
		`record 0: "ObjectAcl:Put" is not the name of a chan`: func(e *ObjectEvent) { e.Name = "ObjectAcl:Put" },
	} {
		e := good
		change(&e)
		if b, err := MarshalS3(S3Record{ObjectEvent: e}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %s, %v; want an error with %q", b, err, want)
		}
	}
	if b, err := MarshalSQS(SQSMessage{Body: "{}"}); err == nil {
		t.Errorf("a message without an ID is written: %s", b)
	}
}

func TestEncodeKey_AsS3Writes(t *testing.T) {
	for key, want := range map[string]string{
		"a/b c+d.jpg":  "a/b+c%2Bd.jpg",
		"größe 50%.jp": "gr%C3%B6%C3%9Fe+50%25.jp",
		"x&y=z?(1)":    "x%26y%3Dz%3F%281%29",
	} {
		if got := EncodeKey(key); got != want {
			t.Errorf("EncodeKey(%q) = %q, want %q", key, got, want)
		}
	}
}
