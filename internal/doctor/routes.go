package doctor

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// route is one way on which a bucket's event reaches a function.
type route struct {
	bucket   string
	topic    string // ARN of the SNS topic between; empty: none
	rule     string // name of the EventBridge rule; empty: none
	ruleARN  string
	queue    string // ARN of the SQS queue between; empty: none
	unseen   bool   // who works on the queue could not be looked at
	mapping  *lambdatypes.EventSourceMappingConfiguration
	function string   // ARN; empty: the queue has no event source mapping
	events   []string // as the notification or the rule names them
	prefix   string   // only keys with it
	suffix   string
}

// String names the stations: "s3://uploads → queue pixmill → function pixmill".
func (r route) String() string {
	parts := []string{"s3://" + r.bucket}
	if r.topic != "" {
		parts = append(parts, "topic "+nameOf(r.topic))
	}
	if r.rule != "" {
		parts = append(parts, "EventBridge rule "+r.rule)
	}
	if r.queue != "" {
		parts = append(parts, "queue "+nameOf(r.queue))
	}
	if r.function != "" {
		parts = append(parts, "function "+nameOf(r.function))
	}
	return strings.Join(parts, " → ")
}

// findRoutes returns every route from a bucket, whether it tells anybody of
// anything, and a finding for what could not be seen of that.
func (x *examination) findRoutes(ctx context.Context, bucket string) (routes []route, tells bool, unseen []Finding) {
	out, err := x.s3.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: &bucket})
	if err != nil {
		return nil, false, one(notSeen("the notifications of "+bucket, "s3:GetBucketNotification on "+x.bucketARN(bucket), err))
	}
	more := func(r []route, f []Finding) { routes, unseen = append(routes, r...), append(unseen, f...) }
	for _, c := range out.LambdaFunctionConfigurations {
		r := route{bucket: bucket, function: aws.ToString(c.LambdaFunctionArn), events: words(c.Events)}
		r.prefix, r.suffix = filters(c.Filter)
		routes = append(routes, r)
	}
	for _, c := range out.QueueConfigurations {
		r := route{bucket: bucket, queue: aws.ToString(c.QueueArn), events: words(c.Events)}
		r.prefix, r.suffix = filters(c.Filter)
		more(x.behindQueue(ctx, r))
	}
	for _, c := range out.TopicConfigurations {
		r := route{bucket: bucket, topic: aws.ToString(c.TopicArn), events: words(c.Events)}
		r.prefix, r.suffix = filters(c.Filter)
		more(x.behindTopic(ctx, r))
	}
	if out.EventBridgeConfiguration != nil {
		more(x.behindEventBridge(ctx, bucket))
	}
	tells = out.EventBridgeConfiguration != nil || len(out.LambdaFunctionConfigurations)+len(out.QueueConfigurations)+len(out.TopicConfigurations) > 0
	return merged(routes), tells, unseen
}

// merged makes one of the routes that differ in their events only: CloudFormation
// writes a configuration of its own for each event of a bucket.
func merged(routes []route) []route {
	var out []route
	for _, r := range routes {
		i := slices.IndexFunc(out, r.sameWay)
		switch {
		case i < 0:
			out = append(out, r)
		case len(r.events) == 0 || len(out[i].events) == 0: // all
			out[i].events = nil
		default:
			out[i].events = slices.Concat(out[i].events, r.events)
		}
	}
	return out
}

func (r route) sameWay(o route) bool {
	uuid := func(m *lambdatypes.EventSourceMappingConfiguration) string {
		if m == nil {
			return ""
		}
		return aws.ToString(m.UUID)
	}
	return r.String() == o.String() && r.ruleARN == o.ruleARN && r.prefix == o.prefix && r.suffix == o.suffix && uuid(r.mapping) == uuid(o.mapping)
}

func words[T ~string](events []T) []string {
	var names []string
	for _, e := range events {
		names = append(names, string(e))
	}
	return names
}

func filters(f *s3types.NotificationConfigurationFilter) (prefix, suffix string) {
	if f == nil || f.Key == nil {
		return "", ""
	}
	for _, r := range f.Key.FilterRules {
		switch strings.ToLower(string(r.Name)) {
		case "prefix":
			prefix = aws.ToString(r.Value)
		case "suffix":
			suffix = aws.ToString(r.Value)
		}
	}
	return prefix, suffix
}

// behindQueue continues a route to the functions that work on its queue.
func (x *examination) behindQueue(ctx context.Context, r route) ([]route, []Finding) {
	var routes []route
	pages := lambda.NewListEventSourceMappingsPaginator(x.lambda, &lambda.ListEventSourceMappingsInput{EventSourceArn: &r.queue})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			r.unseen = true
			return []route{r}, one(notSeen("who works on the queue "+nameOf(r.queue), "lambda:ListEventSourceMappings", err))
		}
		for _, m := range page.EventSourceMappings {
			to := r
			to.mapping, to.function = &m, aws.ToString(m.FunctionArn)
			routes = append(routes, to)
		}
	}
	if len(routes) == 0 {
		return []route{r}, nil
	}
	return routes, nil
}

// behind continues a route to a queue or a function; others are somebody else's.
func (x *examination) behind(ctx context.Context, r route, arn string) ([]route, []Finding) {
	switch serviceOf(arn) {
	case "lambda":
		r.function = arn
		return []route{r}, nil
	case "sqs":
		r.queue = arn
		return x.behindQueue(ctx, r)
	}
	return nil, nil
}

func (x *examination) behindTopic(ctx context.Context, r route) (routes []route, unseen []Finding) {
	pages := sns.NewListSubscriptionsByTopicPaginator(x.sns, &sns.ListSubscriptionsByTopicInput{TopicArn: &r.topic})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return routes, append(unseen, notSeen("who listens to the topic "+nameOf(r.topic), "sns:ListSubscriptionsByTopic", err))
		}
		for _, s := range page.Subscriptions {
			more, f := x.behind(ctx, r, aws.ToString(s.Endpoint))
			routes, unseen = append(routes, more...), append(unseen, f...)
		}
	}
	return routes, unseen
}

// choose keeps the routes to Pixmill's function: the one that was named, else the
// only one, else the one with "pixmill" in its name. A queue without a function is
// kept: its mapping may be what is missing.
func (x *examination) choose(routes []route) (kept []route, functions []string) {
	for _, r := range routes {
		if name := nameOf(r.function); r.function != "" && !slices.Contains(functions, name) {
			functions = append(functions, name)
		}
	}
	name := nameOf(x.function)
	if name == "" && len(functions) == 1 {
		name = functions[0]
	}
	if name == "" {
		if i := slices.IndexFunc(functions, func(f string) bool { return strings.Contains(strings.ToLower(f), "pixmill") }); i >= 0 {
			name = functions[i]
		}
	}
	if x.function == "" {
		x.function = name
	}
	for _, r := range routes {
		if nameOf(r.function) == name || r.function == "" {
			kept = append(kept, r)
		}
	}
	return kept, functions
}
