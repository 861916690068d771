package e2e

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// localstack is one deployment in LocalStack. Everything of it has a name that
// begins with the deployment's, and is removed in the opposite order.
type localstack struct {
	t    *testing.T
	plan plan
	name string // of the deployment
	via  *proxy

	s3     *s3.Client
	sqs    *sqs.Client
	sns    *sns.Client
	events *eventbridge.Client
	lambda *lambda.Client
	cwlogs *cloudwatchlogs.Client

	source, output string // buckets
	functionARN    string
	work           string // URL of the queue before the function, where there is one
	deadLetters    string // URL of the queue for what is given up
	seen           []string
	undo           []func(context.Context) error
}

// localstackPlace deploys on the LocalStack at AWS_ENDPOINT_URL.
func localstackPlace(t *testing.T, zip string) place {
	t.Helper()
	endpoint := os.Getenv(varStack)
	if endpoint == "" {
		t.Fatalf("%s is not set: make e2e-localstack sets it", varStack)
	}
	mustBeLocalStack(t, endpoint)
	code, err := os.ReadFile(zip)
	if err != nil {
		t.Fatal(err)
	}
	run := make([]byte, 3)
	rand.Read(run)
	prefix := "e2e-" + hex.EncodeToString(run) + "-"
	t.Cleanup(func() { wantNothingLeft(t, endpoint, prefix) })
	return place{name: "LocalStack", deploy: func(t *testing.T, p plan) target {
		return startLocalstack(t, endpoint, prefix+p.name, code, p)
	}}
}

// mustBeLocalStack keeps the suite away from a real AWS account.
func mustBeLocalStack(t *testing.T, endpoint string) {
	t.Helper()
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(endpoint + "/_localstack/health")
	if err != nil {
		t.Fatalf("%s=%s is no LocalStack that answers: %v", varStack, endpoint, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s=%s is no LocalStack: /_localstack/health says %s", varStack, endpoint, res.Status)
	}
}

func startLocalstack(t *testing.T, endpoint, name string, code []byte, p plan) *localstack {
	t.Helper()
	host := os.Getenv(varHost)
	if host == "" {
		host = loopback
	}
	l := newLocalstack(t, endpoint, name)
	l.plan, l.via = p, newProxy(t, host)
	l.via.sendTo(t, endpoint)
	t.Cleanup(func() { // unless stop has done it; what a failed deployment has made goes, too
		if err := l.remove(context.Background()); err != nil {
			t.Errorf("remove %s: %v", name, err)
		}
	})
	l.deploy(t.Context(), code)
	return l
}

func newLocalstack(t *testing.T, endpoint, name string) *localstack {
	t.Helper()
	cfg := awsConfig(t, endpoint)
	return &localstack{
		t: t, name: name, s3: newClient(t, endpoint),
		sqs: sqs.NewFromConfig(cfg), sns: sns.NewFromConfig(cfg), events: eventbridge.NewFromConfig(cfg),
		lambda: lambda.NewFromConfig(cfg), cwlogs: cloudwatchlogs.NewFromConfig(cfg),
	}
}

func (l *localstack) client() *s3.Client               { return l.s3 }
func (l *localstack) buckets() (source, output string) { return l.source, l.output }
func (l *localstack) proxy() *proxy                    { return l.via }

func (l *localstack) fate() fate { return fate{batches: true, deaths: l.plan.attempts} }

// processes finds none of a LocalStack in a container, unless the test is root.
func (l *localstack) processes() ([]int, error) { return processesOf(l.name) }

// dead takes what came into the dead-letter queue and remembers it.
func (l *localstack) dead(ctx context.Context) ([]string, error) {
	for {
		out, err := l.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &l.deadLetters, MaxNumberOfMessages: 10})
		if err != nil || len(out.Messages) == 0 {
			return slices.Clone(l.seen), err
		}
		for _, m := range out.Messages {
			_, err := l.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &l.deadLetters, ReceiptHandle: m.ReceiptHandle})
			if err != nil {
				return nil, err
			}
			l.seen = append(l.seen, keysOf([]byte(aws.ToString(m.Body)))...)
		}
	}
}

// send puts a message into the queue before the function.
func (l *localstack) send(ctx context.Context, body string) error {
	_, err := l.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &l.work, MessageBody: &body})
	return err
}

func (l *localstack) logs(ctx context.Context) (string, error) {
	var text strings.Builder
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(l.cwlogs, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String(l.logGroup())})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return text.String(), err
		}
		for _, e := range page.Events {
			text.WriteString(strings.TrimRight(aws.ToString(e.Message), "\n") + "\n")
		}
	}
	return text.String(), nil
}

