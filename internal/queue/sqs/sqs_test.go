package sqs_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.uber.org/goleak"

	"pixmill/internal/fault"
	"pixmill/internal/queue"
	pixsqs "pixmill/internal/queue/sqs"
)

// TestMain leaves out idle connections, which the SDK's default client keeps.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// cloud is a queue and its dead letters in a LocalStack.
type cloud struct {
	*sqs.Client
	name, url, deadName, deadURL string
}

// newCloud makes the queues; ext is "" or ".fifo".
func newCloud(t *testing.T, ext string) *cloud {
	t.Helper()
	if os.Getenv("AWS_ENDPOINT_URL") == "" {
		t.Skip("no LocalStack: AWS_ENDPOINT_URL is not set")
	}
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	base := fmt.Sprintf("redrive-%d", time.Now().UnixNano())
	c := &cloud{Client: sqs.NewFromConfig(cfg), name: base + ext, deadName: base + "-dead" + ext}
	attributes := map[string]string{}
	if ext != "" {
		attributes["FifoQueue"] = "true"
	}
	c.deadURL = c.create(t, c.deadName, attributes)
	arn := c.arn(t, c.deadURL)
	attributes["VisibilityTimeout"] = "0"
	attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":"1"}`, arn)
	c.url = c.create(t, c.name, attributes)
	return c
}

func (c *cloud) create(t *testing.T, name string, attributes map[string]string) string {
	t.Helper()
	out, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = c.DeleteQueue(context.Background(), &sqs.DeleteQueueInput{QueueUrl: out.QueueUrl}) })
	return *out.QueueUrl
}

func (c *cloud) arn(t *testing.T, url string) string {
	t.Helper()
	out, err := c.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{"QueueArn"}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Attributes["QueueArn"]
}

// giveUp sends events and receives them as often as makes them dead letters.
func (c *cloud) giveUp(t *testing.T, keys ...string) {
	t.Helper()
	for _, key := range keys {
		in := &sqs.SendMessageInput{QueueUrl: &c.url, MessageBody: aws.String(fmt.Sprintf(`{"bucket":"uploads","key":%q}`, key))}
		if strings.HasSuffix(c.name, ".fifo") {
			in.MessageGroupId, in.MessageDeduplicationId = aws.String("g"), aws.String(key)
		}
		if _, err := c.SendMessage(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		c.receive(t, c.url)
		if c.count(t, c.deadURL) == len(keys) {
			return
		}
	}
	t.Fatalf("%d of %d events became dead letters", c.count(t, c.deadURL), len(keys))
}

// receive returns the keys of up to ten messages, sorted, which others may receive at once.
func (c *cloud) receive(t *testing.T, url string) []string {
	t.Helper()
	out, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, VisibilityTimeout: 0})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, m := range out.Messages {
		keys = append(keys, queue.Letter{Body: []byte(*m.Body)}.Keys()...)
	}
	slices.Sort(keys)
	return keys
}

// count returns how many messages may be received now.
func (c *cloud) count(t *testing.T, url string) (n int) {
	t.Helper()
	out, err := c.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{"ApproximateNumberOfMessages"}})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = fmt.Sscan(out.Attributes["ApproximateNumberOfMessages"], &n)
	return n
}

