package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventbridgetypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// watched are the notifications that the function is to have.
func watched() []s3types.Event { return []s3types.Event{"s3:ObjectCreated:*", "s3:ObjectRemoved:*"} }

// bucket creates a bucket; it is emptied before it is removed.
func (l *localstack) bucket(ctx context.Context, suffix string) string {
	l.t.Helper()
	name := l.name + "-" + suffix
	_, err := l.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name})
	l.must("create the bucket "+suffix, err)
	l.later(func(ctx context.Context) error { return l.removeBucket(ctx, name) })
	return name
}

func (l *localstack) removeBucket(ctx context.Context, name string) error {
	pages := s3.NewListObjectsV2Paginator(l.s3, &s3.ListObjectsV2Input{Bucket: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		var objects []s3types.ObjectIdentifier
		for _, o := range page.Contents {
			objects = append(objects, s3types.ObjectIdentifier{Key: o.Key})
		}
		if len(objects) == 0 {
			continue
		}
		if _, err := l.s3.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &name, Delete: &s3types.Delete{Objects: objects}}); err != nil {
			return err
		}
	}
	_, err := l.s3.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &name})
	return err
}

// queue creates a queue and returns its URL.
func (l *localstack) queue(ctx context.Context, suffix string, attributes map[string]string) string {
	l.t.Helper()
	out, err := l.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(l.name + "-" + suffix), Attributes: attributes})
	l.must("create the queue "+suffix, err)
	l.later(func(ctx context.Context) error {
		_, err := l.sqs.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: out.QueueUrl})
		return err
	})
	return aws.ToString(out.QueueUrl)
}

func (l *localstack) queueARN(ctx context.Context, url string) string {
	l.t.Helper()
	out, err := l.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameQueueArn},
	})
	l.must("read the attributes of "+url, err)
	return out.Attributes[string(sqstypes.QueueAttributeNameQueueArn)]
}

func (l *localstack) notify(ctx context.Context, c *s3types.NotificationConfiguration) {
	l.t.Helper()
	_, err := l.s3.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{
		Bucket: &l.source, NotificationConfiguration: c,
	})
	l.must("set up the notifications", err)
}

// asynchronously gives what was invoked without an answer its last resort: after
// two more tries the event goes to the dead letters.
func (l *localstack) asynchronously(ctx context.Context, caller string) {
	l.t.Helper()
	_, err := l.lambda.AddPermission(ctx, &lambda.AddPermissionInput{
		FunctionName: &l.name, StatementId: aws.String("caller"), Action: aws.String("lambda:InvokeFunction"), Principal: &caller,
	})
	l.must("permit "+caller, err)
	_, err = l.lambda.PutFunctionEventInvokeConfig(ctx, &lambda.PutFunctionEventInvokeConfigInput{
		FunctionName: &l.name, MaximumRetryAttempts: aws.Int32(2),
		DestinationConfig: &lambdatypes.DestinationConfig{
			OnFailure: &lambdatypes.OnFailure{Destination: aws.String(l.queueARN(ctx, l.deadLetters))},
		},
	})
	l.must("set the failure destination", err)
}

func (l *localstack) wireDirect(ctx context.Context) {
	l.t.Helper()
	l.asynchronously(ctx, "s3.amazonaws.com")
	l.notify(ctx, &s3types.NotificationConfiguration{LambdaFunctionConfigurations: []s3types.LambdaFunctionConfiguration{
		{LambdaFunctionArn: &l.functionARN, Events: watched()},
	}})
}

// wireQueue hides a message for as long as an invocation may take: AWS asks for
// no less, and a scenario that breaks something waits for it.
func (l *localstack) wireQueue(ctx context.Context) {
	l.t.Helper()
	redrive, err := json.Marshal(map[string]any{"deadLetterTargetArn": l.queueARN(ctx, l.deadLetters), "maxReceiveCount": l.plan.attempts})
	l.must("write the redrive policy", err)
	l.work = l.queue(ctx, "work", map[string]string{
		"VisibilityTimeout": strconv.Itoa(int(l.plan.timeout.Seconds())),
		"RedrivePolicy":     string(redrive),
	})
	arn := l.queueARN(ctx, l.work)
	l.notify(ctx, &s3types.NotificationConfiguration{QueueConfigurations: []s3types.QueueConfiguration{{QueueArn: &arn, Events: watched()}}})
	mapping, err := l.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
		FunctionName: &l.name, EventSourceArn: &arn, BatchSize: aws.Int32(10),
		FunctionResponseTypes: []lambdatypes.FunctionResponseType{lambdatypes.FunctionResponseTypeReportBatchItemFailures},
	})
	l.must("map the queue to the function", err)
	l.later(func(ctx context.Context) error { return l.removeMapping(ctx, mapping.UUID) })
}

// removeMapping waits until the poller has ended: before that it may hold a message.
func (l *localstack) removeMapping(ctx context.Context, id *string) error {
	if _, err := l.lambda.DeleteEventSourceMapping(ctx, &lambda.DeleteEventSourceMappingInput{UUID: id}); err != nil {
		return err
	}
	for {
		_, err := l.lambda.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: id})
		if gone := (*lambdatypes.ResourceNotFoundException)(nil); errors.As(err, &gone) {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-time.After(glance):
		case <-ctx.Done():
			return fmt.Errorf("the mapping %s is still there: %w", aws.ToString(id), ctx.Err())
		}
	}
}

func (l *localstack) wireTopic(ctx context.Context) {
	l.t.Helper()
	l.asynchronously(ctx, "sns.amazonaws.com")
	created, err := l.sns.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String(l.name + "-images")})
	l.must("create the topic", err)
	l.later(func(ctx context.Context) error {
		_, err := l.sns.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: created.TopicArn})
		return err
	})
	subscription, err := l.sns.Subscribe(ctx, &sns.SubscribeInput{
		TopicArn: created.TopicArn, Protocol: aws.String("lambda"), Endpoint: &l.functionARN, ReturnSubscriptionArn: true,
	})
	l.must("subscribe the function", err)
	l.later(func(ctx context.Context) error {
		_, err := l.sns.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: subscription.SubscriptionArn})
		return err
	})
	l.notify(ctx, &s3types.NotificationConfiguration{TopicConfigurations: []s3types.TopicConfiguration{
		{TopicArn: created.TopicArn, Events: watched()},
	}})
}

func (l *localstack) wireBridge(ctx context.Context) {
	l.t.Helper()
	l.asynchronously(ctx, "events.amazonaws.com")
	pattern, err := json.Marshal(map[string]any{
		"source":      []string{"aws.s3"},
		"detail-type": []string{"Object Created", "Object Deleted"},
		"detail":      map[string]any{"bucket": map[string]any{"name": []string{l.source}}},
	})
	l.must("write the pattern", err)
	rule := aws.String(l.name + "-images")
	_, err = l.events.PutRule(ctx, &eventbridge.PutRuleInput{Name: rule, EventPattern: aws.String(string(pattern))})
	l.must("create the rule", err)
	l.later(func(ctx context.Context) error {
		_, err := l.events.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: rule})
		return err
	})
	_, err = l.events.PutTargets(ctx, &eventbridge.PutTargetsInput{
		Rule: rule, Targets: []eventbridgetypes.Target{{Id: aws.String("function"), Arn: &l.functionARN}},
	})
	l.must("let the rule invoke the function", err)
	l.later(func(ctx context.Context) error {
		_, err := l.events.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: rule, Ids: []string{"function"}})
		return err
	})
	l.notify(ctx, &s3types.NotificationConfiguration{EventBridgeConfiguration: &s3types.EventBridgeConfiguration{}})
}
