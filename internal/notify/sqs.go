package notify

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// sqsAPI is the one call that is made.
type sqsAPI interface {
	SendMessage(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
}

// queue is an SQS queue.
type queue struct {
	api sqsAPI
	url string
}

// newQueue sends to the region that the URL names, or, where the URL is not one
// of AWS's and no other endpoint is set, to its host.
func newQueue(cfg aws.Config, address string) *queue {
	return &queue{url: address, api: sqs.NewFromConfig(cfg, func(o *sqs.Options) {
		u, err := url.Parse(address)
		if err != nil {
			return // then the call says what is wrong with it
		}
		if region, ours := awsRegion(u.Hostname()); ours {
			o.Region = region
		} else if o.BaseEndpoint == nil {
			o.BaseEndpoint = aws.String(u.Scheme + "://" + u.Host)
		}
	})}
}

// awsRegion returns the region of sqs.REGION.amazonaws.com, .com.cn (China) or .eu (the
// European Sovereign Cloud). Those of the partitions that are cut off from the internet
// count as no AWS: their URL is where they are.
func awsRegion(host string) (region string, ok bool) {
	host, sqs := strings.CutPrefix(host, "sqs.")
	region, rest, _ := strings.Cut(host, ".")
	return region, sqs && (rest == "amazonaws.com" || rest == "amazonaws.com.cn" || rest == "amazonaws.eu")
}

func (q *queue) String() string { return "sqs:SendMessage on " + q.url }

func (q *queue) send(ctx context.Context, m message) error {
	in := &sqs.SendMessageInput{
		QueueUrl:    aws.String(q.url),
		MessageBody: aws.String(m.body),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"status": {DataType: aws.String("String"), StringValue: aws.String(string(m.Status))},
		},
	}
	if isFIFO(q.url) {
		in.MessageGroupId, in.MessageDeduplicationId = aws.String(m.group), aws.String(m.ID)
	}
	_, err := q.api.SendMessage(ctx, in)
	return err
}