func open(t *testing.T, o pixsqs.Options) *pixsqs.DeadLetters {
	t.Helper()
	d, err := pixsqs.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func redrive(t *testing.T, d queue.DeadLetters, move bool, edit func(*queue.Options)) (queue.Summary, error) {
	t.Helper()
	o := queue.Options{Move: move, Now: time.Now}
	if edit != nil {
		edit(&o)
	}
	if whole, ok := d.(*pixsqs.DeadLetters); ok {
		return whole.Redrive(t.Context(), o, func(int, int) {}, ignore)
	}
	return queue.Redrive(t.Context(), d, o, ignore)
}

func TestRedrive_LookMoveSomeMoveAll(t *testing.T) {
	c := newCloud(t, "")
	c.giveUp(t, "a/1", "a/2", "b/1")
	d := open(t, pixsqs.Options{Queue: c.deadName})
	if d.Target() != c.name || d.Waiting() != 3 {
		t.Errorf("target %q, waiting %d", d.Target(), d.Waiting())
	}
	if s, err := redrive(t, d, false, nil); err != nil || s.Kept != 3 {
		t.Errorf("look: %+v, %v", s, err)
	}
	if n := c.count(t, c.deadURL); n != 3 {
		t.Errorf("after a look %d of 3 may be received at once", n)
	}
	onlyA := func(o *queue.Options) {
		o.Max = 1
		o.Match = func(l queue.Letter) bool { return strings.HasPrefix(l.Keys()[0], "a/") }
	}
	if s, err := redrive(t, d, true, onlyA); err != nil || s.Moved != 1 {
		t.Errorf("move one: %+v, %v", s, err)
	}
	if n, left := c.count(t, c.url), c.count(t, c.deadURL); n != 1 || left != 2 {
		t.Errorf("queue %d, dead letters %d; want 1 and 2", n, left)
	}
	moved, ok, err := d.MoveAll(t.Context(), func(int, int) {})
	if moved != 2 || !ok || err != nil {
		t.Errorf("move all: %d, %t, %v", moved, ok, err)
	}
	if got := c.receive(t, c.url); !slices.Equal(got, []string{"a/1", "a/2", "b/1"}) {
		t.Errorf("the queue has %q", got)
	}
}

// cut lets the process end between the sending of a letter and its deletion.
type cut struct{ *pixsqs.DeadLetters }

func (cut) Delete(context.Context, queue.Letter) error { return context.DeadlineExceeded }

func (c cut) Release(ctx context.Context, l []queue.Letter) error {
	return c.DeadLetters.Release(ctx, l)
}

func TestRedrive_CutOffBetweenSendAndDeleteLosesNothing(t *testing.T) {
	c := newCloud(t, "")
	c.giveUp(t, "a", "b")
	d := open(t, pixsqs.Options{Queue: c.deadURL})
	if s, err := redrive(t, cut{d}, true, nil); err == nil || s.Moved != 0 {
		t.Fatalf("%+v, %v", s, err)
	}
	if n, left := c.count(t, c.url), c.count(t, c.deadURL); n != 1 || left != 2 {
		t.Errorf("cut off: queue %d, dead letters %d; want 1 and still 2", n, left)
	}
	if s, err := redrive(t, d, true, nil); err != nil || s.Moved != 2 {
		t.Errorf("again: %+v, %v", s, err)
	}
	got := slices.Compact(c.receive(t, c.url))
	if left := c.count(t, c.deadURL); !slices.Equal(got, []string{"a", "b"}) || left != 0 {
		t.Errorf("the queue has %q, dead letters %d", got, left)
	}
}

// TestRedrive_LettersOfAFunction are records of a failure destination: no queue is
// their source, and each names its function.
func TestRedrive_LettersOfAFunction(t *testing.T) {
	c := newCloud(t, "")
	record := `{"version":"1.0","timestamp":"2026-11-23T23:13:26.861Z","requestContext":{"requestId":"r","functionArn":"arn:aws:lambda:us-east-1:000000000000:function:no-such:$LATEST","condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":{"bucket":"uploads","key":"k.jpg"},"responseContext":{"statusCode":200},"responsePayload":{"errorMessage":"the bucket is missing","errorType":"Pixmill.Misconfigured"}}`
	lonely := c.create(t, c.name+"-lonely", nil)
	if _, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &lonely, MessageBody: &record}); err != nil {
		t.Fatal(err)
	}
	d := open(t, pixsqs.Options{Queue: lonely})
	letters, err := d.Receive(t.Context())
	if err != nil || len(letters) != 1 {
		t.Fatalf("%v, %v", letters, err)
	}
	l := letters[0]
	if l.Reason != "the bucket is missing" || l.Attempts != 3 || !slices.Equal(l.Keys(), []string{"k.jpg"}) {
		t.Errorf("reason %q, attempts %d, keys %q", l.Reason, l.Attempts, l.Keys())
	}
	if err := d.Release(t.Context(), letters); err != nil {
		t.Fatal(err)
	}
	if _, err := redrive(t, d, true, nil); err == nil || !strings.Contains(err.Error(), "no-such") {
		t.Errorf("to a function that is gone: %v; want it named", err)
	}
	if n := c.count(t, lonely); n != 1 {
		t.Errorf("after the failure %d letters are there, want 1", n)
	}
	if s, err := redrive(t, open(t, pixsqs.Options{Queue: lonely, ToQueue: c.name}), true, nil); err != nil || s.Moved != 1 {
		t.Fatalf("to a queue: %+v, %v", s, err)
	}
	if got := c.receive(t, c.url); !slices.Equal(got, []string{"k.jpg"}) {
		t.Errorf("the queue has %q; want the event alone, out of its record", got)
	}
}

func TestOpen_WhatIsNoDeadLetterQueue(t *testing.T) {
	c := newCloud(t, "")
	for name, want := range map[string]string{
		c.name:         "use --queue " + c.deadName,
		c.name + "-no": "there is no such queue",
	} {
		if _, err := pixsqs.Open(t.Context(), pixsqs.Options{Queue: name}); err == nil || fault.KindOf(err) != fault.Misconfigured || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", name, err, want)
		}
	}
	if _, err := pixsqs.Open(t.Context(), pixsqs.Options{Queue: c.deadName, ToQueue: c.deadURL}); err == nil {
		t.Error("a queue may be sent to itself")
	}
}

func TestRedrive_LettersThatDoNotSayWhereToGo(t *testing.T) {
	c := newCloud(t, "")
	lonely := c.create(t, c.name+"-lonely", nil)
	if _, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &lonely, MessageBody: aws.String(`{"bucket":"b","key":"k"}`)}); err != nil {
		t.Fatal(err)
	}
	d := open(t, pixsqs.Options{Queue: lonely})
	if _, ok, err := d.MoveAll(t.Context(), func(int, int) {}); ok || err != nil {
		t.Errorf("SQS moved them: %t, %v", ok, err)
	}
	if _, err := redrive(t, d, true, nil); err == nil || !strings.Contains(err.Error(), pixsqs.ErrNoTarget.Error()) {
		t.Errorf("error is %v", err)
	}
}
