package notify

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"pixmill/internal/fault"
	"pixmill/internal/handler"
	"pixmill/internal/preset"
)

// cloud makes what events are sent to, in the LocalStack that AWS_ENDPOINT_URL
// names, and removes it in the end.
type cloud struct {
	t    *testing.T
	cfg  aws.Config
	name string // unlike that of any other run
	sqs  *sqs.Client
}

// patience is how long an event may be under way.
const patience = 20 * time.Second

func newCloud(t *testing.T) *cloud {
	t.Helper()
	if os.Getenv("AWS_ENDPOINT_URL") == "" {
		t.Skip("AWS_ENDPOINT_URL is not set: there is no LocalStack")
	}
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithDefaultRegion("us-east-1"))
	if err != nil {
		t.Fatal(err)
	}
	return &cloud{t: t, cfg: cfg, name: "notify-" + rand.Text()[:8], sqs: sqs.NewFromConfig(cfg)}
}

func (c *cloud) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// queue returns URL and ARN of a new queue.
func (c *cloud) queue(name string, attributes map[string]string) (url, arn string) {
	c.t.Helper()
	q, err := c.sqs.CreateQueue(c.t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(name), Attributes: attributes})
	c.must(err)
	c.t.Cleanup(func() {
		_, _ = c.sqs.DeleteQueue(context.Background(), &sqs.DeleteQueueInput{QueueUrl: q.QueueUrl}) // LocalStack keeps nothing anyhow
	})
	a, err := c.sqs.GetQueueAttributes(c.t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: q.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameQueueArn}})
	c.must(err)
	return aws.ToString(q.QueueUrl), a.Attributes["QueueArn"]
}

// received returns the bodies that arrive in time, n at the most.
func (c *cloud) received(url string, n int, patience time.Duration) []string {
	c.t.Helper()
	var bodies []string
	for end := time.Now().Add(patience); len(bodies) < n && time.Now().Before(end); {
		out, err := c.sqs.ReceiveMessage(c.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(url), MaxNumberOfMessages: 10, WaitTimeSeconds: 1})
		c.must(err)
		for _, m := range out.Messages {
			bodies = append(bodies, aws.ToString(m.Body))
		}
	}
	return bodies
}

func (c *cloud) wantExample(body string) {
	c.t.Helper()
	wantBody(c.t, body)
}

func TestLocalStack_EventBridge(t *testing.T) {
	c := newCloud(t)
	url, arn := c.queue(c.name, nil)
	api := eventbridge.NewFromConfig(c.cfg)
	bus, rule := aws.String(c.name), aws.String(c.name)
	_, err := api.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: bus})
	c.must(err)
	_, err = api.PutRule(t.Context(), &eventbridge.PutRuleInput{
		Name: rule, EventBusName: bus, EventPattern: aws.String(`{"source":["pixmill"],"detail-type":["Pixmill Completion"],"detail":{"status":["ok"]}}`),
	})
	c.must(err)
	_, err = api.PutTargets(t.Context(), &eventbridge.PutTargetsInput{
		Rule: rule, EventBusName: bus, Targets: []types.Target{{Id: aws.String("q"), Arn: aws.String(arn)}},
	})
	c.must(err)
	t.Cleanup(func() { // LocalStack keeps nothing anyhow
		ctx := context.Background()
		_, _ = api.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: rule, EventBusName: bus, Ids: []string{"q"}})
		_, _ = api.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: rule, EventBusName: bus})
		_, _ = api.DeleteEventBus(ctx, &eventbridge.DeleteEventBusInput{Name: bus})
	})
	n := open(t, preset.Notify{EventBridge: c.name})
	rejected := example()
	rejected.Status = "rejected"
	for _, e := range []handler.Completion{rejected, example()} {
		c.must(n.Send(t.Context(), e))
	}
	got := c.received(url, 1, patience)
	if len(got) != 1 {
		t.Fatalf("got %q, want the one event that the rule matches", got)
	}
	var e struct {
		Source string
		Detail json.RawMessage
	}
	c.must(json.Unmarshal([]byte(got[0]), &e))
	c.wantExample(string(e.Detail))
}

func TestLocalStack_SNS(t *testing.T) {
	c := newCloud(t)
	url, arn := c.queue(c.name, nil)
	api := sns.NewFromConfig(c.cfg)
	topic, err := api.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String(c.name)})
	c.must(err)
	t.Cleanup(func() {
		_, _ = api.DeleteTopic(context.Background(), &sns.DeleteTopicInput{TopicArn: topic.TopicArn}) // LocalStack keeps nothing anyhow
	})
	_, err = api.Subscribe(t.Context(), &sns.SubscribeInput{
		TopicArn: topic.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String(arn),
		Attributes: map[string]string{"RawMessageDelivery": "true", "FilterPolicy": `{"status":["ok"]}`},
	})
	c.must(err)
	n := open(t, preset.Notify{SNS: aws.ToString(topic.TopicArn)})
	absent := example()
	absent.Status = handler.StatusAbsent
	for _, e := range []handler.Completion{absent, example()} {
		c.must(n.Send(t.Context(), e))
	}
	got := c.received(url, 1, patience)
	if len(got) != 1 {
		t.Fatalf("got %q, want the one event that the filter lets through", got)
	}
	c.wantExample(got[0])
	gone := open(t, preset.Notify{SNS: aws.ToString(topic.TopicArn) + "-gone"})
	if err := gone.Send(t.Context(), example()); fault.KindOf(err) != fault.Misconfigured {
		t.Errorf("a topic that is not there: %v", err)
	}
}

func TestLocalStack_SQSDropsRepeats(t *testing.T) {
	c := newCloud(t)
	url, _ := c.queue(c.name+".fifo", map[string]string{"FifoQueue": "true"})
	n := open(t, preset.Notify{SQS: url})
	next := example()
	next.ID = "ffffffffffffffffffffffffffffffff"
	for _, e := range []handler.Completion{example(), example(), next} {
		c.must(n.Send(t.Context(), e))
	}
	got := c.received(url, 2, patience)
	if len(got) != 2 {
		t.Fatalf("got %q, want two events", got)
	}
	c.wantExample(got[0])
	if more := c.received(url, 1, 2*time.Second); len(more) != 0 {
		t.Errorf("got %q as well", more)
	}
	gone := open(t, preset.Notify{SQS: url[:len(url)-5] + "-gone.fifo"})
	if err := gone.Send(t.Context(), example()); fault.KindOf(err) != fault.Misconfigured {
		t.Errorf("a queue that is not there: %v", err)
	}
}
