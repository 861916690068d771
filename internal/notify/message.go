package notify

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"pixmill/internal/fault"
	"pixmill/internal/handler"
)

// maxBodyBytes is what an event's body may have. EventBridge, SNS and SQS take
// 262,144 bytes, of which the attributes and what EventBridge puts around the
// body use up to 2,500.
const maxBodyBytes = 256_000

// message is an event as it is sent.
type message struct {
	handler.Completion
	body  string // JSON
	group string // of FIFO queues and topics: events of one source keep their order
}

// newMessage encodes an event. One that would be too large goes without its
// variants, which the manifest has; without them it has some 10 kB at the most.
func newMessage(c handler.Completion) (message, error) {
	body, err := encode(c)
	if err != nil {
		return message{}, err
	}
	if len(body) > maxBodyBytes {
		c.VariantsOmitted, c.Variants = len(c.Variants), []handler.CompletedVariant{}
		if body, err = encode(c); err != nil {
			return message{}, err
		}
	}
	if n := len(body); n > maxBodyBytes {
		return message{}, &fault.LimitError{Field: "completion event", Limit: maxBodyBytes, Value: int64(n), Unit: "bytes"}
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s", c.Source.Bucket, c.Source.Key))
	return message{Completion: c, body: string(body), group: hex.EncodeToString(sum[:16])}, nil
}

// encode writes one line of JSON, with nothing in it that a queue refuses: of
// what JSON may hold those are U+FFFE and U+FFFF.
func encode(c handler.Completion) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // keys are long enough
	if err := enc.Encode(c); err != nil {
		return nil, err
	}
	body := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	for char, escaped := range map[string]string{"\ufffe": `\ufffe`, "\uffff": `\uffff`} {
		body = bytes.ReplaceAll(body, []byte(char), []byte(escaped))
	}
	return body, nil
}
