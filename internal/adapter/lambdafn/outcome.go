package lambdafn

import (
	"fmt"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"pixmill/internal/adapter/delivery"
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
// it could be recorded; it is given back always.
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

// answer gives each envelope what its sender understands.
func answer(d event.Delivery, r delivery.Result) (any, error) {
	if d.Envelope == event.EnvelopeSQS {
		return queueAnswer(d.Items, r.Verdicts)
	}
	if d.Envelope == event.EnvelopeDirect {
		return directAnswer(r.Sources)
	}
	if errs := r.Errs(); len(errs) > 0 {
		return nil, failure(errs)
	}
	return r.Summary(d), nil
}

// queueAnswer names the messages that come again. One without an id cannot be
// named, and then all of them have to.
func queueAnswer(items []event.Item, verdicts []delivery.Verdict) (any, error) {
	reply := batchReply{Failures: []batchFailure{}}
	for i, v := range verdicts {
		if !v.Failed() {
			continue
		}
		if items[i].MessageID == "" {
			return nil, failure(v.Errs)
		}
		reply.Failures = append(reply.Failures, batchFailure{ItemIdentifier: items[i].MessageID})
	}
	return reply, nil
}

// directAnswer tells the caller of everything, what would not come again included.
func directAnswer(sources []*delivery.Source) (any, error) {
	s := sources[0] // a direct invocation names exactly one source
	if s.Err != nil {
		return nil, failure([]error{s.Err})
	}
	return s.Summary(), nil
}
