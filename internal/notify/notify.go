// Package notify sends the handler's completion events to EventBridge, SNS and
// SQS. It is the only importer of the SDK's clients for EventBridge and SNS, and
// of SQS's as far as sending goes. It decides nothing about when an event is
// sent, and creates no bus, topic or queue.
//
// What the function's role needs, of what it is told to send to:
//
//	EventBridge  events:PutEvents, on the bus
//	SNS          sns:Publish, on the topic
//	SQS          sqs:SendMessage, on the queue
//
// An encrypted topic or queue also needs kms:GenerateDataKey and kms:Decrypt, on
// its key.
package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"

	"pixmill/internal/fault"
	"pixmill/internal/handler"
	"pixmill/internal/preset"
)

// sendTimeout bounds a Send with its retries: the invocation waits for it.
const sendTimeout = 10 * time.Second

// target is one place that events go to.
type target interface {
	send(ctx context.Context, m message) error
	String() string // for errors: the call and what it was made on
}

// Notifier sends each event to all of its targets. It may be used concurrently.
type Notifier struct {
	targets   []target
	transport *http.Transport
}

// New makes the clients for the targets that are set, of which there must be
// one; region, credentials and endpoints are the SDK's, from its environment
// variables. It asks nothing over the network. The error is Misconfigured.
func New(ctx context.Context, to preset.Notify) (*Notifier, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(awshttp.NewBuildableClient()))
	if err != nil {
		return nil, fault.New(fault.Misconfigured, "load the AWS configuration", "", err)
	}
	if cfg.Region == "" && cfg.BaseEndpoint != nil {
		cfg.Region = "us-east-1" // another service than AWS's, to which it is a word like any other
	}
	if cfg.Region == "" {
		return nil, fault.New(fault.Misconfigured, "send completion events", "", errors.New("no region: set AWS_REGION"))
	}
	n := &Notifier{transport: transportOf(cfg.HTTPClient)}
	cfg.HTTPClient = &http.Client{Transport: n.transport}
	if to.EventBridge != "" {
		n.targets = append(n.targets, newBus(cfg, to.EventBridge))
	}
	if to.SNS != "" {
		n.targets = append(n.targets, newTopic(cfg, to.SNS))
	}
	if to.SQS != "" {
		n.targets = append(n.targets, newQueue(cfg, to.SQS))
	}
	if len(n.targets) == 0 {
		return nil, fault.New(fault.Misconfigured, "send completion events", "", errors.New("there is nowhere to send them to"))
	}
	return n, nil
}

// transportOf returns a transport of our own, whose idle connections can be
// closed, with what the SDK's configuration asks for (AWS_CA_BUNDLE).
func transportOf(client aws.HTTPClient) *http.Transport {
	buildable, ok := client.(*awshttp.BuildableClient)
	if !ok {
		buildable = awshttp.NewBuildableClient()
	}
	t := buildable.GetTransport()
	t.IdleConnTimeout = 30 * time.Second
	return t
}

// Send sends an event to every target, at once, and returns when all have
// answered. After an error some of them may have it: the event is sent again to
// all, with the same id. The error is Transient, or Misconfigured where somebody
// has to mend something first.
func (n *Notifier) Send(ctx context.Context, c handler.Completion) error {
	m, err := newMessage(c)
	if err != nil {
		return fault.New(fault.Misconfigured, "encode the completion event", c.Source.Key, err)
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	results := make(chan error, len(n.targets))
	for _, t := range n.targets {
		go func() { results <- classify(t, t.send(ctx, m)) }()
	}
	var all error
	for range n.targets {
		all = both(all, <-results)
	}
	return all
}

// both joins two errors, of which each may be nil, in one line.
func both(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return fmt.Errorf("%w; %w", a, b)
}

// Close closes the connections that are idle. Call it when no Send runs.
func (n *Notifier) Close() { n.transport.CloseIdleConnections() }
