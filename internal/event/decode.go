package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"pixmill/internal/fault"
)

const (
	// MaxPayloadBytes is the largest payload that is looked at; Lambda itself
	// delivers no more than 6 MiB and a little.
	MaxPayloadBytes = 8 << 20
	// MaxRecords is the most entries of one "Records"; SQS's largest batch.
	MaxRecords = 10_000
	// MaxDepth is how many envelopes may stand in each other. The longest way that
	// AWS offers has five: SQS, SNS, EventBridge, a destination's record, S3. It
	// also ends the circle of a function that is its own destination on success.
	MaxDepth = 6
)

// format is one form that a notification comes in: how it is recognised and
// how it is read. Each has a file of its own.
type format struct {
	envelope Envelope
	looksFor string // for people, when nothing fits
	fits     func(object) bool
	read     func(o object, depth int) ([]Item, error)
}

// delivered lists what an invocation may carry, quoted what may also stand
// inside another envelope: SQS and HTTP end at the function.
func delivered() []format { return append(quoted(), sqsFormat(), httpFormat()) }

func quoted() []format {
	return []format{
		cloudEventFormat(), s3Format(), testFormat(), snsFormat(), snsMessageFormat(),
		eventBridgeFormat(), destinationFormat(), directFormat(),
	}
}

// Decode reads one invocation's payload. Fields that it does not know are
// passed over. The error is Rejected and says what was looked for and what was
// seen; it shows names of fields, and keys that cannot be decoded, but no other
// content. What can be told item by item is in Item.Err instead.
func Decode(payload []byte) (Delivery, error) {
	d, err := decode(payload)
	if err != nil {
		return Delivery{}, fault.New(fault.Rejected, "decode event", "", err)
	}
	return d, nil
}

func decode(payload []byte) (Delivery, error) {
	if n := len(payload); n > MaxPayloadBytes {
		return Delivery{}, tooLong(n)
	}
	if events, ok := isBatch(payload); ok {
		items, err := readBatch(events)
		return Delivery{Envelope: EnvelopeCloudEvent, Items: items}, err
	}
	f, items, err := decodeAs(delivered(), payload, 1)
	return Delivery{Envelope: f.envelope, Items: items}, err
}

func tooLong(n int) error {
	return &fault.LimitError{Field: "payload", Limit: MaxPayloadBytes, Value: int64(n), Unit: "bytes"}
}

func tooMany(field string, n int) error {
	return &fault.LimitError{Field: field, Limit: MaxRecords, Value: int64(n), Unit: "records"}
}

// decodeAs reads text in the first of the formats that fits; depth counts the
// envelopes from the outside, from 1.
func decodeAs(formats []format, text []byte, depth int) (format, []Item, error) {
	if depth > MaxDepth {
		return format{}, nil, &fault.LimitError{Field: "nesting", Limit: MaxDepth, Value: int64(depth), Unit: "envelopes"}
	}
	if n := len(text); n > MaxPayloadBytes {
		return format{}, nil, tooLong(n)
	}
	o, err := parseObject(text)
	if err != nil {
		return format{}, nil, fmt.Errorf("looked for %s; saw %w", lookedFor(formats), err)
	}
	for _, f := range formats {
		if f.fits(o) {
			items, err := f.read(o, depth)
			return f, items, err
		}
	}
	return format{}, nil, fmt.Errorf("looked for %s; saw %s", lookedFor(formats), o)
}

// unwrap reads text that stands inside an item's envelope, and enters what is in
// it. The error is of what could not be read; what could be is entered all the same.
func (it *Item) unwrap(formats []format, text []byte, depth int) error {
	f, inner, err := decodeAs(formats, text, depth+1)
	if err != nil {
		return err
	}
	var bad []error
	for _, in := range inner {
		it.Events = append(it.Events, in.Events...)
		it.Ignored = append(it.Ignored, in.Ignored...)
		if in.Err != nil {
			bad = append(bad, in.Err)
		}
		if it.Inside == nil {
			it.Inside = append([]Envelope{f.envelope}, in.Inside...)
		}
	}
	return join(1, bad...)
}

func lookedFor(formats []format) string {
	var names []string
	for _, f := range formats {
		names = append(names, f.looksFor)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// object is a JSON object whose values have not been read yet.
type object struct {
	text    []byte
	fields  map[string]json.RawMessage // a repeated name: the last one
	records []json.RawMessage          // "Records", where that is an array
	source  string                     // eventSource of the first record
}

// parseObject reads the outermost layer. The error completes "saw …".
func parseObject(text []byte) (object, error) {
	if !utf8.Valid(text) {
		return object{}, errors.New("text that is not UTF-8")
	}
	o := object{text: text}
	if err := json.Unmarshal(text, &o.fields); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			return object{}, fmt.Errorf("%d bytes that are not JSON: %w at byte %d", len(text), syntax, syntax.Offset)
		}
		return object{}, errors.New(kindOfJSON(text))
	}
	if o.fields == nil {
		return object{}, errors.New("null")
	}
	o.records, o.source = peek(o.fields["Records"])
	return o, nil
}

// peek splits "Records" and reads the first one's eventSource; of what is no
// array, and of what has no such field, it makes nothing.
func peek(raw json.RawMessage) (records []json.RawMessage, source string) {
	if json.Unmarshal(raw, &records) != nil || len(records) == 0 {
		return nil, ""
	}
	var first struct {
		EventSource string `json:"eventSource"` // SNS has it with a capital E; the match ignores case
	}
	if json.Unmarshal(records[0], &first) != nil {
		return records, ""
	}
	return records, first.EventSource
}

func (o object) has(field string) bool { _, ok := o.fields[field]; return ok }

// checkedRecords returns the records unless they are too many.
func (o object) checkedRecords() ([]json.RawMessage, error) {
	if n := len(o.records); n > MaxRecords {
		return nil, tooMany("Records", n)
	}
	return o.records, nil
}

// String says what an object looks like, by the names in it only.
func (o object) String() string {
	if len(o.records) > 0 {
		return fmt.Sprintf("%d Records, the first with eventSource %s", len(o.records), quote(o.source))
	}
	if o.has("Records") {
		return `"Records" without any record`
	}
	if len(o.fields) == 0 {
		return "an empty object"
	}
	const most = 8
	var names []string
	for name := range o.fields {
		names = append(names, quote(name))
	}
	slices.Sort(names)
	more := ""
	if n := len(names) - most; n > 0 {
		names, more = names[:most], fmt.Sprintf(" and %d more", n)
	}
	return "an object with " + strings.Join(names, ", ") + more
}

// kindOfJSON names the type of a JSON value that is no object.
func kindOfJSON(text []byte) string {
	text = bytes.TrimLeft(text, " \t\r\n")
	switch {
	case bytes.HasPrefix(text, []byte("[")):
		return "an array"
	case bytes.HasPrefix(text, []byte(`"`)):
		return "a string"
	case bytes.HasPrefix(text, []byte("t")), bytes.HasPrefix(text, []byte("f")):
		return "a boolean"
	}
	return "a number"
}
