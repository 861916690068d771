// Package sqs is the dead letters in Amazon SQS: those that a queue's redrive
// policy moved there, and those that Lambda put there as the failure destination or
// the dead-letter queue of a function. It is the only importer of the SDK's SQS
// client beside doctor, and never creates, purges or configures a queue.
//
// What it needs is in iam/doctor.json.
package sqs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"pixmill/internal/fault"
)

// Options say which queue, and where its letters go.
type Options struct {
	Queue      string // URL, ARN or name of the dead-letter queue
	ToQueue    string // URL, ARN or name of the queue that gets them; empty: the one that they came from
	ToFunction string // name or ARN of the function that gets them instead
}

// DeadLetters is an open dead-letter queue. It implements queue.DeadLetters.
type DeadLetters struct {
	sqs       *sqs.Client
	lambda    *lambda.Client
	transport *http.Transport
	url, arn  string
	waiting   int // what Count said when it was opened

	sources    []string // URLs of the queues whose dead letters come here
	toQueue    string   // URL; empty: by the letter
	toFunction string
	mixed      bool // a letter of a function was received
}

// Open finds the queue. The error is Misconfigured.
func Open(ctx context.Context, o Options) (*DeadLetters, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(awshttp.NewBuildableClient()), config.WithLogger(logging.Nop{}))
	if err != nil {
		return nil, fault.New(fault.Misconfigured, "load the AWS configuration", "", err)
	}
	transport := transportOf(cfg.HTTPClient)
	cfg.HTTPClient = &http.Client{Transport: transport}
	if cfg.Region == "" && cfg.BaseEndpoint != nil {
		cfg.Region = "us-east-1"
	}
	if cfg.Region == "" {
		return nil, fault.New(fault.Misconfigured, "open SQS", "", errors.New("no region: set AWS_REGION, or AWS_ENDPOINT_URL for another SQS than AWS's"))
	}
	d := &DeadLetters{transport: transport, sqs: sqs.NewFromConfig(cfg), lambda: lambda.NewFromConfig(cfg), toFunction: o.ToFunction}
	if err := d.find(ctx, o); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// find looks for the queue, and for the one that is to get the letters.
func (d *DeadLetters) find(ctx context.Context, o Options) (err error) {
	if d.url, err = d.resolve(ctx, o.Queue); err != nil {
		return err
	}
	if err := d.describe(ctx, o.Queue); err != nil || o.ToQueue == "" {
		return err
	}
	if d.toQueue, err = d.resolve(ctx, o.ToQueue); err != nil {
		return err
	}
	if d.toQueue == d.url {
		return fault.New(fault.Misconfigured, "open queue", o.ToQueue, errors.New("the letters are there already: name another queue to send them to"))
	}
	return nil
}

// transportOf returns a transport whose idle connections can be closed, with what
// the configuration asks for (AWS_CA_BUNDLE).
func transportOf(client aws.HTTPClient) *http.Transport {
	buildable, ok := client.(*awshttp.BuildableClient)
	if !ok {
		buildable = awshttp.NewBuildableClient()
	}
	return buildable.GetTransport()
}

// Close closes the connections that are idle.
func (d *DeadLetters) Close() { d.transport.CloseIdleConnections() }

// resolve returns the URL of a queue that is named by URL, ARN or name.
func (d *DeadLetters) resolve(ctx context.Context, queue string) (string, error) {
	if strings.HasPrefix(queue, "http://") || strings.HasPrefix(queue, "https://") {
		return queue, nil
	}
	in := &sqs.GetQueueUrlInput{QueueName: &queue}
	if parts := strings.Split(queue, ":"); len(parts) == 6 && parts[0] == "arn" {
		in.QueueOwnerAWSAccountId, in.QueueName = &parts[4], &parts[5]
	}
	out, err := d.sqs.GetQueueUrl(ctx, in)
	if _, missing := errors.AsType[*types.QueueDoesNotExist](err); missing {
		return "", fault.New(fault.Misconfigured, "open queue", queue, errors.New("there is no such queue in this account and region"))
	}
	if err != nil {
		return "", refused("open queue", queue, "sqs:GetQueueUrl", err)
	}
	return aws.ToString(out.QueueUrl), nil
}

