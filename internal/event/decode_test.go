package event

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pixmill/internal/fault"
)

const awsBucket = "amzn-s3-demo-bucket"

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func TestDecode_RecordedDeliveries(t *testing.T) {
	const seq = "0055AED6DCD90281E5"
	queued := func(n int, ms string) ObjectEvent {
		return ObjectEvent{
			Bucket: "in-queue", Key: fmt.Sprintf("q%d.txt", n), Op: OpCreated, Name: "ObjectCreated:Put",
			Time: at("2026-11-23T23:13:27." + ms + "Z"), Size: 5, Sequencer: seq,
		}
	}
	tests := []struct {
		file string
		want ObjectEvent
	}{
		{"localstack/s3-put.json", ObjectEvent{
			Bucket: "in-direct", Key: "a.txt", Op: OpCreated, Name: "ObjectCreated:Put", Time: at("2026-11-23T23:13:17.198Z"),
			ETag: "7caa701b2bd5a182b80c72b9bdf88e2d", Size: 6, Sequencer: seq,
		}},
		{"localstack/s3-put-special-key.json", ObjectEvent{
			Bucket: "in-direct", Key: "bilder/größe 1+1 = 2 & 50%.txt", Op: OpCreated, Name: "ObjectCreated:Put",
			Time: at("2026-11-23T23:13:17.387Z"), ETag: "0bd6506986ec42e732ffb866d33bb14e", Size: 7, Sequencer: seq,
		}},
		{"localstack/s3-copy.json", ObjectEvent{
			Bucket: "in-direct", Key: "copy.txt", Op: OpCreated, Name: "ObjectCreated:Copy", Time: at("2026-11-23T23:13:17.501Z"),
			ETag: "7caa701b2bd5a182b80c72b9bdf88e2d", Size: 6, Sequencer: seq,
		}},
		{"localstack/s3-completemultipartupload.json", ObjectEvent{
			Bucket: "in-direct", Key: "parts.txt", Op: OpCreated, Name: "ObjectCreated:CompleteMultipartUpload",
			Time: at("2026-11-23T23:13:17.649Z"), ETag: "0c62823571cff39c8dddcc6a74e2569f-2", Size: 5242881, Sequencer: seq,
		}},
		{"localstack/s3-delete.json", ObjectEvent{
			Bucket: "in-direct", Key: "copy.txt", Op: OpRemoved, Name: "ObjectRemoved:Delete", Time: at("2026-11-23T23:13:17.824Z"), Sequencer: seq,
		}},
		{"localstack/s3-put-versioned.json", ObjectEvent{
			Bucket: "in-versioned", Key: "v.txt", Op: OpCreated, Name: "ObjectCreated:Put", Time: at("2026-11-23T23:13:18.031Z"),
			VersionID: "AaIKr2rEoS1PPiJqj2phx.uE53w57wx.", ETag: "b8a9f715dbb64fd5c56e7783c6820a61", Size: 3, Sequencer: seq,
		}},
		{"localstack/s3-deletemarkercreated.json", ObjectEvent{
			Bucket: "in-versioned", Key: "v.txt", Op: OpRemoved, Name: "ObjectRemoved:DeleteMarkerCreated", Time: at("2026-11-23T23:13:18.058Z"),
			VersionID: "AaIKr2rFhBaLUMHm1G22Wgwuidkp.40A", ETag: "d41d8cd98f00b204e9800998ecf8427e", Sequencer: seq,
		}},
		{"aws/s3-put.json", ObjectEvent{
			Bucket: awsBucket, Key: "HappyFace.jpg", Op: OpCreated, Name: "ObjectCreated:Put", Time: at("1970-01-01T00:00:00Z"),
			VersionID: "096fKKXTRTtl3on89fVO.nfljtsv6qko", ETag: "d41d8cd98f00b204e9800998ecf8427e", Size: 1024, Sequencer: seq,
		}},
		{"aws/s3-put-space-and-plus.json", ObjectEvent{
			Bucket: awsBucket, Key: "2026/Café terrace 1+1.jpg", Op: OpCreated, Name: "ObjectCreated:Put",
			Time: at("2026-03-01T12:34:56.789Z"), ETag: "d41d8cd98f00b204e9800998ecf8427e", Size: 1024, Sequencer: seq,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			want := Delivery{Envelope: EnvelopeS3, Items: []Item{{Events: []ObjectEvent{tt.want}}}}
			expect(t, load(t, tt.file), want)
		})
	}
	t.Run("localstack/sqs-s3.json", func(t *testing.T) {
		d, err := Decode(load(t, "localstack/sqs-s3.json"))
		if err != nil || d.Envelope != EnvelopeSQS || len(d.Items) != 3 {
			t.Fatalf("got %+v, %v; want three SQS items", d, err)
		}
		last := d.Items[2]
		want := queued(3, "676")
		want.ETag = "a9d1cbf71942327e98b40cf5ef38a960"
		if !slices.Equal(last.Events, []ObjectEvent{want}) || last.MessageID != "6494bacb-da5c-4ad0-8ae6-d85333db6628" || last.Attempt != 1 {
			t.Errorf("last item is %+v; want the event %+v", last, want)
		}
	})
}

