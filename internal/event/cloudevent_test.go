package event

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pixmill/internal/fault"
)

func TestDecode_CloudEventsOfEverySource(t *testing.T) {
	tests := []struct {
		file             string
		key, alternative string
		op               Op
		ignored          string
		inside           []Envelope
	}{
		{file: "cncf-s3-record", key: "trip/a b+c.jpg", op: OpCreated, inside: []Envelope{EnvelopeS3}},
		{file: "cncf-s3-records", key: "a.jpg", op: OpRemoved, inside: []Envelope{EnvelopeS3}},
		{file: "triggermesh-s3", key: "a.jpg", op: OpCreated, inside: []Envelope{EnvelopeS3}},
		{file: "triggermesh-testevent", ignored: IgnoredTestEvent, inside: []Envelope{EnvelopeTest}},
		{file: "camel-s3", key: "trip/sea 1.jpg", op: OpCreated},
		{file: "knative-sqs", key: "a.jpg", op: OpCreated, inside: []Envelope{EnvelopeS3}},
		{file: "knative-sqs-text", key: "a.jpg", op: OpCreated, inside: []Envelope{EnvelopeS3}},
		{file: "func-invoke", ignored: IgnoredFuncInvoke},
		{file: "func-invoke-direct", key: "a.jpg", op: OpDirect, inside: []Envelope{EnvelopeDirect}},
		{file: "eventbridge-in-base64", key: "a%20b.jpg", alternative: "a b.jpg", op: OpCreated, inside: []Envelope{EnvelopeEventBridge}},
		{file: "processed", ignored: IgnoredOwn},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			d, err := Decode(load(t, "cloudevents/"+tt.file+".json"))
			if err != nil || d.Envelope != EnvelopeCloudEvent || len(d.Items) != 1 {
				t.Fatalf("got %+v, %v; want one item of a CloudEvent", d, err)
			}
			it := d.Items[0]
			if it.Err != nil || it.MessageID == "" || !slices.Equal(it.Inside, tt.inside) {
				t.Fatalf("item is %+v, want its id and %v inside", it, tt.inside)
			}
			if tt.ignored != "" {
				if len(it.Events) != 0 || len(it.Ignored) != 1 || it.Ignored[0].Reason != tt.ignored {
					t.Errorf("item is %+v, want it ignored for %s", it, tt.ignored)
				}
				return
			}
			if len(it.Events) != 1 {
				t.Fatalf("item is %+v, want one event", it)
			}
			if e := it.Events[0]; e.Bucket != "uploads" || e.Key != tt.key || e.Alternative != tt.alternative || e.Op != tt.op {
				t.Errorf("event is %+v, want %s of %q or %q in uploads", e, tt.op, tt.key, tt.alternative)
			}
		})
	}
}

func TestDecode_BatchOfCloudEventsFailsOneByOne(t *testing.T) {
	d, err := Decode(load(t, "cloudevents/batch.json"))
	if err != nil || d.Envelope != EnvelopeCloudEvent || len(d.Items) != 4 {
		t.Fatalf("got %+v, %v; want four items", d, err)
	}
	for i, key := range map[int]string{0: "a.jpg", 2: "b.jpg"} {
		if it := d.Items[i]; it.Err != nil || len(it.Events) != 1 || it.Events[0].Key != key {
			t.Errorf("item %d is %+v, want %s", i, it, key)
		}
	}
	for i, want := range map[int]string{1: "the CloudEvent has no data", 3: `specversion is "0.3": only 1.0 is understood`} {
		if it := d.Items[i]; fault.KindOf(it.Err) != fault.Rejected || !strings.Contains(fmt.Sprint(it.Err), want) {
			t.Errorf("item %d: error is %v, want %s", i, it.Err, want)
		}
	}
	if d, err = Decode([]byte(" []")); err != nil || len(d.Items) != 1 || d.Items[0].Ignored[0].Reason != IgnoredEmptyBatch {
		t.Errorf("an empty batch: %+v, %v", d, err)
	}
	if _, err = Decode([]byte(`[{"specversion":"1.0"},7]`)); err == nil {
		t.Error("an array of other things as well is no batch")
	}
}

