package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pixmill/internal/fault"
)

// one is a delivery with one item that holds one event.
func one(envelope Envelope, inside []Envelope, e ObjectEvent) Delivery {
	return Delivery{Envelope: envelope, Items: []Item{{Inside: inside, Events: []ObjectEvent{e}}}}
}

func TestDecode_EventsThroughSNS(t *testing.T) {
	put := ObjectEvent{
		Bucket: "in-topic", Key: "sns.txt", Op: OpCreated, Name: "ObjectCreated:Put", Time: at("2026-11-23T23:13:38.859Z"),
		ETag: "9d9b68ac2b1de18d3712096354b3c3a5", Size: 5, Sequencer: "0055AED6DCD90281E5",
	}
	expect(t, load(t, "localstack/sns-s3.json"), one(EnvelopeSNS, []Envelope{EnvelopeS3}, put))
	queued := one(EnvelopeSQS, []Envelope{EnvelopeSNS, EnvelopeS3}, put)
	queued.Items[0].MessageID, queued.Items[0].Attempt = "00d51b64-6ddc-4046-a3a0-3c5ff9310f2e", 1
	expect(t, load(t, "localstack/sqs-sns-s3.json"), queued)
}

func TestDecode_EventBridge(t *testing.T) {
	const recorded, documented = "0062E99A88DC407460", "617f08299329d189"
	tests := []struct {
		file     string
		envelope Envelope
		inside   []Envelope
		want     ObjectEvent
	}{
		{"localstack/eventbridge-object-created.json", EnvelopeEventBridge, nil, ObjectEvent{
			Bucket: "in-bridge", Key: "bridge.txt", Op: OpCreated, Name: "Object Created", Detail: "PutObject",
			Time: at("2026-11-23T23:13:41Z"), ETag: "98ac6b4b086b5a2f47677b15e786d9ba", Size: 6, Sequencer: recorded,
		}},
		{"localstack/eventbridge-object-created-special-key.json", EnvelopeEventBridge, nil, ObjectEvent{
			Bucket: "in-bridge", Key: "bilder/gr%C3%B6%C3%9Fe%201%2B1%20%3D%202%20%26%2050%25.txt",
			Alternative: "bilder/größe 1+1 = 2 & 50%.txt", Op: OpCreated, Name: "Object Created", Detail: "PutObject",
			Time: at("2026-11-23T23:13:41Z"), ETag: "98ac6b4b086b5a2f47677b15e786d9ba", Size: 6, Sequencer: recorded,
		}},
		{"localstack/eventbridge-object-deleted.json", EnvelopeEventBridge, nil, ObjectEvent{
			Bucket: "in-bridge", Key: "bridge.txt", Op: OpRemoved, Name: "Object Deleted", Detail: "DeleteObject, Permanently Deleted",
			Time: at("2026-11-23T23:13:41Z"), Sequencer: recorded,
		}},
		{"aws/eventbridge-created-special-key.json", EnvelopeEventBridge, nil, ObjectEvent{
			Bucket: awsBucket, Key: "2026/Café terrace 1+1 100%.jpg", Op: OpCreated, Name: "Object Created", Detail: "CopyObject",
			Time: at("2026-11-12T00:00:00Z"), VersionID: "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e", ETag: "b1946ac92492d2347c6235b4d2611184",
			Size: 5, Sequencer: documented,
		}},
		{"aws/eventbridge-deleted-lifecycle.json", EnvelopeEventBridge, nil, ObjectEvent{
			Bucket: awsBucket, Key: "a.jpg", Op: OpRemoved, Name: "Object Deleted", Detail: "Lifecycle Expiration, Delete Marker Created",
			Time: at("2026-11-12T00:00:00Z"), VersionID: "1QW9g1Z99LUNbvaaYVpW9xDlOLU.qxgF", ETag: "d41d8cd98f00b204e9800998ecf8427e",
			Sequencer: "617b398000000000",
		}},
		{"aws/eventbridge-restore-completed.json", EnvelopeEventBridge, nil, ObjectEvent{
			Bucket: awsBucket, Key: "a.jpg", Op: OpRestored, Name: "Object Restore Completed", Time: at("2026-11-12T00:00:00Z"),
			VersionID: "1QW9g1Z99LUNbvaaYVpW9xDlOLU.qxgF", ETag: "98ac6b4b086b5a2f47677b15e786d9ba", Size: 6,
		}},
		{"aws/sns-eventbridge.json", EnvelopeSNS, []Envelope{EnvelopeEventBridge}, ObjectEvent{
			Bucket: awsBucket, Key: "a.jpg", Op: OpCreated, Name: "Object Created", Detail: "PutObject",
			Time: at("2026-11-12T00:00:00Z"), ETag: "b1946ac92492d2347c6235b4d2611184", Size: 5, Sequencer: documented,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) { expect(t, load(t, tt.file), one(tt.envelope, tt.inside, tt.want)) })
	}
}

