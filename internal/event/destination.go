package event

import (
	"encoding/json"
	"fmt"
)

// destinationFormat is what Lambda sends to the destination of an asynchronous
// invocation, failed or not: {"requestContext": {…}, "requestPayload": {…}, "responsePayload": …}.
// The payload of that invocation is an event like any other, which this function
// handles. A function must not be its own destination: each turn puts the record
// of the last into a new one, until MaxDepth refuses it. On failure it would come
// back even then.
func destinationFormat() format {
	return format{
		envelope: EnvelopeDestination,
		looksFor: "a record for a destination",
		fits:     func(o object) bool { return o.has("requestPayload") && o.has("requestContext") },
		read:     readDestination,
	}
}

// destinationRecord is what is read of it.
//
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
type destinationRecord struct {
	RequestContext struct {
		RequestID string `json:"requestId"`
	} `json:"requestContext"`
	RequestPayload json.RawMessage `json:"requestPayload"`
}

func readDestination(o object, depth int) ([]Item, error) {
	var r destinationRecord
	if err := readRecord(o.text, &r); err != nil {
		return nil, err
	}
	var item Item
	if err := item.unwrap(append(quoted(), sqsFormat()), r.RequestPayload, depth); err != nil {
		item.Err = rejected("decode record of request", r.RequestContext.RequestID, fmt.Errorf("requestPayload: %w", err))
	}
	return []Item{item}, nil
}
