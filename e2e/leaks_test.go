package e2e

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventbridgetypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// wantNothingLeft looks for anything of this run that was not removed.
func wantNothingLeft(t *testing.T, endpoint, prefix string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	inventory := newLocalstack(t, endpoint, "").inventory(ctx, prefix)
	for _, kind := range slices.Sorted(maps.Keys(inventory)) {
		found, err := inventory[kind]()
		if found = slices.DeleteFunc(found, func(name string) bool { return !strings.Contains(name, prefix) }); err != nil || len(found) > 0 {
			t.Errorf("%s that this run has left behind: %q %v", kind, found, err)
		}
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(glance) {
		ids, err := processesWith([]byte(marker + "=" + prefix))
		if err == nil && len(ids) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Errorf("function processes that this run has left behind: %v %v", ids, err)
			return
		}
	}
}

// inventory lists what there is, by kind. Names, URLs and ARNs alike hold the
// name of the deployment.
func (l *localstack) inventory(ctx context.Context, prefix string) map[string]func() ([]string, error) {
	return map[string]func() ([]string, error){
		"buckets": func() ([]string, error) {
			out, err := l.s3.ListBuckets(ctx, &s3.ListBucketsInput{})
			if err != nil {
				return nil, err
			}
			return each(out.Buckets, func(b s3types.Bucket) *string { return b.Name }), nil
		},
		"queues": func() ([]string, error) {
			out, err := l.sqs.ListQueues(ctx, &sqs.ListQueuesInput{QueueNamePrefix: &prefix})
			if err != nil {
				return nil, err
			}
			return out.QueueUrls, nil
		},
		"topics": func() ([]string, error) {
			out, err := l.sns.ListTopics(ctx, &sns.ListTopicsInput{})
			if err != nil {
				return nil, err
			}
			return each(out.Topics, func(t snstypes.Topic) *string { return t.TopicArn }), nil
		},
		"rules": func() ([]string, error) {
			out, err := l.events.ListRules(ctx, &eventbridge.ListRulesInput{NamePrefix: &prefix})
			if err != nil {
				return nil, err
			}
			return each(out.Rules, func(r eventbridgetypes.Rule) *string { return r.Name }), nil
		},
		"functions": func() ([]string, error) {
			out, err := l.lambda.ListFunctions(ctx, &lambda.ListFunctionsInput{})
			if err != nil {
				return nil, err
			}
			return each(out.Functions, func(f lambdatypes.FunctionConfiguration) *string { return f.FunctionName }), nil
		},
		"event source mappings": func() ([]string, error) {
			out, err := l.lambda.ListEventSourceMappings(ctx, &lambda.ListEventSourceMappingsInput{})
			if err != nil {
				return nil, err
			}
			return each(out.EventSourceMappings, func(m lambdatypes.EventSourceMappingConfiguration) *string { return m.EventSourceArn }), nil
		},
		"log groups": func() ([]string, error) {
			out, err := l.cwlogs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/aws/lambda/" + prefix)})
			if err != nil {
				return nil, err
			}
			return each(out.LogGroups, func(g logstypes.LogGroup) *string { return g.LogGroupName }), nil
		},
	}
}

func each[T any](of []T, name func(T) *string) []string {
	var names []string
	for _, x := range of {
		names = append(names, aws.ToString(name(x)))
	}
	return names
}
