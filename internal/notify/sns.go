package notify

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// snsAPI is the one call that is made.
type snsAPI interface {
	Publish(context.Context, *sns.PublishInput, ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// topic is an SNS topic.
type topic struct {
	api snsAPI
	arn string
}

func newTopic(cfg aws.Config, arn string) *topic {
	return &topic{arn: arn, api: sns.NewFromConfig(cfg, func(o *sns.Options) { o.Region = regionOf(arn) })}
}

func (t *topic) String() string { return "sns:Publish on " + t.arn }

func (t *topic) send(ctx context.Context, m message) error {
	in := &sns.PublishInput{
		TopicArn: aws.String(t.arn),
		Message:  aws.String(m.body),
		MessageAttributes: map[string]types.MessageAttributeValue{ // for filter policies
			"status": {DataType: aws.String("String"), StringValue: aws.String(string(m.Status))},
		},
	}
	if isFIFO(t.arn) {
		in.MessageGroupId, in.MessageDeduplicationId = aws.String(m.group), aws.String(m.ID)
	}
	_, err := t.api.Publish(ctx, in)
	return err
}
