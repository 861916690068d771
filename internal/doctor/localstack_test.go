package doctor_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"pixmill/internal/doctor"
	"pixmill/internal/preset"
)

// cloud is a healthy set-up in a LocalStack: bucket → queue → function.
type cloud struct {
	s3      *s3.Client
	sqs     *sqs.Client
	sns     *sns.Client
	lambda  *lambda.Client
	events  *eventbridge.Client
	presets *preset.Config

	name, source, output           string
	url, arn, deadURL, deadARN     string
	functionARN, mapping, snsTopic string
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	if os.Getenv("AWS_ENDPOINT_URL") == "" {
		t.Skip("no LocalStack: AWS_ENDPOINT_URL is not set")
	}
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("pixmill-%d", time.Now().UnixNano())
	c := &cloud{
		s3: s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }), sqs: sqs.NewFromConfig(cfg), sns: sns.NewFromConfig(cfg),
		lambda: lambda.NewFromConfig(cfg), events: eventbridge.NewFromConfig(cfg),
		name: name, source: name + "-in", output: name + "-out",
	}
	c.presets = parse(t, c.source, c.output)
	for _, b := range []string{c.source, c.output} {
		must(t)(c.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &b}))
	}
	c.deadURL, c.deadARN = c.queue(t, name+"-dead", map[string]string{"MessageRetentionPeriod": "1209600"})
	c.arn = strings.TrimSuffix(c.deadARN, "-dead")
	c.url, _ = c.queue(t, name, map[string]string{
		"VisibilityTimeout": "360",
		"RedrivePolicy":     fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":5}`, c.deadARN),
		"Policy":            allow("s3.amazonaws.com", "sqs:SendMessage", c.arn, "arn:aws:s3:::"+c.source),
	})
	c.makeFunction(t)
	c.notify(t, c.source, c.toQueue())
	return c
}

// must fails the test on an error and passes the rest by.
func must(t *testing.T) func(any, error) {
	return func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func allow(service, action, resource, source string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":%q},"Action":%q,"Resource":%q,"Condition":{"ArnEquals":{"aws:SourceArn":%q}}}]}`,
		service, action, resource, source)
}

func (c *cloud) queue(t *testing.T, name string, attributes map[string]string) (url, arn string) {
	t.Helper()
	out, err := c.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	must(t)(out, err)
	t.Cleanup(func() { _, _ = c.sqs.DeleteQueue(context.Background(), &sqs.DeleteQueueInput{QueueUrl: out.QueueUrl}) })
	return *out.QueueUrl, "arn:aws:sqs:us-east-1:000000000000:" + name
}

// makeFunction makes a function that is never called, fed by the queue.
func (c *cloud) makeFunction(t *testing.T) {
	t.Helper()
	var code bytes.Buffer
	z := zip.NewWriter(&code)
	w, err := z.Create("bootstrap")
	must(t)(w, err)
	must(t)(w.Write([]byte("#!/bin/sh\n")))
	must(t)(nil, z.Close())
	out, err := c.lambda.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: &c.name, Runtime: lambdatypes.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Role: aws.String("arn:aws:iam::000000000000:role/pixmill"), Code: &lambdatypes.FunctionCode{ZipFile: code.Bytes()},
		Timeout: aws.Int32(60), MemorySize: aws.Int32(1769),
		Environment: &lambdatypes.Environment{Variables: map[string]string{"PIXMILL_SOURCE_BUCKET": c.source, "PIXMILL_OUTPUT_BUCKET": c.output}},
	})
	must(t)(out, err)
	c.functionARN = *out.FunctionArn
	t.Cleanup(func() {
		_, _ = c.lambda.DeleteFunction(context.Background(), &lambda.DeleteFunctionInput{FunctionName: &c.name})
	})
	c.settle(t)
	mapping, err := c.lambda.CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{
		FunctionName: &c.name, EventSourceArn: &c.arn, FunctionResponseTypes: []lambdatypes.FunctionResponseType{"ReportBatchItemFailures"},
	})
	must(t)(mapping, err)
	c.mapping = *mapping.UUID
	c.settleMapping(t, true)
	t.Cleanup(func() {
		_, _ = c.lambda.DeleteEventSourceMapping(context.Background(), &lambda.DeleteEventSourceMappingInput{UUID: &c.mapping})
	})
}

