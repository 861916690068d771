package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	visibilityFactor = 6 // times the function's time-out: AWS's advice, room for retries of a throttled batch
	minReceiveCount  = 3
	longestRetention = 14 * 24 * 3600 // seconds; SQS's most
)

// queueSettings are what matters of a queue.
type queueSettings struct {
	url, arn   string
	visibility int // seconds
	retention  int // seconds
	waiting    int
	hidden     int // by those who look at them, about
	policy     string
	dead       string // ARN
	receives   int    // before a message is a dead letter
}

// queueSettings reads a queue by its ARN.
func (x *examination) queueSettings(ctx context.Context, arn string) (queueSettings, error) {
	q := queueSettings{arn: arn}
	url, err := x.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(nameOf(arn))})
	if err != nil {
		return q, err
	}
	q.url = aws.ToString(url.QueueUrl)
	out, err := x.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: url.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameAll},
	})
	if err != nil {
		return q, err
	}
	number := func(name sqstypes.QueueAttributeName) int {
		n, _ := strconv.Atoi(out.Attributes[string(name)]) // SQS's own numbers
		return n
	}
	q.visibility, q.retention = number(sqstypes.QueueAttributeNameVisibilityTimeout), number(sqstypes.QueueAttributeNameMessageRetentionPeriod)
	q.waiting, q.policy = number(sqstypes.QueueAttributeNameApproximateNumberOfMessages), out.Attributes["Policy"]
	q.hidden = number(sqstypes.QueueAttributeNameApproximateNumberOfMessagesNotVisible)
	var redrive struct {
		Dead     string `json:"deadLetterTargetArn"`
		Receives any    `json:"maxReceiveCount"` // a number, or one in quotes
	}
	if json.Unmarshal([]byte(out.Attributes["RedrivePolicy"]), &redrive) == nil {
		q.dead = redrive.Dead
		_, _ = fmt.Sscan(fmt.Sprint(redrive.Receives), &q.receives)
	}
	return q, nil
}

// queues returns the ARNs of the queues between the bucket and the function.
func (x *examination) queues() []string {
	var arns []string
	for _, r := range x.routes {
		if r.queue != "" && !slices.Contains(arns, r.queue) {
			arns = append(arns, r.queue)
		}
	}
	return arns
}

func checkQueues(ctx context.Context, x *examination) []Finding {
	var found []Finding
	for _, arn := range x.queues() {
		found = append(found, x.checkQueue(ctx, arn)...)
	}
	return found
}

func (x *examination) checkQueue(ctx context.Context, arn string) []Finding {
	name := nameOf(arn)
	q, err := x.queueSettings(ctx, arn)
	if _, gone := errors.AsType[*sqstypes.QueueDoesNotExist](err); gone {
		return one(problem("there is no queue "+name, "events are dropped on the way", createQueue(name)))
	}
	if err != nil {
		return one(notSeen("the queue "+name, "sqs:GetQueueAttributes and sqs:GetQueueUrl on "+arn, err))
	}
	found := x.checkQueuePolicy(q)
	found = append(found, x.checkVisibility(ctx, q)...)
	switch {
	case q.dead == "":
		found = append(found, problem(name+" has no dead-letter queue", "an event that cannot be worked on comes again until it is too old, and is gone then",
			createQueue(nameOf(deadARN(arn)))+" && "+setRedrivePolicy(q, deadARN(arn), 5)))
	case q.receives < minReceiveCount:
		found = append(found, warning(fmt.Sprintf("%s gives a message up after %s", name, count(q.receives, "attempt")), "a short trouble, as of a deploy, makes dead letters", setRedrivePolicy(q, q.dead, 5)))
	}
	if len(found) == 0 {
		found = one(ok("%s: hidden for %d s, given up after %d attempts, %d waiting", name, q.visibility, q.receives, q.waiting))
	}
	return found
}

// deadARN names the dead-letter queue of a queue: SQS wants one of the same kind.
func deadARN(queue string) string {
	name, isFIFO := strings.CutSuffix(queue, fifo)
	if isFIFO {
		return name + "-dead" + fifo
	}
	return name + "-dead"
}

// fifo is how the names of FIFO queues end.
const fifo = ".fifo"

// createQueue makes a queue, or does nothing where it is there.
func createQueue(name string) string {
	if strings.HasSuffix(name, fifo) {
		return "aws sqs create-queue --queue-name " + name + " --attributes FifoQueue=true"
	}
	return "aws sqs create-queue --queue-name " + name
}

func setRedrivePolicy(q queueSettings, dead string, receives int) string {
	return fmt.Sprintf(`aws sqs set-queue-attributes --queue-url %s --attributes '{"RedrivePolicy":"{\"deadLetterTargetArn\":\"%s\",\"maxReceiveCount\":\"%d\"}"}'`, q.url, dead, receives)
}