func expect(t *testing.T, payload []byte, want Delivery) {
	t.Helper()
	got, err := Decode(payload)
	if err != nil {
		t.Fatal(err)
	}
	if !same(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// same compares two deliveries, their errors by what they say.
func same(a, b Delivery) bool {
	return a.Envelope == b.Envelope && slices.EqualFunc(a.Items, b.Items, func(a, b Item) bool {
		return a.MessageID == b.MessageID && a.GroupID == b.GroupID && a.Attempt == b.Attempt &&
			slices.Equal(a.Inside, b.Inside) && slices.Equal(a.Events, b.Events) && slices.Equal(a.Ignored, b.Ignored) && fmt.Sprint(a.Err) == fmt.Sprint(b.Err)
	})
}

func TestDecode_SeveralRecordsKeepTheirOrderAndReasons(t *testing.T) {
	d, err := Decode(load(t, "aws/s3-many.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Items) != 1 || d.Items[0].Err != nil {
		t.Fatalf("got %+v; want one sound item", d.Items)
	}
	var got []string
	for _, e := range d.Items[0].Events {
		got = append(got, string(e.Op)+" "+e.Key)
	}
	want := []string{"created a.jpg", "created b.jpg", "removed c.jpg", "restored d.jpg"}
	if !slices.Equal(got, want) {
		t.Errorf("events are %q, want %q", got, want)
	}
	ignored := d.Items[0].Ignored
	if len(ignored) != 1 || ignored[0].Reason != IgnoredTagging || !strings.Contains(ignored[0].Detail, "a.jpg") {
		t.Errorf("ignored is %+v, want the tagging of a.jpg", ignored)
	}
}

func TestDecode_UnreadableMessageFailsAlone(t *testing.T) {
	d, err := Decode(load(t, "aws/sqs-batch.json"))
	if err != nil || len(d.Items) != 4 {
		t.Fatalf("got %+v, %v; want four items", d, err)
	}
	two, unreadable, test, direct := d.Items[0], d.Items[1], d.Items[2], d.Items[3]
	if len(two.Events) != 2 || two.Err != nil || two.Attempt != 3 || two.Events[1].Op != OpRemoved {
		t.Errorf("first item is %+v; want two events at the third attempt", two)
	}
	if fault.KindOf(unreadable.Err) != fault.Rejected || unreadable.MessageID != "2e1424d4-f796-459a-8184-9c92662be6da" {
		t.Errorf("second item is %+v; want a Rejected error", unreadable)
	}
	if strings.Contains(unreadable.Err.Error(), "this is not JSON") {
		t.Errorf("the error repeats the body: %v", unreadable.Err)
	}
	if len(test.Events) != 0 || test.Err != nil || test.Ignored[0].Reason != IgnoredTestEvent {
		t.Errorf("third item is %+v; want an ignored test event", test)
	}
	if direct.Events[0].Key != "not%20decoded+at all.jpg" || direct.Events[0].Op != OpDirect {
		t.Errorf("fourth item is %+v; want the direct event with its key as it is", direct)
	}
}

func TestDecode_BadRecordTakesNoOtherWithIt(t *testing.T) {
	good := `{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"good"}}}`
	bad := strings.Replace(good, "good", "bad%zz", 1)
	d, err := Decode([]byte(`{"Records":[` + bad + `,` + good + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	it := d.Items[0]
	if len(it.Events) != 1 || it.Events[0].Key != "good" {
		t.Errorf("events are %+v, want the good one", it.Events)
	}
	if it.Err == nil || !strings.Contains(it.Err.Error(), `record 0: s3.object.key "bad%zz" is not URL-encoded`) {
		t.Errorf("error is %v, want one that names the record and the key", it.Err)
	}
}

func TestDecode_TestEvent(t *testing.T) {
	for _, file := range []string{"aws/s3-testevent.json", "localstack/s3-testevent-in-sqs.json"} {
		d, err := Decode(load(t, file))
		if err != nil || d.Envelope != EnvelopeTest || len(d.Items) != 1 || len(d.Items[0].Events) != 0 ||
			d.Items[0].Ignored[0].Reason != IgnoredTestEvent {
			t.Errorf("%s: got %+v, %v", file, d, err)
		}
	}
}

// With raw message delivery, what came through SNS looks as if it had not.
func TestDecode_RawDeliveryThroughSNS(t *testing.T) {
	d, err := Decode(load(t, "localstack/sqs-sns-raw-s3.json"))
	if err != nil || d.Envelope != EnvelopeSQS || len(d.Items) != 2 {
		t.Fatalf("got %+v, %v; want two messages", d, err)
	}
	test, put := d.Items[0], d.Items[1]
	if test.Err != nil || len(test.Ignored) != 1 || test.Ignored[0].Reason != IgnoredTestEvent {
		t.Errorf("first message is %+v; want a test event", test)
	}
	if put.Err != nil || len(put.Events) != 1 || put.Events[0].Key != "sns.txt" {
		t.Errorf("second message is %+v; want sns.txt", put)
	}
}

func TestDecode_DirectKeyIsNeverDecoded(t *testing.T) {
	want := ObjectEvent{
		Bucket: awsBucket, Key: "100%25+sure.jpg", Op: OpDirect, VersionID: "096fKKXTRTtl3on89fVO.nfljtsv6qko",
	}
	expect(t, load(t, "aws/direct.json"), Delivery{Envelope: EnvelopeDirect, Items: []Item{{Events: []ObjectEvent{want}}}})
}

func TestDecode_GroupsOnlyOfFIFOQueues(t *testing.T) {
	payload := string(load(t, "aws/sqs-fifo.json"))
	group := func(payload string) string {
		d, err := Decode([]byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		return d.Items[1].GroupID
	}
	if g := group(payload); g != "two" {
		t.Errorf("FIFO: group is %q, want two", g)
	}
	if g := group(strings.ReplaceAll(payload, "images.fifo", "images")); g != "" {
		t.Errorf("standard queue: group is %q, want none", g)
	}
}

func TestDecode_RepeatedAndUnknownFieldsAreTolerated(t *testing.T) {
	d, err := Decode([]byte(`{"new":{"x":[1]},"key":"old","bucket":"b","key":"new"}`))
	if err != nil || d.Items[0].Events[0].Key != "new" {
		t.Errorf("got %+v, %v; want the last key", d, err)
	}
	d, err = Decode([]byte(`{"Records":[{"eventSource":"aws:s3","userIdentity":7,"x":null,"eventName":"s3:ObjectRemoved:Delete",
		"responseElements":"?","s3":{"bucket":{"name":"b","arn":1},"object":{"key":"k","extra":true}}}]}`))
	if err != nil || d.Items[0].Err != nil || d.Items[0].Events[0].Name != "ObjectRemoved:Delete" {
		t.Errorf("got %+v, %v; want the event", d, err)
	}
}