func TestDecode_EventBridgeIgnoresWithAReason(t *testing.T) {
	d, err := Decode(load(t, "aws/eventbridge-tags-added.json"))
	if err != nil || len(d.Items) != 1 || len(d.Items[0].Events) != 0 || d.Items[0].Err != nil {
		t.Fatalf("got %+v, %v; want nothing to do", d, err)
	}
	if ig := d.Items[0].Ignored; len(ig) != 1 || ig[0].Reason != IgnoredTagging || !strings.Contains(ig[0].Detail, "a.jpg") {
		t.Errorf("ignored is %+v, want the tagging of a.jpg", ig)
	}
}

// A rule's target may be a queue; a FIFO queue keeps the order of its group.
func TestDecode_EventBridgeThroughQueues(t *testing.T) {
	d, err := Decode(load(t, "aws/sqs-fifo-eventbridge.json"))
	if err != nil || d.Envelope != EnvelopeSQS || len(d.Items) != 3 {
		t.Fatalf("got %+v, %v; want three messages", d, err)
	}
	for i, it := range d.Items {
		key := []string{"a.jpg", "b.jpg", "c.jpg"}[i]
		if it.GroupID != "images" || it.Err != nil || len(it.Events) != 1 || it.Events[0].Key != key || !slices.Equal(it.Inside, []Envelope{EnvelopeEventBridge}) {
			t.Errorf("message %d is %+v, want group images and %s", i, it, key)
		}
	}
	standard := bytes.ReplaceAll(load(t, "aws/sqs-fifo-eventbridge.json"), []byte("images.fifo"), []byte("images"))
	if d, err = Decode(standard); err != nil || d.Items[0].GroupID != "" || d.Items[0].Events[0].Key != "a.jpg" {
		t.Errorf("standard queue: got %+v, %v", d, err)
	}
}

func TestDecode_RecordsForDestinations(t *testing.T) {
	failed := ObjectEvent{
		Bucket: "in-failing", Key: "poison.txt", Op: OpCreated, Name: "ObjectCreated:Put", Time: at("2026-11-23T23:13:19.785Z"),
		ETag: "9dd4e461268c8034f5c8564e155c67a6", Size: 1, Sequencer: "0055AED6DCD90281E5",
	}
	expect(t, load(t, "localstack/lambda-destination-failure.json"), one(EnvelopeDestination, []Envelope{EnvelopeS3}, failed))
	for file, want := range map[string]Delivery{
		"aws/destination-success.json":             {Envelope: EnvelopeDestination, Items: []Item{{Inside: []Envelope{EnvelopeS3}}}},
		"aws/eventbridge-destination-success.json": {Envelope: EnvelopeEventBridge, Items: []Item{{Inside: []Envelope{EnvelopeDestination, EnvelopeS3}}}},
		"aws/sqs-sns-eventbridge-destination.json": {Envelope: EnvelopeSQS, Items: []Item{{Inside: []Envelope{EnvelopeSNS, EnvelopeEventBridge, EnvelopeDestination, EnvelopeS3}}}},
	} {
		d, err := Decode(load(t, file))
		if err != nil || d.Envelope != want.Envelope || len(d.Items) != 1 || !slices.Equal(d.Items[0].Inside, want.Items[0].Inside) {
			t.Errorf("%s: got %+v, %v; want %s around %s", file, d, err, want.Envelope, want.Items[0].Inside)
			continue
		}
		if it := d.Items[0]; it.Err != nil || len(it.Events) != 1 || it.Events[0].Key != "HappyFace.jpg" {
			t.Errorf("%s: item is %+v, want the event of HappyFace.jpg", file, it)
		}
	}
}