// checkQueuePolicy looks whether those that write to the queue may.
func (x *examination) checkQueuePolicy(q queueSettings) []Finding {
	var found []Finding
	for _, r := range x.routes {
		if r.queue != q.arn {
			continue
		}
		service, source := x.caller(r)
		if allowsService(q.policy, service, "sqs:SendMessage", source) {
			continue
		}
		q.policy = withStatement(q.policy, service, "sqs:SendMessage", q.arn, source)
		found = append(found, problem(fmt.Sprintf("%s may not write to the queue %s", service, nameOf(q.arn)), "events are dropped on the way",
			fmt.Sprintf("aws sqs set-queue-attributes --queue-url %s --attributes %s", q.url, quoteShell(`{"Policy":`+quoteJSON(q.policy)+`}`))))
	}
	return found
}

func (x *examination) checkVisibility(ctx context.Context, q queueSettings) []Finding {
	if x.function == "" {
		return nil
	}
	f, err := x.functionSettings(ctx, x.function)
	if err != nil {
		return nil // the check of the function says why
	}
	want := visibilityFactor * f.timeout
	if q.visibility >= want {
		return nil
	}
	what := fmt.Sprintf("%s hides a message for %d s; the function may take %d s", nameOf(q.arn), q.visibility, f.timeout)
	fix := fmt.Sprintf("aws sqs set-queue-attributes --queue-url %s --attributes VisibilityTimeout=%d", q.url, want)
	if q.visibility < f.timeout {
		return one(problem(what, "a message comes again while it is still being worked on, and counts as failed", fix))
	}
	return one(warning(what, "less than 6 times as long: when Lambda is throttled, messages use up their attempts while they wait", fix))
}

func checkDeadLetters(ctx context.Context, x *examination) []Finding {
	if l := x.opts.Local; l != nil {
		return checkLocalDeadLetters(l)
	}
	var found []Finding
	for _, arn := range x.deadQueues(ctx) {
		name := nameOf(arn)
		q, err := x.queueSettings(ctx, arn)
		_, gone := errors.AsType[*sqstypes.QueueDoesNotExist](err)
		switch {
		case gone:
			found = append(found, problem("there is no queue "+name+", which is to take the dead letters", "what fails too often is lost", createQueue(name)))
			continue
		case err != nil:
			found = append(found, notSeen("the dead-letter queue "+name, "sqs:GetQueueAttributes and sqs:GetQueueUrl on "+arn, err))
			continue
		case q.waiting+q.hidden > 0:
			found = append(found, warning(fmt.Sprintf("%s in %s", count(q.waiting+q.hidden, "event"), name),
				"their variants are missing or old until they are tried again", "pixmill redrive --queue "+name+"   (shows them; when the cause is mended, with --run)"))
		}
		if q.retention < 4*24*3600 {
			found = append(found, warning(fmt.Sprintf("%s keeps dead letters for %s", name, hours(q.retention)), "over a long weekend they are gone before anybody looks",
				fmt.Sprintf("aws sqs set-queue-attributes --queue-url %s --attributes MessageRetentionPeriod=%d", q.url, longestRetention)))
		}
		if q.waiting+q.hidden == 0 {
			found = append(found, ok("none in %s", name))
		}
	}
	return found
}

func hours(seconds int) string {
	if seconds < 3600 {
		return count(seconds/60, "minute")
	}
	return count(seconds/3600, "hour")
}

// deadQueues returns the ARNs of the queues where dead letters of the routes lie.
func (x *examination) deadQueues(ctx context.Context) []string {
	var arns []string
	add := func(arn string) {
		if serviceOf(arn) == "sqs" && !slices.Contains(arns, arn) {
			arns = append(arns, arn)
		}
	}
	for _, arn := range x.queues() {
		if q, err := x.queueSettings(ctx, arn); err == nil {
			add(q.dead)
		}
	}
	if x.function != "" {
		add(x.failureDestination(ctx, nameOf(x.function)))
		if f, err := x.functionSettings(ctx, x.function); err == nil {
			add(f.deadLetters)
		}
	}
	return arns
}

func checkLocalDeadLetters(l *Local) []Finding {
	switch {
	case l.Dead < 0:
		return one(skipped("the dead letters are not looked at: the runtime (process " + l.Running + ") uses " + l.Data + "; they can be when it is stopped"))
	case l.Dead == 0:
		return one(ok("none in %s", l.Data))
	}
	return one(warning(fmt.Sprintf("%s in %s", count(l.Dead, "event"), l.Data), "their variants are missing or old until they are tried again",
		"pixmill redrive --data "+quoteShell(l.Data)+"   (shows them; when the cause is mended, with --run)"))
}
