package lambdafn

import (
	"fmt"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"pixmill/internal/event"
	"pixmill/internal/fault"
)

// comesAgain is the one table from an error's kind to what Lambda is told.
// What comes again is listed in batchItemFailures (SQS), or makes the
// invocation fail (S3: Lambda tries twice more, then it goes to the failure
// destination; direct: the caller decides). The last resort of both is a
// dead-letter queue, so nothing is lost.
//
//	transient      comes again
//	misconfigured  comes again: somebody may mend it before the redelivery limit
//	permanent      does not: it would fail in the same way each time
//	rejected       does not: the source's own fault
//
// A message or payload that cannot be decoded names no source in whose manifest
// it could be recorded; item and Invoke give it back always.
func comesAgain(k fault.Kind) bool {
	switch k {
	case fault.Permanent, fault.Rejected:
		return false
	case fault.Transient, fault.Misconfigured:
		return true
	}
	return true
}

// errorTypes are the errorType of an invocation that failed, by kind.
var errorTypes = map[fault.Kind]string{
	fault.Transient:     "Pixmill.Transient",
	fault.Permanent:     "Pixmill.Permanent",
	fault.Rejected:      "Pixmill.Rejected",
	fault.Misconfigured: "Pixmill.Misconfigured",
}

// failure is the error of an invocation, as its caller or its destination gets
// it: the first of errs, and how many others there are.
func failure(errs []error) error {
	msg := errs[0].Error()
	if n := len(errs) - 1; n > 0 {
		msg = fmt.Sprintf("%s (and %d more)", msg, n)
	}
	return messages.InvokeResponse_Error{Type: errorTypes[fault.KindOf(errs[0])], Message: msg}
}

// batchReply is what Lambda's poller of a queue reads: it deletes all messages
// but these.
type batchReply struct {
	Failures []batchFailure `json:"batchItemFailures"`
}

type batchFailure struct {
	ItemIdentifier string `json:"itemIdentifier"`
}

// summaryReply says what came of a delivery that did not come from a queue.
type summaryReply struct {
	Sources []summary `json:"sources"`
	Ignored int       `json:"ignored"`
}

// summary is what was done for one source.
type summary struct {
	Bucket      string `json:"bucket"`
	Key         string `json:"key"`
	Result      string `json:"result"`
	Reason      string `json:"reason,omitempty"`
	ManifestKey string `json:"manifestKey,omitempty"`
	Passes      int    `json:"passes"`
	Puts        int    `json:"puts"`
	Deletes     int    `json:"deletes"`
	DurationMS  int64  `json:"durationMs"`
}

// answer gives each envelope what its sender understands.
func (b *batch) answer(d event.Delivery, verdicts []verdict) (any, error) {
	if d.Envelope == event.EnvelopeSQS {
		return queueAnswer(d.Items, verdicts)
	}
	var errs []error
	reply := summaryReply{Sources: []summary{}}
	for i, v := range verdicts {
		errs = append(errs, v.errs...)
		reply.Ignored += len(d.Items[i].Ignored)
	}
	if d.Envelope == event.EnvelopeDirect {
		return b.directAnswer()
	}
	if len(errs) > 0 {
		return nil, failure(errs)
	}
	for _, s := range b.order {
		reply.Sources = append(reply.Sources, s.summary())
	}
	return reply, nil
}

// queueAnswer names the messages that come again. One without an id cannot be
// named, and then all of them have to.
func queueAnswer(items []event.Item, verdicts []verdict) (any, error) {
	reply := batchReply{Failures: []batchFailure{}}
	for i, v := range verdicts {
		if !v.failed() {
			continue
		}
		if items[i].MessageID == "" {
			return nil, failure(v.errs)
		}
		reply.Failures = append(reply.Failures, batchFailure{ItemIdentifier: items[i].MessageID})
	}
	return reply, nil
}

// directAnswer tells the caller of everything, what would not come again included.
func (b *batch) directAnswer() (any, error) {
	s := b.order[0] // a direct invocation names exactly one source
	if s.err != nil {
		return nil, failure([]error{s.err})
	}
	return s.summary(), nil
}

func (s *source) summary() summary {
	o := s.outcome
	return summary{
		Bucket:      s.event.Bucket,
		Key:         s.event.Key,
		Result:      string(o.Result),
		Reason:      o.Reason,
		ManifestKey: o.ManifestKey,
		Passes:      o.Passes,
		Puts:        o.Puts,
		Deletes:     o.Deletes,
		DurationMS:  s.elapsed.Milliseconds(),
	}
}
