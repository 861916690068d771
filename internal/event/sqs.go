package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// sqsFormat is a batch of an SQS event source: {"Records": [{"eventSource": "aws:sqs", "body": "…"}]}.
func sqsFormat() format {
	return format{
		envelope: EnvelopeSQS,
		looksFor: "Records of SQS",
		fits:     func(o object) bool { return o.source == "aws:sqs" },
		read:     readSQS,
	}
}

// sqsRecord is one message as Lambda passes it on; what is any is never read.
//
// https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
type sqsRecord struct {
	MessageID         string            `json:"messageId"`
	ReceiptHandle     any               `json:"receiptHandle"`
	Body              string            `json:"body"`
	Attributes        map[string]string `json:"attributes"`
	MessageAttributes any               `json:"messageAttributes"`
	MD5OfBody         any               `json:"md5OfBody"`
	EventSource       string            `json:"eventSource"`
	EventSourceARN    string            `json:"eventSourceARN"`
	AWSRegion         any               `json:"awsRegion"`
}

// The attributes of a message that are read or written.
const (
	attrReceiveCount  = "ApproximateReceiveCount"
	attrFirstReceived = "ApproximateFirstReceiveTimestamp"
	attrSent          = "SentTimestamp"
	attrGroup         = "MessageGroupId"
)

// readSQS makes an item of each message; an unreadable one fails alone.
func readSQS(o object, depth int) ([]Item, error) {
	records, err := o.checkedRecords()
	if err != nil {
		return nil, err
	}
	items := make([]Item, 0, len(records))
	for _, raw := range records {
		items = append(items, readMessage(raw, depth))
	}
	return items, nil
}

// readMessage reads the message even of a record that is partly unreadable, for
// its messageId: only with that can the message be given back.
func readMessage(raw json.RawMessage, depth int) Item {
	var r sqsRecord
	if err := readRecord(raw, &r); err != nil {
		return Item{MessageID: r.MessageID, Err: rejected("decode SQS message", r.MessageID, err)}
	}
	item := Item{MessageID: r.MessageID}
	item.Attempt, _ = strconv.Atoi(r.Attributes[attrReceiveCount]) // unreadable is as good as absent: 0
	if strings.HasSuffix(r.EventSourceARN, ".fifo") {
		item.GroupID = r.Attributes[attrGroup]
	}
	var bad []error
	if r.MessageID == "" {
		bad = append(bad, errors.New("messageId is empty"))
	}
	if err := item.unwrap(quoted(), []byte(r.Body), depth); err != nil {
		bad = append(bad, fmt.Errorf("body: %w", err))
	}
	item.Err = rejected("decode SQS message", r.MessageID, join(len(bad), bad...))
	return item
}