// settle waits until the function is what it was last told to be.
func (c *cloud) settle(t *testing.T) {
	t.Helper()
	err := lambda.NewFunctionUpdatedV2Waiter(c.lambda, func(o *lambda.FunctionUpdatedV2WaiterOptions) {
		o.MinDelay, o.MaxDelay = 50*time.Millisecond, time.Second
	}).
		Wait(t.Context(), &lambda.GetFunctionInput{FunctionName: &c.name}, time.Minute)
	if err == nil {
		err = lambda.NewFunctionActiveV2Waiter(c.lambda, func(o *lambda.FunctionActiveV2WaiterOptions) {
			o.MinDelay, o.MaxDelay = 50*time.Millisecond, time.Second
		}).
			Wait(t.Context(), &lambda.GetFunctionInput{FunctionName: &c.name}, time.Minute)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// settleMapping waits until the mapping is on, or off. LocalStack may say that it is
// off after an update, when its old poller ends last: then it is switched on again.
func (c *cloud) settleMapping(t *testing.T, on bool) {
	t.Helper()
	for range 300 {
		out, err := c.lambda.GetEventSourceMapping(t.Context(), &lambda.GetEventSourceMappingInput{UUID: &c.mapping})
		must(t)(out, err)
		switch state := aws.ToString(out.State); {
		case state == "Enabled" && on, state == "Disabled" && !on:
			return
		case state == "Disabled":
			must(t)(c.lambda.UpdateEventSourceMapping(t.Context(), &lambda.UpdateEventSourceMappingInput{UUID: &c.mapping, Enabled: aws.Bool(true)}))
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("the event source mapping does not settle")
}

func (c *cloud) update(t *testing.T, edit func(*lambda.UpdateFunctionConfigurationInput)) {
	t.Helper()
	in := &lambda.UpdateFunctionConfigurationInput{FunctionName: &c.name}
	edit(in)
	must(t)(c.lambda.UpdateFunctionConfiguration(t.Context(), in))
	c.settle(t)
}

var all = []s3types.Event{"s3:ObjectCreated:*", "s3:ObjectRemoved:*"}

func (c *cloud) toQueue() *s3types.NotificationConfiguration {
	return &s3types.NotificationConfiguration{QueueConfigurations: []s3types.QueueConfiguration{{QueueArn: &c.arn, Events: all}}}
}

func (c *cloud) direct() *s3types.NotificationConfiguration {
	return &s3types.NotificationConfiguration{LambdaFunctionConfigurations: []s3types.LambdaFunctionConfiguration{{LambdaFunctionArn: &c.functionARN, Events: all}}}
}

func (c *cloud) notify(t *testing.T, bucket string, n *s3types.NotificationConfiguration) {
	t.Helper()
	must(t)(c.s3.PutBucketNotificationConfiguration(t.Context(), &s3.PutBucketNotificationConfigurationInput{
		Bucket: &bucket, NotificationConfiguration: n, SkipDestinationValidation: aws.Bool(true),
	}))
}

func (c *cloud) attributes(t *testing.T, url string, a map[string]string) {
	t.Helper()
	must(t)(c.sqs.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: a}))
}

func (c *cloud) mayCall(t *testing.T, service, source string) {
	t.Helper()
	must(t)(c.lambda.AddPermission(t.Context(), &lambda.AddPermissionInput{
		FunctionName: &c.name, StatementId: aws.String(strings.TrimSuffix(service, ".amazonaws.com")), Action: aws.String("lambda:InvokeFunction"),
		Principal: &service, SourceArn: &source,
	}))
}

// keepsFailures gives the function a failure destination.
func (c *cloud) keepsFailures(t *testing.T) {
	t.Helper()
	must(t)(c.lambda.PutFunctionEventInvokeConfig(t.Context(), &lambda.PutFunctionEventInvokeConfigInput{
		FunctionName: &c.name, DestinationConfig: &lambdatypes.DestinationConfig{OnFailure: &lambdatypes.OnFailure{Destination: &c.deadARN}},
	}))
}

// topic puts a topic between the bucket and the queue; the policy is the topic's.
func (c *cloud) topic(t *testing.T, policy func(arn string) string) {
	t.Helper()
	out, err := c.sns.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: &c.name})
	must(t)(out, err)
	c.snsTopic = *out.TopicArn
	t.Cleanup(func() { _, _ = c.sns.DeleteTopic(context.Background(), &sns.DeleteTopicInput{TopicArn: &c.snsTopic}) })
	must(t)(c.sns.SetTopicAttributes(t.Context(), &sns.SetTopicAttributesInput{TopicArn: &c.snsTopic, AttributeName: aws.String("Policy"), AttributeValue: aws.String(policy(c.snsTopic))}))
	must(t)(c.sns.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: &c.snsTopic, Protocol: aws.String("sqs"), Endpoint: &c.arn}))
	c.attributes(t, c.url, map[string]string{"Policy": allow("sns.amazonaws.com", "sqs:SendMessage", c.arn, c.snsTopic)})
	c.notify(t, c.source, &s3types.NotificationConfiguration{TopicConfigurations: []s3types.TopicConfiguration{{TopicArn: &c.snsTopic, Events: all}}})
}

