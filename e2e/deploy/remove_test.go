package deploy

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// remove removes what the scripts of localstack-init have made, and reports what
// it could not.
func (s *stack) remove(ctx context.Context, t *testing.T, d deployment) {
	t.Helper()
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("remove %s: %v", what, err)
		}
	}
	mappings, err := s.lambda.ListEventSourceMappings(ctx, &lambda.ListEventSourceMappingsInput{FunctionName: &d.name})
	must("the mappings", err)
	if err == nil {
		for _, m := range mappings.EventSourceMappings {
			_, err := s.lambda.DeleteEventSourceMapping(ctx, &lambda.DeleteEventSourceMappingInput{UUID: m.UUID})
			must("the mapping", err)
		}
	}
	_, err = s.lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: &d.name})
	must("the function", err)
	switch d.trigger {
	case "eventbridge":
		_, err = s.events.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: &d.name, Ids: []string{"queue"}})
		must("the rule's target", err)
		_, err = s.events.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: &d.name})
		must("the rule", err)
	case "topic":
		_, err = s.sns.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: aws.String(d.topicARN())})
		must("the topic", err)
	}
	for _, name := range []string{d.name, d.name + "-dead"} {
		url, err := s.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
		must("queue "+name, err)
		if err == nil {
			_, err = s.sqs.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: url.QueueUrl})
			must("queue "+name, err)
		}
	}
	for _, bucket := range []string{d.source, d.output} {
		_, err := s.s3.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &bucket})
		must("bucket "+bucket, err)
	}
	_, err = s.logs.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("/aws/lambda/" + d.name)})
	must("the log", err)
}

// nothingLeft wants the function, its queues and buckets to be gone.
func (s *stack) nothingLeft(t *testing.T, d deployment) {
	t.Helper()
	if _, err := s.lambda.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: &d.name}); err == nil {
		t.Errorf("function %s is still there", d.name)
	}
	queues, err := s.sqs.ListQueues(t.Context(), &sqs.ListQueuesInput{QueueNamePrefix: &d.name})
	if err != nil || len(queues.QueueUrls) > 0 {
		t.Errorf("queues are left: %v, %v", queues, err)
	}
	for _, bucket := range []string{d.source, d.output} {
		if keys, err := s.keys(t.Context(), bucket); !noBucket(err) {
			t.Errorf("bucket %s is still there: %q, %v", bucket, keys, err)
		}
	}
}