// A function that is its own destination would wrap its last record for ever.
func TestDecode_NestingIsBounded(t *testing.T) {
	payload := string(load(t, "aws/direct.json"))
	for depth := 2; depth <= MaxDepth+1; depth++ {
		payload = `{"requestContext":{"requestId":"r"},"requestPayload":` + payload + `}`
		d, err := Decode([]byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		it := d.Items[0]
		if depth <= MaxDepth && (it.Err != nil || len(it.Events) != 1 || len(it.Inside) != depth-1) {
			t.Errorf("depth %d: got %+v, want the event", depth, it)
		}
		if depth > MaxDepth && (fault.KindOf(it.Err) != fault.Rejected || !strings.Contains(fmt.Sprint(it.Err), "nesting is 7 envelopes, over the limit of 6 envelopes")) {
			t.Errorf("depth %d: error is %v", depth, it.Err)
		}
	}
}

func TestDecode_EnvelopesWhoseContentCannotBeRead(t *testing.T) {
	bridge := func(source, detail string) string {
		return `{"detail-type":"Object Created","source":"` + source + `","time":"2026-11-12T00:00:00Z","detail":` + detail + `}`
	}
	inSNS := func(text string) string {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		return `{"Records":[{"EventSource":"aws:sns","Sns":{"Message":` + string(quoted) + `}}]}`
	}
	tests := []struct {
		name, payload, want string
	}{
		{"SNS, text", inSNS("Hello"), "decode SNS event: rejected: record 0: Message: looked for a CloudEvent, Records of S3"},
		{"SNS, HTTP inside", inSNS(`{"version":"2.0","requestContext":{"http":{}}}`), `saw an object with "requestContext", "version"`},
		{"SNS, message of another kind", `{"Records":[{"EventSource":"aws:sns","Sns":{"Message":{}}}]}`, "Sns.Message holds a object where a string belongs"},
		{"SNS, several", strings.Replace(inSNS("a"), "]}", `,{"EventSource":"aws:sns"},{}]}`, 1), "; and 2 more"},
		{"SNS, unconfirmed", `{"Type":"SubscriptionConfirmation","TopicArn":"t","Message":"You have chosen","MessageId":"m"}`, `decode SNS message "m": rejected: Type is "SubscriptionConfirmation"`},
		{"EventBridge, another source", bridge("aws.ec2", "{}"), `source is "aws.ec2": only aws.s3 and lambda are understood`},
		{"EventBridge, no object", bridge("aws.s3", "[]"), "detail: the record is an array, not an object"},
		{"EventBridge, no bucket", bridge("aws.s3", `{"object":{"key":"k"}}`), "detail.bucket.name is empty"},
		{"EventBridge, no key", bridge("aws.s3", `{"bucket":{"name":"b"}}`), "detail.object.key is empty"},
		{"EventBridge, no time", strings.Replace(bridge("aws.s3", `{"bucket":{"name":"b"},"object":{"key":"k"}}`), "2026", "anno", 1), `time "anno-11-12T00:00:00Z" is not RFC 3339`},
		{"EventBridge of Lambda, no record", bridge("lambda", `{}`), "saw an empty object"},
		{"destination, text", `{"requestContext":{"requestId":"r"},"requestPayload":"hidden"}`, `decode record of request "r": rejected: requestPayload: looked for a CloudEvent, Records of S3`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Decode([]byte(tt.payload))
			if err != nil {
				t.Fatal(err)
			}
			got := d.Items[0].Err
			if fault.KindOf(got) != fault.Rejected || !strings.Contains(fmt.Sprint(got), tt.want) || strings.Contains(fmt.Sprint(got), "hidden") {
				t.Errorf("error is\n%v\nwant a rejected one that contains\n%s", got, tt.want)
			}
		})
	}
}

func TestDecode_AlternativeKeys(t *testing.T) {
	for key, want := range map[string]string{
		"a+b.jpg":                            "", // LocalStack writes a plus sign as %2B
		"50%.jpg":                            "", // not percent-encoded
		"a%20b%2Bc.jpg":                      "a b+c.jpg",
		"a%2520b.jpg":                        "a%20b.jpg", // once
		"a%ff.jpg":                           "",          // no key
		strings.Repeat("%41", maxKeyBytes/3): strings.Repeat("A", maxKeyBytes/3),
	} {
		if got := decodedKey(key); got != want {
			t.Errorf("alternative of %q is %q, want %q", key, got, want)
		}
	}
}