// rule lets EventBridge take a bucket's events to the queue.
func (c *cloud) rule(t *testing.T, bucket string) {
	t.Helper()
	name := c.name + "-" + bucket[len(bucket)-3:]
	rule, err := c.events.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: &name, EventPattern: aws.String(
		fmt.Sprintf(`{"source":["aws.s3"],"detail-type":["Object Created","Object Deleted"],"detail":{"bucket":{"name":[%q]}}}`, bucket),
	)})
	must(t)(rule, err)
	must(t)(c.events.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: &name, Targets: []eventtypes.Target{{Id: aws.String("queue"), Arn: &c.arn}}}))
	t.Cleanup(func() {
		_, _ = c.events.RemoveTargets(context.Background(), &eventbridge.RemoveTargetsInput{Rule: &name, Ids: []string{"queue"}})
		_, _ = c.events.DeleteRule(context.Background(), &eventbridge.DeleteRuleInput{Name: &name})
	})
	c.attributes(t, c.url, map[string]string{"Policy": allow("events.amazonaws.com", "sqs:SendMessage", c.arn, *rule.RuleArn)})
	c.notify(t, bucket, &s3types.NotificationConfiguration{EventBridgeConfiguration: &s3types.EventBridgeConfiguration{}})
}

func (c *cloud) examine(t *testing.T) []doctor.Finding {
	t.Helper()
	return examine(t, doctor.Options{Presets: c.presets})
}

// follow does what a finding says, word for word, with the AWS command line.
func follow(t *testing.T, f doctor.Finding) {
	t.Helper()
	command, _, _ := strings.Cut(f.Fix, "   (")
	out, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%v: %s", command, err, out)
	}
}

// log writes lines into the function's log group, now.
func (c *cloud) log(t *testing.T, lines ...string) {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context())
	must(t)(cfg, err)
	logs := cloudwatchlogs.NewFromConfig(cfg)
	group, stream := "/aws/lambda/"+c.name, "test"
	_, _ = logs.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &group}) // it may be there
	must(t)(logs.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: &stream}))
	in := &cloudwatchlogs.PutLogEventsInput{LogGroupName: &group, LogStreamName: &stream}
	for _, line := range lines {
		in.LogEvents = append(in.LogEvents, logtypes.InputLogEvent{Message: &line, Timestamp: aws.Int64(time.Now().UnixMilli())})
	}
	must(t)(logs.PutLogEvents(t.Context(), in))
}
