package event

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// timeForm is how S3 writes a time: UTC, milliseconds.
const timeForm = "2006-01-02T15:04:05.000Z"

// S3Record is one change of one object, and what else S3 tells about the
// request that made it. The zero value of what is not in ObjectEvent will do.
type S3Record struct {
	ObjectEvent
	Region          string // empty: "us-east-1"
	ConfigurationID string // of the notification
	PrincipalID     string // who did it
	SourceIP        string
	RequestID       string
}

// MarshalS3 writes the notification that S3 would send for these changes.
// Name, Bucket and Key are needed; a removal has neither size nor, unless it
// is set, an ETag.
func MarshalS3(records ...S3Record) ([]byte, error) {
	wire := make([]s3Record, len(records))
	for i, r := range records {
		if err := r.check(); err != nil {
			return nil, rejected("encode S3 event", r.Key, fmt.Errorf("record %d: %w", i, err))
		}
		wire[i] = r.wire()
	}
	return json.Marshal(map[string][]s3Record{"Records": wire})
}

func (r *S3Record) check() error {
	if r.Bucket == "" {
		return errors.New("bucket is empty")
	}
	if op, _ := NameToOp(r.Name); op == "" {
		return fmt.Errorf("%s is not the name of a change", quote(r.Name))
	}
	return checkKey(r.Key)
}

func (r *S3Record) wire() s3Record {
	w := s3Record{
		EventVersion:      "2.1",
		EventSource:       "aws:s3",
		AWSRegion:         region(r.Region),
		EventTime:         r.Time.UTC().Format(timeForm),
		EventName:         trimName(r.Name),
		UserIdentity:      map[string]string{"principalId": r.PrincipalID},
		RequestParameters: map[string]string{"sourceIPAddress": r.SourceIP},
		ResponseElements:  map[string]string{"x-amz-request-id": r.RequestID, "x-amz-id-2": ""},
		S3: s3Entity{
			SchemaVersion:   "1.0",
			ConfigurationID: r.ConfigurationID,
			Bucket: s3Bucket{
				Name:          r.Bucket,
				OwnerIdentity: map[string]string{"principalId": r.PrincipalID},
				ARN:           "arn:aws:s3:::" + r.Bucket,
			},
			Object: s3Object{
				Key:       EncodeKey(r.Key),
				ETag:      r.ETag,
				VersionID: r.VersionID,
				Sequencer: r.Sequencer,
			},
		},
	}
	if op, _ := NameToOp(r.Name); op != OpRemoved {
		w.S3.Object.Size = &r.Size
	}
	return w
}

// SQSMessage is one message of a queue as Lambda's poller receives it.
type SQSMessage struct {
	ID            string
	Body          string
	QueueARN      string // one that ends in ".fifo" is a FIFO queue's
	GroupID       string // empty: none
	ReceiptHandle string
	Region        string    // empty: "us-east-1"
	ReceiveCount  int       // how often it was received, this time included
	Sent          time.Time // to the millisecond
	FirstReceived time.Time // to the millisecond
}

// MarshalSQS writes the batch that Lambda would pass to a function. Each
// message needs an ID: it is how the function names the ones that failed.
func MarshalSQS(messages ...SQSMessage) ([]byte, error) {
	wire := make([]sqsRecord, len(messages))
	for i, m := range messages {
		if m.ID == "" {
			return nil, rejected("encode SQS batch", "", fmt.Errorf("message %d has no ID", i))
		}
		wire[i] = m.wire()
	}
	return json.Marshal(map[string][]sqsRecord{"Records": wire})
}

func (m *SQSMessage) wire() sqsRecord {
	sum := md5.Sum([]byte(m.Body)) // part of the format; it guards nothing
	w := sqsRecord{
		MessageID:     m.ID,
		ReceiptHandle: m.ReceiptHandle,
		Body:          m.Body,
		Attributes: map[string]string{
			attrReceiveCount:  strconv.Itoa(m.ReceiveCount),
			attrSent:          strconv.FormatInt(m.Sent.UnixMilli(), 10),
			attrFirstReceived: strconv.FormatInt(m.FirstReceived.UnixMilli(), 10),
		},
		MessageAttributes: map[string]any{},
		MD5OfBody:         hex.EncodeToString(sum[:]),
		EventSource:       "aws:sqs",
		EventSourceARN:    m.QueueARN,
		AWSRegion:         region(m.Region),
	}
	if m.GroupID != "" {
		w.Attributes[attrGroup] = m.GroupID
	}
	return w
}

func region(r string) string {
	if r == "" {
		return "us-east-1"
	}
	return r
}
