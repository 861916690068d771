package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// eventBridgeFormat is an event of EventBridge, as its rules deliver it to a
// function, a queue or a topic: {"detail-type": "Object Created", "source": "aws.s3", "detail": {…}}.
func eventBridgeFormat() format {
	return format{
		envelope: EnvelopeEventBridge,
		looksFor: "an EventBridge event",
		fits:     func(o object) bool { return o.has("detail-type") && o.has("detail") },
		read:     readEventBridge,
	}
}

// bridgeEvent is an event of any source.
//
// https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
type bridgeEvent struct {
	DetailType string `json:"detail-type"`
	Source     string `json:"source"`
	Time       string `json:"time"`
	Detail     json.RawMessage
}

// bridgeDetail is what S3 says in it.
//
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
type bridgeDetail struct {
	Bucket struct {
		Name string `json:"name"`
	} `json:"bucket"`
	Object struct {
		Key       string `json:"key"` // as it is; LocalStack percent-encodes it
		Size      int64  `json:"size"`
		ETag      string `json:"etag"`
		VersionID string `json:"version-id"`
		Sequencer string `json:"sequencer"`
	} `json:"object"`
	Reason       string `json:"reason"`        // the call, or "Lifecycle Expiration"
	DeletionType string `json:"deletion-type"` // "Permanently Deleted" or "Delete Marker Created"
}

// readEventBridge reads events of S3, and those in which Lambda tells the
// default destination of another function how an invocation ended.
func readEventBridge(o object, depth int) ([]Item, error) {
	var e bridgeEvent
	if err := readRecord(o.text, &e); err != nil {
		return nil, err
	}
	var item Item
	var err error
	switch e.Source {
	case "aws.s3":
		err = item.addBridge(e)
	case "lambda":
		err = item.unwrap([]format{destinationFormat()}, e.Detail, depth)
	default:
		err = fmt.Errorf("source is %s: only aws.s3 and lambda are understood", quote(e.Source))
	}
	item.Err = rejected("decode EventBridge event", "", err)
	return []Item{item}, nil
}

func (it *Item) addBridge(e bridgeEvent) error {
	var d bridgeDetail
	if err := readRecord(e.Detail, &d); err != nil {
		return fmt.Errorf("detail: %w", err)
	}
	op, ignored := NameToOp(e.DetailType)
	if ignored != "" {
		it.Ignored = append(it.Ignored, Ignored{
			Reason: ignored,
			Detail: fmt.Sprintf("%s of %s in bucket %s", quote(e.DetailType), quote(d.Object.Key), quote(d.Bucket.Name)),
		})
		return nil
	}
	ev, err := d.objectEvent(op, e)
	if err != nil {
		return err
	}
	it.Events = append(it.Events, ev)
	return nil
}

func (d *bridgeDetail) objectEvent(op Op, e bridgeEvent) (ObjectEvent, error) {
	if d.Bucket.Name == "" {
		return ObjectEvent{}, errors.New("detail.bucket.name is empty")
	}
	if err := checkKey(d.Object.Key); err != nil {
		return ObjectEvent{}, fmt.Errorf("detail.object.%w", err)
	}
	var when time.Time
	if e.Time != "" {
		var err error
		if when, err = time.Parse(time.RFC3339, e.Time); err != nil {
			return ObjectEvent{}, fmt.Errorf("time %s is not RFC 3339", quote(e.Time))
		}
	}
	return ObjectEvent{
		Bucket:      d.Bucket.Name,
		Key:         d.Object.Key,
		Alternative: decodedKey(d.Object.Key),
		Op:          op,
		Name:        e.DetailType,
		Detail:      d.says(),
		Time:        when.UTC(),
		VersionID:   d.Object.VersionID,
		ETag:        strings.Trim(d.Object.ETag, `"`),
		Size:        d.Object.Size,
		Sequencer:   d.Object.Sequencer,
	}, nil
}

// says is what S3 tells beside the name: "Lifecycle Expiration, Delete Marker Created".
func (d *bridgeDetail) says() string {
	if d.Reason == "" || d.DeletionType == "" {
		return d.Reason + d.DeletionType
	}
	return d.Reason + ", " + d.DeletionType
}

// decodedKey is the key that LocalStack means where it percent-encodes one that
// AWS gives as it is; empty where that would be no other key. Both are looked at,
// since nothing in the event tells the two apart and a look is harmless.
func decodedKey(key string) string {
	decoded, err := url.PathUnescape(key)
	if err != nil || decoded == key || checkKey(decoded) != nil {
		return ""
	}
	return decoded
}
