// Package event turns every envelope in which a bucket's notification arrives
// into []ObjectEvent. It decides nothing about the object itself: an event only
// says which object may have changed. It verifies no signature: who may invoke
// the function or write to its queue is a matter of permissions.
package event

import "time"

// Op is what an event says happened; it is shown, never trusted.
type Op string

// What an event can say.
const (
	OpCreated  Op = "created"
	OpRemoved  Op = "removed"
	OpRestored Op = "restored" // ObjectRestore:Completed
	OpDirect   Op = "direct"   // somebody asked for this object: {bucket, key}
)

// ObjectEvent says that one object may have changed.
type ObjectEvent struct {
	Bucket string
	Key    string // decoded exactly once
	// Alternative is the other key that the event may mean, empty where there is
	// none: it is to be handled as a source of its own if Key names no source.
	Alternative string

	Op        Op
	Name      string    // the event's own name: "ObjectCreated:Put", "Object Created"
	Detail    string    // what else the event says of the change, for people
	Time      time.Time // zero where the event has none
	VersionID string
	ETag      string // without quotes
	Size      int64  // bytes; 0 where the event has none
	Sequencer string // hex; recorded and shown, never a reason to skip
}

// Ignored is a record that asks for no work.
type Ignored struct {
	Reason string // one of the Ignored constants: a metric's label
	Detail string // for people
}

// Item is what succeeds or fails as one: a message of a queue, or all of a
// delivery that did not come from a queue.
type Item struct {
	MessageID string     // SQS's, or a CloudEvent's id; empty elsewhere
	GroupID   string     // FIFO queues only: a standard queue's groups say nothing of order
	Attempt   int        // SQS's ApproximateReceiveCount, 1 the first time; 0 elsewhere
	Inside    []Envelope // what stood in the delivery's envelope, from the outside in; often nothing
	Events    []ObjectEvent
	Ignored   []Ignored
	Err       error // something in the item could not be decoded: Rejected; what could be is in Events
}

// Envelope names a form in which events come. Each has a file of its own.
type Envelope string

// The envelopes that Decode knows.
const (
	EnvelopeS3          Envelope = "s3"
	EnvelopeSQS         Envelope = "sqs"
	EnvelopeSNS         Envelope = "sns"
	EnvelopeEventBridge Envelope = "eventbridge"
	EnvelopeDestination Envelope = "destination" // what Lambda tells of another invocation
	EnvelopeDirect      Envelope = "direct"
	EnvelopeTest        Envelope = "s3-test-event"
	EnvelopeCloudEvent  Envelope = "cloudevent"
	EnvelopeHTTP        Envelope = "http" // no event at all: a request for the gateway
)

// Delivery is one invocation's payload.
type Delivery struct {
	Envelope Envelope // the outermost
	Items    []Item
}
