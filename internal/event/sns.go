package event

import (
	"encoding/json"
	"fmt"
)

// snsFormat is what SNS delivers to a function: {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "…"}}]}.
func snsFormat() format {
	return format{
		envelope: EnvelopeSNS,
		looksFor: "Records of SNS",
		fits:     func(o object) bool { return o.source == "aws:sns" },
		read:     readSNS,
	}
}

// snsMessageFormat is how SNS wraps a message for a queue: {"Type": "Notification", "TopicArn": "…", "Message": "…"}.
// With raw message delivery there is nothing of SNS to be seen.
func snsMessageFormat() format {
	return format{
		envelope: EnvelopeSNS,
		looksFor: "an SNS notification",
		fits:     func(o object) bool { return o.has("TopicArn") && o.has("Message") },
		read:     readSNSMessage,
	}
}

// snsRecord is one record of a delivery.
//
// https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
type snsRecord struct {
	Sns snsMessage
}

// snsMessage is one notification; what else is in it is never read.
//
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
type snsMessage struct {
	Type      string
	MessageID string `json:"MessageId"`
	Message   string
}

// readSNS makes one item of all records, of which SNS sends exactly one: outside
// a queue they succeed or fail together.
func readSNS(o object, depth int) ([]Item, error) {
	return o.oneItem("decode SNS event", 1, func(it *Item, raw json.RawMessage) error { return it.addSNS(raw, depth) })
}

func (it *Item) addSNS(raw json.RawMessage, depth int) error {
	var r snsRecord
	if err := readRecord(raw, &r); err != nil {
		return err
	}
	return it.addSNSMessage(r.Sns, depth)
}

func readSNSMessage(o object, depth int) ([]Item, error) {
	var m snsMessage
	if err := readRecord(o.text, &m); err != nil {
		return nil, err
	}
	var item Item
	item.Err = rejected("decode SNS message", m.MessageID, item.addSNSMessage(m, depth))
	return []Item{item}, nil
}

func (it *Item) addSNSMessage(m snsMessage, depth int) error {
	if m.Type != "" && m.Type != "Notification" {
		return fmt.Errorf("Type is %s: only Notification is understood", quote(m.Type))
	}
	if err := it.unwrap(quoted(), []byte(m.Message), depth); err != nil {
		return fmt.Errorf("Message: %w", err)
	}
	return nil
}
