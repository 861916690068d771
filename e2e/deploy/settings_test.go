package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// settings are what a deployment ended with, by name, as its services tell it.
// The deployment's own names are replaced, so that two can be compared.
type settings map[string]string

func (d deployment) topicARN() string { return "arn:aws:sns:" + region + ":" + account + ":" + d.name }

// settings asks for everything that the three ways to deploy should agree on.
func (s *stack) settings(t *testing.T, d deployment) settings {
	t.Helper()
	found := settings{}
	names := strings.NewReplacer(d.source, "SOURCE", d.output, "OUTPUT", d.name, "NAME")
	set := func(name string, value any, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("ask for %s: %v", name, err)
		}
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		found[name] = names.Replace(string(text))
	}
	ctx := t.Context()
	s.functionSettings(ctx, d, set)
	s.queueSettings(ctx, d, set)
	s.notificationSettings(ctx, d, set)
	switch d.trigger {
	case "eventbridge":
		s.ruleSettings(ctx, d, set)
	case "topic":
		s.topicSettings(ctx, d, set)
	case "direct":
		policy, err := s.lambda.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: &d.name})
		if err == nil {
			set("function policy", plain(aws.ToString(policy.Policy)), err)
		} else {
			set("function policy", nil, err)
		}
	}
	return found
}

type setter func(name string, value any, err error)

func (s *stack) functionSettings(ctx context.Context, d deployment, set setter) {
	f, err := s.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &d.name})
	if err != nil {
		set("function", nil, err)
		return
	}
	set("function", []any{f.Runtime, f.Handler, f.Architectures, f.CodeSha256}, nil)
	set("memory and time-out", []any{f.MemorySize, f.Timeout, f.EphemeralStorage}, nil)
	set("environment", f.Environment.Variables, nil)
	async, err := s.lambda.GetFunctionEventInvokeConfig(ctx, &lambda.GetFunctionEventInvokeConfigInput{FunctionName: &d.name})
	if err != nil {
		set("asynchronous", nil, err)
		return
	}
	set("asynchronous", []any{async.MaximumRetryAttempts, async.DestinationConfig.OnFailure}, nil)
	out, err := s.lambda.ListEventSourceMappings(ctx, &lambda.ListEventSourceMappingsInput{FunctionName: &d.name})
	if err == nil && len(out.EventSourceMappings) != 1 {
		err = fmt.Errorf("there are %d mappings, want one", len(out.EventSourceMappings))
	}
	if err != nil {
		set("mapping", nil, err)
		return
	}
	m := out.EventSourceMappings[0]
	set("mapping", []any{m.State, m.EventSourceArn, m.BatchSize, m.FunctionResponseTypes, m.ScalingConfig, m.MaximumBatchingWindowInSeconds}, nil)
}

func (s *stack) queueSettings(ctx context.Context, d deployment, set setter) {
	for _, queue := range []string{d.name, d.name + "-dead"} {
		url, err := s.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &queue})
		if err != nil {
			set("queue "+queue, nil, err)
			return
		}
		out, err := s.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
			QueueUrl: url.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameAll},
		})
		if err != nil {
			set("queue "+queue, nil, err)
			return
		}
		label := strings.Replace(queue, d.name, "queue", 1)
		set(label+" times", []string{out.Attributes["VisibilityTimeout"], out.Attributes["MessageRetentionPeriod"]}, nil)
		set(label+" redrive", plain(out.Attributes["RedrivePolicy"]), nil)
		set(label+" policy", plain(out.Attributes["Policy"]), nil)
	}
}

func (s *stack) notificationSettings(ctx context.Context, d deployment, set setter) {
	n, err := s.s3.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: &d.source})
	if err != nil {
		set("notifications", nil, err)
		return
	}
	// One configuration with four events is the same as four with one.
	var lines []string
	add := func(arn *string, event string) { lines = append(lines, event+" → "+aws.ToString(arn)) }
	for _, c := range n.QueueConfigurations {
		for _, e := range c.Events {
			add(c.QueueArn, string(e))
		}
	}
	for _, c := range n.TopicConfigurations {
		for _, e := range c.Events {
			add(c.TopicArn, string(e))
		}
	}
	for _, c := range n.LambdaFunctionConfigurations {
		for _, e := range c.Events {
			add(c.LambdaFunctionArn, string(e))
		}
	}
	slices.Sort(lines)
	set("notifications", lines, nil)
	set("notifications by EventBridge", n.EventBridgeConfiguration != nil, nil)
}

func (s *stack) ruleSettings(ctx context.Context, d deployment, set setter) {
	rule, err := s.events.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: &d.name})
	if err != nil {
		set("rule", nil, err)
		return
	}
	set("rule", []any{rule.State, plain(aws.ToString(rule.EventPattern))}, nil)
	targets, err := s.events.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: &d.name})
	if err != nil {
		set("rule's targets", nil, err)
		return
	}
	set("rule's targets", targets.Targets, nil)
}

func (s *stack) topicSettings(ctx context.Context, d deployment, set setter) {
	topic, err := s.sns.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String(d.topicARN())})
	if err != nil {
		set("topic", nil, err)
		return
	}
	set("topic policy", plain(topic.Attributes["Policy"]), nil)
	out, err := s.sns.ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: aws.String(d.topicARN())})
	if err != nil {
		set("subscriptions", nil, err)
		return
	}
	subscriptions := map[string][]string{}
	for _, sub := range out.Subscriptions {
		a, err := s.sns.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: sub.SubscriptionArn})
		if err != nil {
			set("subscriptions", nil, err)
			return
		}
		subscriptions[aws.ToString(sub.Endpoint)] = []string{aws.ToString(sub.Protocol), a.Attributes["RawMessageDelivery"]}
	}
	set("subscriptions", subscriptions, nil)
}

// plain reads a JSON document without what differs and means nothing: the names of
// statements and numbers in quotes; and without the SourceAccount of a function's
// policy, which LocalStack's CloudFormation passes over.
func plain(document string) any {
	var v any
	if document == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(document), &v); err != nil {
		return document
	}
	return withoutNames(v)
}

func withoutNames(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			if k == "Sid" || k == "Id" || k == "StringEquals" && isAccount(v[k]) {
				delete(v, k)
				continue
			}
			v[k] = withoutNames(v[k])
		}
	case []any:
		for i := range v {
			v[i] = withoutNames(v[i])
		}
	case float64:
		return fmt.Sprint(v)
	}
	return v
}

// isAccount reports whether a condition is on the account and on nothing else.
func isAccount(condition any) bool {
	c, ok := condition.(map[string]any)
	_, account := c["AWS:SourceAccount"]
	return ok && account && len(c) == 1
}
