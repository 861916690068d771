package sqs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"pixmill/internal/fault"
	"pixmill/internal/queue"
)

const (
	batchSize = 10 // SQS's most
	// hideSeconds is how long a received letter is hidden should this process be
	// killed before it can give it back.
	hideSeconds = 120
	// waitSeconds makes SQS ask all its servers: only then does "none" mean none.
	waitSeconds = 1
)

// handle is what a letter of this package carries.
type handle struct {
	receipt  string
	group    string // FIFO
	source   string // ARN of the queue that gave it up
	function string // ARN of the function that gave it up
	event    []byte // what that function was given; nil: the body
}

// Receive implements queue.DeadLetters.
func (d *DeadLetters) Receive(ctx context.Context) ([]queue.Letter, error) {
	out, err := d.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &d.url, MaxNumberOfMessages: batchSize, VisibilityTimeout: hideSeconds, WaitTimeSeconds: waitSeconds,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		MessageAttributeNames:       []string{"All"},
	})
	if err != nil {
		return nil, refused("receive from queue", d.Name(), "sqs:ReceiveMessage", err)
	}
	letters := make([]queue.Letter, 0, len(out.Messages))
	for _, m := range out.Messages {
		l := letterOf(m)
		h, _ := l.Handle.(handle)
		d.mixed = d.mixed || h.function != ""
		letters = append(letters, l)
	}
	return letters, nil
}

// letterOf reads a message, and where Lambda wrote it also what Lambda says.
func letterOf(m types.Message) queue.Letter {
	h := handle{
		receipt: aws.ToString(m.ReceiptHandle),
		group:   m.Attributes[string(types.MessageSystemAttributeNameMessageGroupId)],
		source:  m.Attributes[string(types.MessageSystemAttributeNameDeadLetterQueueSourceArn)],
	}
	l := queue.Letter{ID: aws.ToString(m.MessageId), Body: []byte(aws.ToString(m.Body))}
	if ms, err := strconv.ParseInt(m.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64); err == nil {
		l.Sent = time.UnixMilli(ms)
	}
	l.Attempts = attemptsOf(m)
	if text, ok := m.MessageAttributes["ErrorMessage"]; ok { // of a function's dead-letter queue
		l.Reason = aws.ToString(text.StringValue)
		l.Attempts = 0
	}
	readDestination(&l, &h)
	l.Handle = h
	return l
}

// attemptsOf returns SQS's count, which goes on among the dead letters: each look
// at them is in it. Without a source queue it counts looks alone.
func attemptsOf(m types.Message) int {
	n, err := strconv.Atoi(m.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)])
	if err != nil || m.Attributes[string(types.MessageSystemAttributeNameDeadLetterQueueSourceArn)] == "" {
		return 0
	}
	return n
}

// readDestination reads the record that Lambda sends to a failure destination.
//
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
func readDestination(l *queue.Letter, h *handle) {
	var record struct {
		Timestamp      time.Time `json:"timestamp"`
		RequestContext struct {
			FunctionARN string `json:"functionArn"`
			Condition   string `json:"condition"`
			Invocations int    `json:"approximateInvokeCount"`
		} `json:"requestContext"`
		RequestPayload  json.RawMessage `json:"requestPayload"`
		ResponsePayload json.RawMessage `json:"responsePayload"`
	}
	if json.Unmarshal(l.Body, &record) != nil || record.RequestContext.FunctionARN == "" || len(record.RequestPayload) == 0 {
		return
	}
	h.function, h.event = record.RequestContext.FunctionARN, record.RequestPayload
	l.Attempts, l.Reason = record.RequestContext.Invocations, record.RequestContext.Condition
	var response struct {
		ErrorMessage string `json:"errorMessage"`
	}
	if json.Unmarshal(record.ResponsePayload, &response) == nil && response.ErrorMessage != "" {
		l.Reason = response.ErrorMessage
	}
}

// ErrNoTarget says that a letter does not tell where it came from.
var ErrNoTarget = errors.New("it does not say where it came from: name a queue or a function to send it to")