func TestDecode_CloudEventsThatCannotBeRead(t *testing.T) {
	event := func(fields string) string {
		return `{"specversion":"1.0","id":"i","source":"s","type":"t"` + fields + `}`
	}
	tests := []struct {
		name, payload, want string
		whole               bool // nothing of it can be read
	}{
		{"no id", `{"specversion":"1.0","source":"s","type":"t"}`, "id of the CloudEvent is empty", true},
		{"no type", `{"specversion":"1.0","source":"s","id":"i"}`, "type of the CloudEvent is empty", true},
		{"another version", `{"specversion":"2.0","source":"s","id":"i","type":"t"}`, `specversion is "2.0"`, true},
		{"no time", event(`,"time":"noon"`), `time "noon" is not RFC 3339`, true},
		{"no base64", event(`,"data_base64":"?"`), "data_base64 is not base64", true},
		{"type of another kind", `{"specversion":"1.0","source":"s","id":"i","type":7}`, "type holds a number where a string belongs", true},
		{"no data", event(""), `decode CloudEvent "i": rejected: the CloudEvent has no data`, false},
		{"null", event(`,"data":null`), "the CloudEvent has no data", false},
		{"another thing", event(`,"data":{"a":1}`), `data: looked for a CloudEvent, Records of S3`, false},
		{"text", event(`,"datacontenttype":"text/plain","data":"hidden"`), `data of type "text/plain": looked for`, false},
		{"an object's content", string(load(t, "cloudevents/knative-s3.json")), "does not say which object it is", false},
		{"Camel without a bucket", strings.Replace(event(`,"subject":"k"`), `"t"`, `"`+typeCamelS3+`"`, 1), `source is "s": want "aws.s3.bucket."`, false},
		{"Camel without a key", `{"specversion":"1.0","source":"aws.s3.bucket.b","id":"i","type":"` + typeCamelS3 + `"}`, "subject: key is empty", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Decode([]byte(tt.payload))
			if (err != nil) != tt.whole {
				t.Fatalf("got %+v, %v", d, err)
			}
			if err == nil {
				err = d.Items[0].Err
			}
			if fault.KindOf(err) != fault.Rejected || !strings.Contains(fmt.Sprint(err), tt.want) || strings.Contains(fmt.Sprint(err), "hidden") {
				t.Errorf("error is\n%v\nwant a rejected one that contains\n%s", err, tt.want)
			}
		})
	}
}

func headers(m map[string]string) func(string) string {
	return func(name string) string { return m[name] }
}

func TestDecodeCloudEventHeaders_ReadsWhatItNeeds(t *testing.T) {
	camel := map[string]string{
		"ce-specversion": "1.0", "ce-id": "1", "ce-type": typeCamelS3, "ce-source": "aws.s3.bucket.arn:aws:s3:::uploads",
		"ce-subject": "sea%20100%25.jpg", "ce-time": "2024-11-08T07:34:16.413Z", "content-type": "image/jpeg",
	}
	unread := func() ([]byte, error) { t.Error("the object's content was read"); return nil, nil }
	d, err := DecodeCloudEventHeaders(headers(camel), unread)
	if err != nil || d.Items[0].MessageID != "1" {
		t.Fatalf("%+v, %v", d, err)
	}
	ev := d.Items[0].Events[0]
	if ev.Bucket != "uploads" || ev.Key != "sea 100%.jpg" || ev.Alternative != "sea%20100%25.jpg" || ev.Time.IsZero() {
		t.Errorf("event is %+v", ev)
	}
	camel["ce-subject"] = "50%.jpg" // as some senders write it
	if d, err = DecodeCloudEventHeaders(headers(camel), unread); err != nil || d.Items[0].Events[0].Key != "50%.jpg" || d.Items[0].Events[0].Alternative != "" {
		t.Errorf("%+v, %v", d, err)
	}

	sqs := map[string]string{"ce-specversion": "1.0", "ce-id": "1", "ce-type": "dev.knative.eventing.aws-sqs", "ce-source": "s"}
	body := func() ([]byte, error) { return load(t, "localstack/s3-put.json"), nil }
	if d, err = DecodeCloudEventHeaders(headers(sqs), body); err != nil || len(d.Items[0].Events) != 1 || d.Items[0].Inside[0] != EnvelopeS3 {
		t.Errorf("%+v, %v", d, err)
	}
	broken := errors.New("broken")
	if _, err = DecodeCloudEventHeaders(headers(sqs), func() ([]byte, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("error is %v, want the body's", err)
	}
	sqs["ce-time"] = "noon"
	if _, err = DecodeCloudEventHeaders(headers(sqs), body); fault.KindOf(err) != fault.Rejected {
		t.Errorf("error is %v, want a rejected one", err)
	}
	delete(sqs, "ce-time")
	long := func() ([]byte, error) { return make([]byte, MaxPayloadBytes+1), nil }
	if d, err = DecodeCloudEventHeaders(headers(sqs), long); err != nil || fault.KindOf(d.Items[0].Err) != fault.Rejected {
		t.Errorf("%+v, %v; want the limit", d, err)
	}
}
