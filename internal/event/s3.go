package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// s3Format is S3's own notification, version 2.x: {"Records": [{"eventSource": "aws:s3", …}]}.
// MinIO ("minio:s3") and Ceph ("ceph:s3") speak it too.
func s3Format() format {
	return format{
		envelope: EnvelopeS3,
		looksFor: "Records of S3",
		fits:     func(o object) bool { return isS3(o.source) },
		read:     readS3,
	}
}

func isS3(eventSource string) bool { return strings.HasSuffix(eventSource, ":s3") }

// s3Record is one record as S3 writes it. What is any is written but never
// read, so nothing in it can make a record unreadable.
//
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
type s3Record struct {
	EventVersion      string   `json:"eventVersion"`
	EventSource       string   `json:"eventSource"`
	AWSRegion         any      `json:"awsRegion"`
	EventTime         string   `json:"eventTime"`
	EventName         string   `json:"eventName"`
	UserIdentity      any      `json:"userIdentity"`
	RequestParameters any      `json:"requestParameters"`
	ResponseElements  any      `json:"responseElements"`
	S3                s3Entity `json:"s3"`
}

type s3Entity struct {
	SchemaVersion   any      `json:"s3SchemaVersion"`
	ConfigurationID any      `json:"configurationId"`
	Bucket          s3Bucket `json:"bucket"`
	Object          s3Object `json:"object"`
}

type s3Bucket struct {
	Name          string `json:"name"`
	OwnerIdentity any    `json:"ownerIdentity"`
	ARN           any    `json:"arn"`
}

type s3Object struct {
	Key       string `json:"key"` // URL-encoded
	Size      *int64 `json:"size,omitempty"`
	ETag      string `json:"eTag,omitempty"`
	VersionID string `json:"versionId,omitempty"`
	Sequencer string `json:"sequencer,omitempty"`
}

// mostInFull is how many errors of one notification are given in full.
const mostInFull = 3

// readS3 makes one item of all records: outside a queue they succeed or fail
// together. A record that cannot be read takes none of the others with it.
func readS3(o object, _ int) ([]Item, error) {
	return o.oneItem("decode S3 event", mostInFull, (*Item).addS3)
}

func (it *Item) addS3(raw json.RawMessage) error {
	var r s3Record
	if err := readRecord(raw, &r); err != nil {
		return err
	}
	if !isS3(r.EventSource) {
		return fmt.Errorf("eventSource is %s among records of S3", quote(r.EventSource))
	}
	if r.EventVersion != "" && !strings.HasPrefix(r.EventVersion, "2.") {
		return fmt.Errorf("eventVersion is %s: only 2.x is understood", quote(r.EventVersion))
	}
	if r.EventName == "" {
		return errors.New("eventName is empty")
	}
	op, ignored := NameToOp(r.EventName)
	if ignored != "" {
		it.Ignored = append(it.Ignored, Ignored{
			Reason: ignored,
			Detail: fmt.Sprintf("%s of %s in bucket %s", quote(r.EventName), quote(r.S3.Object.Key), quote(r.S3.Bucket.Name)),
		})
		return nil
	}
	e, err := r.objectEvent(op)
	if err != nil {
		return err
	}
	it.Events = append(it.Events, e)
	return nil
}

func (r *s3Record) objectEvent(op Op) (ObjectEvent, error) {
	if r.S3.Bucket.Name == "" {
		return ObjectEvent{}, errors.New("s3.bucket.name is empty")
	}
	key, err := DecodeKey(r.S3.Object.Key)
	if err != nil {
		return ObjectEvent{}, fmt.Errorf("s3.object.%w", err)
	}
	var when time.Time
	if r.EventTime != "" {
		if when, err = time.Parse(time.RFC3339, r.EventTime); err != nil {
			return ObjectEvent{}, fmt.Errorf("eventTime %s is not RFC 3339", quote(r.EventTime))
		}
	}
	e := ObjectEvent{
		Bucket:    r.S3.Bucket.Name,
		Key:       key,
		Op:        op,
		Name:      trimName(r.EventName),
		Time:      when.UTC(),
		VersionID: r.S3.Object.VersionID,
		ETag:      strings.Trim(r.S3.Object.ETag, `"`),
		Sequencer: r.S3.Object.Sequencer,
	}
	if r.S3.Object.Size != nil {
		e.Size = *r.S3.Object.Size
	}
	return e, nil
}