// Return implements queue.DeadLetters.
func (d *DeadLetters) Return(ctx context.Context, l queue.Letter) error {
	h, _ := l.Handle.(handle)
	switch {
	case d.toFunction != "":
		return d.invoke(ctx, d.toFunction, l, h)
	case d.toQueue != "":
		return d.send(ctx, d.toQueue, l, h)
	case h.function != "":
		return d.invoke(ctx, h.function, l, h)
	}
	target, err := d.sourceOf(h)
	if err != nil {
		return fault.New(fault.Misconfigured, "send back", l.ID, err)
	}
	return d.send(ctx, target, l, h)
}

// sourceOf returns the URL of the queue that gave a letter up.
func (d *DeadLetters) sourceOf(h handle) (string, error) {
	if h.source != "" {
		for _, url := range d.sources {
			if nameOf(url) == nameOf(h.source) {
				return url, nil
			}
		}
	}
	if len(d.sources) == 1 {
		return d.sources[0], nil
	}
	return "", ErrNoTarget
}

// send puts a letter's event into a queue. In a FIFO queue the message that is
// sent twice within five minutes, after a crash, is one.
func (d *DeadLetters) send(ctx context.Context, url string, l queue.Letter, h handle) error {
	in := &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String(string(eventOf(l, h)))}
	if fifo(url) {
		in.MessageGroupId = aws.String(groupOf(h))
		in.MessageDeduplicationId = aws.String("redrive-" + l.ID)
	}
	if _, err := d.sqs.SendMessage(ctx, in); err != nil {
		return refused("send to queue", nameOf(url), "sqs:SendMessage", err)
	}
	return nil
}

func groupOf(h handle) string {
	if h.group == "" {
		return "redrive"
	}
	return h.group
}

// invoke gives a letter's event to a function, which answers when it stands in
// Lambda's own queue of asynchronous events.
func (d *DeadLetters) invoke(ctx context.Context, function string, l queue.Letter, h handle) error {
	_, err := d.lambda.Invoke(ctx, &lambda.InvokeInput{
		FunctionName: &function, InvocationType: lambdatypes.InvocationTypeEvent, Payload: eventOf(l, h),
	})
	if err != nil {
		return refused("invoke", function, "lambda:InvokeFunction", err)
	}
	return nil
}

func eventOf(l queue.Letter, h handle) []byte {
	if h.event != nil {
		return h.event
	}
	return l.Body
}

// Delete implements queue.DeadLetters.
func (d *DeadLetters) Delete(ctx context.Context, l queue.Letter) error {
	h, _ := l.Handle.(handle)
	if _, err := d.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &d.url, ReceiptHandle: &h.receipt}); err != nil {
		return refused("delete from queue", d.Name(), "sqs:DeleteMessage", err)
	}
	return nil
}

// Release implements queue.DeadLetters.
func (d *DeadLetters) Release(ctx context.Context, letters []queue.Letter) error {
	var errs []error
	for part := range slices.Chunk(letters, batchSize) {
		in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &d.url}
		for i, l := range part {
			h, _ := l.Handle.(handle)
			in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{
				Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(h.receipt), VisibilityTimeout: 0,
			})
		}
		out, err := d.sqs.ChangeMessageVisibilityBatch(ctx, in)
		if err != nil {
			errs = append(errs, refused("release in queue", d.Name(), "sqs:ChangeMessageVisibility", err))
			continue
		}
		for _, f := range out.Failed {
			if backAlready(f) {
				continue
			}
			errs = append(errs, fault.New(fault.Transient, "release in queue", d.Name(), fmt.Errorf("%s: %s", aws.ToString(f.Code), aws.ToString(f.Message))))
		}
	}
	return errors.Join(errs...)
}

// backAlready reports that a letter needs no release: the walk took longer than it
// was hidden. The code is that of the documentation, the words those of SQS.
func backAlready(f types.BatchResultErrorEntry) bool {
	return strings.Contains(aws.ToString(f.Code), "MessageNotInflight") ||
		strings.Contains(aws.ToString(f.Message), "not available for visibility timeout change")
}