// describe reads what the queue is, and refuses one that is no dead-letter queue.
func (d *DeadLetters) describe(ctx context.Context, queue string) error {
	out, err := d.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl:       &d.url,
		AttributeNames: append([]types.QueueAttributeName{types.QueueAttributeNameQueueArn, types.QueueAttributeNameRedrivePolicy}, counts()...),
	})
	if _, missing := errors.AsType[*types.QueueDoesNotExist](err); missing {
		return fault.New(fault.Misconfigured, "open queue", queue, errors.New("there is no such queue in this account and region"))
	}
	if err != nil {
		return refused("open queue", queue, "sqs:GetQueueAttributes", err)
	}
	d.arn = out.Attributes["QueueArn"]
	d.waiting = sum(out.Attributes)
	var policy struct {
		Dead string `json:"deadLetterTargetArn"`
	}
	_ = json.Unmarshal([]byte(out.Attributes["RedrivePolicy"]), &policy) // absent, or SQS's own
	if d.sources, err = d.listSources(ctx); err != nil {
		return err
	}
	if policy.Dead != "" && len(d.sources) == 0 {
		dead := nameOf(policy.Dead)
		return fault.New(fault.Misconfigured, "open queue", queue, fmt.Errorf("it is no dead-letter queue, its own is %s: use --queue %[1]s", dead))
	}
	return nil
}

// counts are the attributes that make up the letters of a queue: those that may be
// received, those that are hidden, and those that are late.
func counts() []types.QueueAttributeName {
	return []types.QueueAttributeName{
		types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
		types.QueueAttributeNameApproximateNumberOfMessagesDelayed,
	}
}

func sum(attributes map[string]string) (total int) {
	for _, name := range counts() {
		n, _ := strconv.Atoi(attributes[string(name)]) // absent where a store of queues has no such thing
		total += n
	}
	return total
}

// Count returns about how many letters there are, those that are hidden, too. It may
// be late by a minute.
func (d *DeadLetters) Count(ctx context.Context) (int, error) {
	out, err := d.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &d.url, AttributeNames: counts()})
	if err != nil {
		return 0, refused("count the letters of queue", d.Name(), "sqs:GetQueueAttributes", err)
	}
	return sum(out.Attributes), nil
}

// listSources returns the queues whose dead-letter queue this is.
func (d *DeadLetters) listSources(ctx context.Context) ([]string, error) {
	var urls []string
	pages := sqs.NewListDeadLetterSourceQueuesPaginator(d.sqs, &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: &d.url})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, refused("list the sources of queue", d.Name(), "sqs:ListDeadLetterSourceQueues", err)
		}
		urls = append(urls, page.QueueUrls...)
	}
	return urls, nil
}

// Name returns the queue's name.
func (d *DeadLetters) Name() string { return nameOf(d.url) }

// Waiting returns what Count said when the queue was opened.
func (d *DeadLetters) Waiting() int { return d.waiting }

// Grouped reports whether a walk may see only a part: of a FIFO queue's group
// nothing more is received while its first ten are.
func (d *DeadLetters) Grouped() bool { return fifo(d.url) }

// Target says where letters go, for people; empty where each letter says it itself,
// as it does among those received so far.
func (d *DeadLetters) Target() string {
	switch {
	case d.toFunction != "":
		return "the function " + nameOf(d.toFunction)
	case d.toQueue != "":
		return nameOf(d.toQueue)
	case len(d.sources) == 1 && !d.mixed:
		return nameOf(d.sources[0])
	}
	return ""
}

// nameOf returns the last part of a URL or an ARN.
func nameOf(s string) string { return s[strings.LastIndexAny(s, "/:")+1:] }

// fifo reports whether messages have groups.
func fifo(url string) bool { return strings.HasSuffix(url, ".fifo") }

// refused gives an SDK's error its kind, and names the permission that is missing.
func refused(op, key, action string, err error) error {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		switch e.ErrorCode() {
		case "AccessDenied", "AccessDeniedException":
			return fault.New(fault.Misconfigured, op, key, fmt.Errorf("needs %s: %w", action, err))
		}
	}
	return fault.New(fault.Transient, op, key, err)
}