func (l *localstack) logGroup() string { return "/aws/lambda/" + l.name }

// stop waits for what is still in the queue, then removes everything.
func (l *localstack) stop(ctx context.Context) (leftovers, error) {
	var left leftovers
	waiting, err := l.drained(ctx)
	left.waiting = waiting
	dead, deadErr := l.dead(ctx)
	left.dead = dead
	return left, errors.Join(err, deadErr, l.remove(ctx))
}

// drained waits until the queue is empty; a message whose invocation failed is
// hidden for as long as an invocation may take. It returns how many are left.
func (l *localstack) drained(ctx context.Context) (int, error) {
	if l.work == "" {
		return 0, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*l.plan.timeout+10*time.Second)
	defer cancel()
	for {
		depths, err := l.depths(ctx, l.work)
		sum := 0
		for _, n := range depths {
			sum += n
		}
		if sum == 0 || err != nil {
			return sum, err
		}
		select {
		case <-time.After(glance):
		case <-ctx.Done():
			return sum, nil
		}
	}
}

func (l *localstack) queues(ctx context.Context) string {
	var b strings.Builder
	for _, url := range []string{l.work, l.deadLetters} {
		if url != "" {
			depths, err := l.depths(ctx, url)
			fmt.Fprintf(&b, "\n    %s: %v %v", url, depths, err)
		}
	}
	return b.String()
}

// depths returns the three numbers of messages that SQS tells of a queue.
func (l *localstack) depths(ctx context.Context, url string) (map[string]int, error) {
	out, err := l.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameAll},
	})
	if err != nil {
		return nil, err
	}
	depths := map[string]int{}
	for name, value := range out.Attributes {
		if strings.HasPrefix(name, "ApproximateNumberOfMessages") {
			if depths[name], err = strconv.Atoi(value); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	if len(depths) == 0 {
		return nil, fmt.Errorf("%s tells no numbers of messages", url)
	}
	return depths, nil
}

// deploy makes everything that the function's configuration names, in the order
// that a template has.
func (l *localstack) deploy(ctx context.Context, code []byte) {
	l.t.Helper()
	l.source, l.output = l.bucket(ctx, "in"), l.bucket(ctx, "out")
	l.deadLetters = l.queue(ctx, "dead", nil)
	l.function(ctx, code)
	switch l.plan.way {
	case direct:
		l.wireDirect(ctx)
	case queued:
		l.wireQueue(ctx)
	case topic:
		l.wireTopic(ctx)
	case bridge:
		l.wireBridge(ctx)
	}
}

// function creates the function, and waits until it can be invoked.
func (l *localstack) function(ctx context.Context, code []byte) {
	l.t.Helper()
	out, err := l.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: &l.name, Runtime: lambdatypes.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Role:    aws.String("arn:aws:iam::000000000000:role/pixmill-e2e"), // LocalStack enforces none
		Timeout: aws.Int32(int32(l.plan.timeout.Seconds())), MemorySize: aws.Int32(memoryMiB),
		Code: &lambdatypes.FunctionCode{ZipFile: code},
		Environment: &lambdatypes.Environment{Variables: map[string]string{
			"PIXMILL_CONFIG":        presets,
			"PIXMILL_SOURCE_BUCKET": l.source,
			"PIXMILL_OUTPUT_BUCKET": l.output,
			endpointVariable:        l.via.URL,
			marker:                  l.name,
		}},
	})
	l.must("create the function", err)
	l.functionARN = aws.ToString(out.FunctionArn)
	l.later(func(ctx context.Context) error {
		_, err := l.lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: &l.name})
		return err
	})
	waiter := lambda.NewFunctionActiveV2Waiter(l.lambda, func(o *lambda.FunctionActiveV2WaiterOptions) {
		o.MinDelay, o.MaxDelay = glance, time.Second
	})
	l.must("wait for the function", waiter.Wait(ctx, &lambda.GetFunctionInput{FunctionName: &l.name}, patience))
	l.later(func(ctx context.Context) error { // made by the first invocation
		_, err := l.cwlogs.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String(l.logGroup())})
		return err
	})
}

func (l *localstack) must(what string, err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatalf("%s of %s: %v", what, l.name, err)
	}
}

// later adds a step to the removal, before all that are there.
func (l *localstack) later(step func(context.Context) error) { l.undo = append(l.undo, step) }

// remove has time of its own, whatever was waited for before.
func (l *localstack) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	var errs []error
	for _, step := range slices.Backward(l.undo) {
		errs = append(errs, step(ctx))
	}
	l.undo = nil
	return errors.Join(errs...)
}
