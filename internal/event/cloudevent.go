package event

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"strings"
	"time"
)

// cloudEvent is an event of CloudEvents 1.0, as far as it is read: its attributes
// are those of the specification.
//
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
type cloudEvent struct {
	ID              string
	Source          string
	Type            string
	Subject         string
	DataContentType string
	Time            time.Time // zero where the event has none
	Data            []byte    // as it is, without base64; nil where there is none

	otherSubject string // what Subject may mean instead, empty where that is nothing
}

// The types that are known. Of any other, the data says what the event is.
const (
	// TypeProcessed is what Pixmill itself answers: that one came back asks for no work.
	TypeProcessed = "dev.pixmill.image.processed"
	// TypeFuncInvoke is what `func invoke` sends when it is not told otherwise.
	//
	// https://github.com/knative/func/blob/main/docs/reference/func_invoke.md
	TypeFuncInvoke = "boson.fn"
	// typeCamelS3 comes from the Kamelet aws-s3-source, of Camel K, with the data type
	// application-cloudevents: the data is the object's content, the bucket is in the
	// source, the key is the subject.
	//
	// https://knative.dev/blog/articles/consuming_s3_data_with_knative/
	typeCamelS3 = "org.apache.camel.event.aws.s3.getObject"
	camelBucket = "aws.s3.bucket."
	// typeKnativeS3 comes from a Knative IntegrationSource on a bucket, and from older
	// ones typeKnativeS3Old. The data is the object's content, and nothing
	// says which object it was. An IntegrationSource on a queue passes on what S3 wrote.
	//
	// https://github.com/knative-extensions/eventing-integrations
	typeKnativeS3    = "dev.knative.eventing.aws-s3"
	typeKnativeS3Old = "dev.knative.connector.event.aws-s3"
)

// cloudEventFormat is an event in structured mode: {"specversion": "1.0", "type": "…", "data": {…}}.
// Its extensions may have any name, so it is looked for before all others.
//
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
func cloudEventFormat() format {
	return format{
		envelope: EnvelopeCloudEvent,
		looksFor: "a CloudEvent",
		fits:     func(o object) bool { return o.has("specversion") },
		read:     readCloudEvent,
	}
}

// s3RecordFormat is one record of S3 alone. TriggerMesh's AWSS3Source has it as data, and
// what CloudEvents' own adapter for S3 calls "S3 event" may be one as well.
//
// https://github.com/cloudevents/spec/blob/main/cloudevents/adapters/aws-s3.md
// https://github.com/triggermesh/triggermesh (pkg/sources/adapter/awssqssource)
func s3RecordFormat() format {
	return format{
		envelope: EnvelopeS3,
		looksFor: "a record of S3",
		fits:     func(o object) bool { return o.has("eventSource") && o.has("s3") },
		read: func(o object, _ int) ([]Item, error) {
			var item Item
			item.Err = rejected("decode S3 record", "", item.addS3(o.text))
			return []Item{item}, nil
		},
	}
}

// DecodeCloudEventHeaders reads an event in HTTP's binary mode; header returns the
// value of a header by its name, empty where there is none. data is called for the
// body only where that says something: an object's content does not. The error is
// data's, or Rejected.
//
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
func DecodeCloudEventHeaders(header func(string) string, data func() ([]byte, error)) (Delivery, error) {
	e := cloudEvent{
		ID:              headerValue(header("ce-id")),
		Source:          headerValue(header("ce-source")),
		Type:            headerValue(header("ce-type")),
		Subject:         headerValue(header("ce-subject")),
		DataContentType: header("content-type"),
	}
	if raw := header("ce-subject"); raw != e.Subject {
		e.otherSubject = raw // not every sender encodes what the binding says is encoded
	}
	err := e.check(headerValue(header("ce-specversion")))
	if t := header("ce-time"); t != "" && err == nil {
		e.Time, err = parseTime(headerValue(t))
	}
	if err != nil {
		return Delivery{}, rejected("decode event", e.ID, err)
	}
	if e.needsData() {
		if e.Data, err = data(); err != nil {
			return Delivery{}, err
		}
	}
	return Delivery{Envelope: EnvelopeCloudEvent, Items: []Item{e.item(1)}}, nil
}

// headerValue undoes the percent-encoding of a header; what is not encoded is as it is.
func headerValue(v string) string {
	if plain, err := url.PathUnescape(v); err == nil {
		return plain
	}
	return v
}

func parseTime(t string) (time.Time, error) {
	when, err := time.Parse(time.RFC3339, t)
	if err != nil {
		return time.Time{}, fmt.Errorf("time %s is not RFC 3339", quote(t))
	}
	return when.UTC(), nil
}

// isBatch reports whether text is events in batched mode: an array of objects with a
// specversion. An empty one is a batch, too.
func isBatch(text []byte) ([]json.RawMessage, bool) {
	if !bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("[")) {
		return nil, false
	}
	var events []json.RawMessage
	if json.Unmarshal(text, &events) != nil {
		return nil, false
	}
	for _, e := range events {
		if o, err := parseObject(e); err != nil || !o.has("specversion") {
			return nil, false
		}
	}
	return events, true
}

