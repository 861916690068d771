package deploy

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventstypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"pixmill/internal/manifest"
)

// listener is a queue that gets a deployment's completion events: itself, or
// behind a topic or a bus.
type listener struct {
	stack *stack
	url   string
}

// listen makes what the deployment is to notify, another kind for each trigger, and
// says so in it. The last trigger has none.
func (s *stack) listen(t *testing.T, d *deployment) *listener {
	t.Helper()
	name := "done-" + d.name
	arn := func(service, name string) string {
		return "arn:aws:" + service + ":" + region + ":" + account + ":" + name
	}
	switch d.trigger {
	case "queue":
		d.notify = "sqs=https://sqs." + region + ".amazonaws.com/" + account + "/" + name
		d.notifyGrant = "sqs:SendMessage on " + arn("sqs", name)
	case "eventbridge":
		d.notify = "eventbridge=default"
		d.notifyGrant = "events:PutEvents on " + arn("events", "event-bus/default")
	case "topic":
		d.notify = "sns=" + arn("sns", name)
		d.notifyGrant = "sns:Publish on " + arn("sns", name)
	default:
		return nil
	}
	ctx, must := t.Context(), func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("listen to %s: %v", d.notify, err)
		}
	}
	queue, err := s.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name})
	must(err)
	switch d.trigger {
	case "eventbridge":
		pattern := `{"source": ["pixmill"], "detail": {"source": {"bucket": ["` + d.source + `"]}}}`
		_, err := s.events.PutRule(ctx, &eventbridge.PutRuleInput{Name: &name, EventPattern: &pattern})
		must(err)
		_, err = s.events.PutTargets(ctx, &eventbridge.PutTargetsInput{
			Rule: &name, Targets: []eventstypes.Target{{Id: aws.String("queue"), Arn: aws.String(arn("sqs", name))}},
		})
		must(err)
	case "topic":
		_, err := s.sns.CreateTopic(ctx, &sns.CreateTopicInput{Name: &name})
		must(err)
		_, err = s.sns.Subscribe(ctx, &sns.SubscribeInput{
			TopicArn: aws.String(arn("sns", name)), Protocol: aws.String("sqs"), Endpoint: aws.String(arn("sqs", name)),
		})
		must(err)
	}
	t.Cleanup(func() { s.removeListener(t, name, *d, aws.ToString(queue.QueueUrl)) })
	return &listener{stack: s, url: aws.ToString(queue.QueueUrl)}
}

func (s *stack) removeListener(t *testing.T, name string, d deployment, queue string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var errs []error
	try := func(err error) { errs = append(errs, err) }
	switch d.trigger {
	case "eventbridge":
		_, err := s.events.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: &name, Ids: []string{"queue"}})
		try(err)
		_, err = s.events.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: &name})
		try(err)
	case "topic":
		_, err := s.sns.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: aws.String(strings.TrimPrefix(d.notify, "sns="))})
		try(err)
	}
	_, err := s.sqs.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &queue})
	try(err)
	for _, err := range errs {
		if err != nil {
			t.Errorf("remove what listens to %s: %v", d.notify, err)
		}
	}
}

// hears waits for completion events of these states of a key, whatever else comes.
func (l *listener) hears(t *testing.T, d deployment, key string, states ...manifest.Status) {
	t.Helper()
	if l == nil {
		return
	}
	missing := map[manifest.Status]bool{}
	for _, s := range states {
		missing[s] = true
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for len(missing) > 0 {
		out, err := l.stack.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &l.url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1})
		if err != nil {
			t.Fatalf("with Notify=%s no completion event %v of %s came: %v; the function's log:\n%s", d.notify, missing, key, err, l.stack.log(t, d))
		}
		for _, m := range out.Messages {
			c := completion(t, aws.ToString(m.Body))
			if c.Source.Bucket == d.source && c.Source.Key == key {
				delete(missing, c.Status)
			}
		}
	}
}

// completed is what these tests read of a completion event.
type completed struct {
	Status manifest.Status
	Source struct{ Bucket, Key string }
}

// completion reads an event out of what SNS and EventBridge put around it.
func completion(t *testing.T, body string) completed {
	t.Helper()
	var around struct {
		Message string
		Detail  json.RawMessage
	}
	var c completed
	err := json.Unmarshal([]byte(body), &around)
	switch {
	case around.Message != "":
		body = around.Message
	case around.Detail != nil:
		body = string(around.Detail)
	}
	if err == nil {
		err = json.Unmarshal([]byte(body), &c)
	}
	if err != nil {
		t.Fatalf("no completion event: %s: %v", body, err)
	}
	return c
}
