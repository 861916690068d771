package sqs_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"pixmill/internal/queue"
	pixsqs "pixmill/internal/queue/sqs"
)

func TestRedrive_FIFOKeepsTheOrder(t *testing.T) {
	c := newCloud(t, ".fifo")
	c.giveUp(t, "1", "2", "3")
	if s, err := redrive(t, open(t, pixsqs.Options{Queue: c.deadName}), true, nil); err != nil || s.Moved != 3 {
		t.Fatalf("%+v, %v", s, err)
	}
	out, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: &c.url, MaxNumberOfMessages: 10, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"MessageGroupId"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range out.Messages {
		got = append(got, queue.Letter{Body: []byte(*m.Body)}.Keys()[0]+m.Attributes["MessageGroupId"])
	}
	if !slices.Equal(got, []string{"1g", "2g", "3g"}) {
		t.Errorf("the queue has %q", got)
	}
}

// A group's first ten hold back the others until they are gone.
func TestRedrive_FIFOCountsWhatItCannotSee(t *testing.T) {
	c := newCloud(t, ".fifo")
	for i := range 12 {
		in := &sqs.SendMessageInput{
			QueueUrl: &c.deadURL, MessageBody: aws.String(fmt.Sprintf(`{"bucket":"uploads","key":"%d"}`, i)),
			MessageGroupId: aws.String("g"), MessageDeduplicationId: aws.String(fmt.Sprint(i)),
		}
		if _, err := c.SendMessage(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	d := open(t, pixsqs.Options{Queue: c.deadName})
	s, err := redrive(t, d, false, nil)
	if want := (queue.Summary{Kept: 10, Unseen: 2}); err != nil || s != want || !d.Grouped() {
		t.Errorf("%+v, %v; want %+v", s, err, want)
	}
	if s, err := redrive(t, d, true, nil); err != nil || s != (queue.Summary{Moved: 12}) {
		t.Errorf("%+v, %v; want all moved", s, err)
	}
}

// What is sent twice since the process ended in between is one message, and stays
// before those of its group that were sent later.
func TestRedrive_FIFOCutOffSendsOnce(t *testing.T) {
	c := newCloud(t, ".fifo")
	c.giveUp(t, "1", "2")
	d := open(t, pixsqs.Options{Queue: c.deadName})
	if s, err := redrive(t, cut{d}, true, nil); err == nil || s.Moved != 0 {
		t.Fatalf("cut off: %+v, %v", s, err)
	}
	if s, err := redrive(t, d, true, nil); err != nil || s.Moved != 2 {
		t.Fatalf("again: %+v, %v", s, err)
	}
	if got := c.receive(t, c.url); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("the queue has %q", got)
	}
}
