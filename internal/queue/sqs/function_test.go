package sqs_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"pixmill/internal/queue"
	pixsqs "pixmill/internal/queue/sqs"
)

// function is one that always fails; what it fails at goes to the dead letters of
// a cloud until mend.
type function struct {
	*lambda.Client
	name string
}

func newFunction(t *testing.T, c *cloud) *function {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var code bytes.Buffer
	z := zip.NewWriter(&code)
	w, err := z.Create("bootstrap")
	if err == nil {
		_, err = w.Write([]byte("#!/bin/sh\nexit 1\n"))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	f := &function{lambda.NewFromConfig(cfg), c.name}
	_, err = f.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: &f.name, Runtime: lambdatypes.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Role: aws.String("arn:aws:iam::000000000000:role/pixmill"), Code: &lambdatypes.FunctionCode{ZipFile: code.Bytes()},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = f.DeleteFunction(context.Background(), &lambda.DeleteFunctionInput{FunctionName: &f.name})
	})
	if err := lambda.NewFunctionActiveV2Waiter(f.Client).Wait(t.Context(), &lambda.GetFunctionInput{FunctionName: &f.name}, time.Minute); err != nil {
		t.Fatal(err)
	}
	_, err = f.PutFunctionEventInvokeConfig(t.Context(), &lambda.PutFunctionEventInvokeConfigInput{
		FunctionName: &f.name, MaximumRetryAttempts: aws.Int32(0),
		DestinationConfig: &lambdatypes.DestinationConfig{OnFailure: &lambdatypes.OnFailure{Destination: aws.String(c.arn(t, c.deadURL))}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// fail has the function fail at an event, and waits for the letter.
func (f *function) fail(t *testing.T, c *cloud, key string) {
	t.Helper()
	before := c.count(t, c.deadURL)
	_, err := f.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &f.name, InvocationType: "Event", Payload: []byte(`{"bucket":"uploads","key":"` + key + `"}`)})
	if err != nil {
		t.Fatal(err)
	}
	for range 600 {
		if c.count(t, c.deadURL) > before {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("no letter from the function's failure destination")
}

// mend lets nothing become a dead letter any more.
func (f *function) mend(t *testing.T) {
	t.Helper()
	if _, err := f.DeleteFunctionEventInvokeConfig(t.Context(), &lambda.DeleteFunctionEventInvokeConfigInput{FunctionName: &f.name}); err != nil {
		t.Fatal(err)
	}
}

// TestRedrive_ALetterOfAFunctionAmongAQueuesOwn: Lambda's failure destination is the
// dead-letter queue of a queue, too, as with localstack-init. SQS's own moving fails
// at such a letter and hides it.
func TestRedrive_ALetterOfAFunctionAmongAQueuesOwn(t *testing.T) {
	t.Parallel() // most of the time it waits
	for _, own := range [][]string{nil, {"a.jpg", "b.jpg"}} {
		c := newCloud(t, "")
		c.giveUp(t, own...)
		f := newFunction(t, c)
		f.fail(t, c, "direct.jpg")
		f.mend(t)
		d := open(t, pixsqs.Options{Queue: c.deadName})
		if s, err := redrive(t, d, false, nil); err != nil || s != (queue.Summary{Kept: len(own) + 1}) {
			t.Errorf("a look: %+v, %v", s, err)
		}
		if s, err := redrive(t, d, true, nil); err != nil || s != (queue.Summary{Moved: len(own) + 1}) {
			t.Errorf("moved %+v, %v; want %d, none by SQS", s, err, len(own)+1)
		}
		if d.Target() != "" {
			t.Errorf("target is %q; want that each letter has its own", d.Target())
		}
		if n, err := d.Count(t.Context()); err != nil || n != 0 {
			t.Errorf("%d letters are left, %v", n, err)
		}
		if got := c.receive(t, c.url); !slices.Equal(got, own) {
			t.Errorf("the queue has %q, want its own letters %q", got, own)
		}
	}
}

// TestRedrive_ALetterOfAFunctionBehindManyOthers is not in the sample: the task fails.
func TestRedrive_ALetterOfAFunctionBehindManyOthers(t *testing.T) {
	t.Parallel() // most of the time it waits
	c := newCloud(t, "")
	var keys []string
	for i := range 12 {
		keys = append(keys, fmt.Sprintf("%02d.jpg", i))
	}
	c.giveUp(t, keys...)
	f := newFunction(t, c)
	f.fail(t, c, "direct.jpg")
	f.mend(t)
	d := open(t, pixsqs.Options{Queue: c.deadName})
	s, err := redrive(t, d, true, nil)
	if want := (queue.Summary{Moved: 13, Bulk: 12}); err != nil || s != want {
		t.Errorf("moved %+v, %v; want %+v", s, err, want)
	}
	if n, err := d.Count(t.Context()); err != nil || n != 0 {
		t.Errorf("%d letters are left, %v", n, err)
	}
}

// TestRedrive_ALetterThatSomebodyElseLooksAt is not denied.
func TestRedrive_ALetterThatSomebodyElseLooksAt(t *testing.T) {
	t.Parallel() // most of the time it waits
	c := newCloud(t, "")
	c.giveUp(t, "a.jpg")
	if _, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &c.deadURL, VisibilityTimeout: 60}); err != nil {
		t.Fatal(err)
	}
	for _, move := range []bool{false, true} {
		if s, err := redrive(t, open(t, pixsqs.Options{Queue: c.deadName}), move, nil); err != nil || s != (queue.Summary{Unseen: 1}) {
			t.Errorf("move %t: %+v, %v; want one that is not seen", move, s, err)
		}
	}
}