// readBatch makes an item of each event; an unreadable one fails alone.
func readBatch(events []json.RawMessage) ([]Item, error) {
	if n := len(events); n > MaxRecords {
		return nil, tooMany("events", n)
	}
	if len(events) == 0 {
		return []Item{{Ignored: []Ignored{{Reason: IgnoredEmptyBatch, Detail: "a batch without events"}}}}, nil
	}
	items := make([]Item, 0, len(events))
	for _, text := range events {
		o, err := parseObject(text)
		if err != nil {
			return nil, err
		}
		one, err := readCloudEvent(o, 1)
		if err != nil {
			one = []Item{{Err: rejected("decode event", "", err)}}
		}
		items = append(items, one...)
	}
	return items, nil
}

// cloudEventJSON is an event in structured mode.
type cloudEventJSON struct {
	SpecVersion string          `json:"specversion"`
	ID          string          `json:"id"`
	Source      string          `json:"source"`
	Type        string          `json:"type"`
	Subject     string          `json:"subject"`
	ContentType string          `json:"datacontenttype"`
	Time        string          `json:"time"`
	Data        json.RawMessage `json:"data"`
	DataBase64  string          `json:"data_base64"`
}

func readCloudEvent(o object, depth int) ([]Item, error) {
	var j cloudEventJSON
	if err := readRecord(o.text, &j); err != nil {
		return nil, err
	}
	e := cloudEvent{ID: j.ID, Source: j.Source, Type: j.Type, Subject: j.Subject, DataContentType: j.ContentType, Data: j.Data}
	if err := e.check(j.SpecVersion); err != nil {
		return nil, err
	}
	var err error
	if j.Time != "" {
		if e.Time, err = parseTime(j.Time); err != nil {
			return nil, err
		}
	}
	if j.DataBase64 != "" {
		if e.Data, err = base64.StdEncoding.DecodeString(j.DataBase64); err != nil {
			return nil, errors.New("data_base64 is not base64")
		}
	}
	return []Item{e.item(depth)}, nil
}

// check refuses an event without the attributes that every event has.
func (e *cloudEvent) check(version string) error {
	if version != "1.0" {
		return fmt.Errorf("specversion is %s: only 1.0 is understood", quote(version))
	}
	for _, a := range []struct{ name, value string }{{"id", e.ID}, {"source", e.Source}, {"type", e.Type}} {
		if a.value == "" {
			return fmt.Errorf("%s of the CloudEvent is empty", a.name)
		}
	}
	return nil
}

// needsData reports whether more than the attributes is looked at.
func (e *cloudEvent) needsData() bool {
	switch e.Type {
	case typeCamelS3, typeKnativeS3, typeKnativeS3Old, TypeProcessed:
		return false
	}
	return true
}

// item is what the event names.
func (e *cloudEvent) item(depth int) Item {
	item := Item{MessageID: e.ID}
	var err error
	switch e.Type {
	case TypeProcessed:
		item.ignore(IgnoredOwn, "Pixmill's own answer came back: filter it out")
	case typeCamelS3:
		err = item.addCamel(e)
	case typeKnativeS3, typeKnativeS3Old:
		err = fmt.Errorf("type %s carries an object's content and does not say which object it is: let the source read the queue of the bucket's notifications", quote(e.Type))
	default:
		err = item.addData(e, depth)
	}
	item.Err = rejected("decode CloudEvent", e.ID, err)
	return item
}

func (it *Item) ignore(reason, detail string) {
	it.Ignored = append(it.Ignored, Ignored{Reason: reason, Detail: detail})
}

func (it *Item) addCamel(e *cloudEvent) error {
	bucket, ok := strings.CutPrefix(e.Source, camelBucket)
	if !ok || bucket == "" {
		return fmt.Errorf("source is %s: want %s and a bucket's name", quote(e.Source), quote(camelBucket))
	}
	if i := strings.LastIndexByte(bucket, ':'); i >= 0 {
		bucket = bucket[i+1:] // the Kamelet takes an ARN, too
	}
	if err := checkKey(e.Subject); err != nil {
		return fmt.Errorf("subject: %w", err)
	}
	ev := ObjectEvent{Bucket: bucket, Key: e.Subject, Op: OpCreated, Name: e.Type, Time: e.Time}
	if e.otherSubject != "" && checkKey(e.otherSubject) == nil {
		ev.Alternative = e.otherSubject
	}
	it.Events = append(it.Events, ev)
	return nil
}

// addData enters what the data says, which may be any envelope. What `func invoke`
// says when nobody told it what to say is no event.
func (it *Item) addData(e *cloudEvent, depth int) error {
	if e.Type == TypeFuncInvoke && !e.looksLikeEvent() {
		it.ignore(IgnoredFuncInvoke, "func invoke without an event: give it one with --data, such as "+`{"bucket":"uploads","key":"a.jpg"}`)
		return nil
	}
	data := e.Data
	var text string
	if json.Unmarshal(data, &text) == nil { // JSON in a string, or null
		data = []byte(text)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return errors.New("the CloudEvent has no data")
	}
	if err := it.unwrap(append(quoted(), s3RecordFormat(), sqsFormat()), data, depth); err != nil {
		return fmt.Errorf("data%s: %w", e.kindOfData(), err)
	}
	return nil
}

// looksLikeEvent tells the data of a `func invoke` that somebody filled in from {"message": "Hello World"}.
func (e *cloudEvent) looksLikeEvent() bool {
	o, err := parseObject(e.Data)
	return err == nil && !(len(o.fields) == 1 && o.has("message"))
}

// kindOfData says what the data is where that is not JSON.
func (e *cloudEvent) kindOfData() string {
	if t, _, err := mime.ParseMediaType(e.DataContentType); err == nil && t != "application/json" {
		return " of type " + quote(t)
	}
	return ""
}
