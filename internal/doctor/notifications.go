package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// allEvents is what a notification has to have: a deletion is an event, too, and so
// is a source that is back from Glacier.
const allEvents = `"s3:ObjectCreated:*","s3:ObjectRemoved:*","s3:LifecycleExpiration:*","s3:ObjectRestore:Completed"`

// discoverOnly finds the routes for the checks of a key, and says nothing of them.
func discoverOnly(ctx context.Context, x *examination) []Finding {
	if !x.place.hasServices() || !x.usable(x.sourceAt()) {
		return nil
	}
	routes, _, _ := x.findRoutes(ctx, x.sourceAt().Bucket)
	x.routes, _ = x.choose(routes)
	return nil
}

func checkNotifications(ctx context.Context, x *examination) []Finding {
	l := x.sourceAt()
	switch {
	case !x.usable(l):
		return nil
	case x.place == placeRuntime:
		return one(ok("the local runtime tells its function of every change itself"))
	case !x.place.hasServices():
		return one(skipped("what tells the function of a new object is not looked at: this endpoint is S3 alone"))
	}
	routes, tells, found := x.findRoutes(ctx, l.Bucket)
	x.unseen = len(found) > 0
	routes, functions := x.choose(routes)
	x.routes = routes
	if len(routes) == 0 && !x.unseen {
		return one(x.noRoute(tells, functions))
	}
	for _, r := range routes {
		wrong := x.checkRoute(ctx, r)
		if len(wrong) == 0 {
			wrong = one(ok("%s", r))
		}
		found = append(found, wrong...)
	}
	return found
}

// noRoute says that no way leads to Pixmill's function. The command that makes one
// replaces all notifications of a bucket: it is shown where there are none.
func (x *examination) noRoute(tells bool, functions []string) Finding {
	bucket := x.sourceAt().Bucket
	const why, beside = "no event reaches Pixmill, and nothing is made", "add Pixmill's queue beside what is there: docs/lambda.md, \"A bucket that you have already\""
	switch {
	case x.function == "" && len(functions) > 1:
		return warning(fmt.Sprintf("%s tells %s of its changes", bucket, strings.Join(functions, ", ")),
			"which of them is Pixmill's cannot be told from their names, and it is not looked at", "pixmill doctor --function "+functions[0])
	case len(functions) > 0:
		return problem(fmt.Sprintf("%s tells %s of its changes, and not %s", bucket, strings.Join(functions, ", "), nameOf(x.function)), why,
			"say with --function which of them is Pixmill's, or "+beside)
	case tells:
		return problem(bucket+" tells somebody of its changes, but no function is at the end", why, beside)
	}
	return problem("nothing is told of new objects in "+bucket, why,
		fmt.Sprintf("aws s3api put-bucket-notification-configuration --bucket %s --notification-configuration '%s'", bucket,
			`{"QueueConfigurations":[{"QueueArn":"`+x.queueARN("pixmill")+`","Events":[`+allEvents+`]}]}`)+"   (the queue has to be there, and S3 allowed to write to it: docs/lambda.md)")
}

// checkRoute looks at one way from the bucket to the function.
func (x *examination) checkRoute(ctx context.Context, r route) []Finding {
	found := checkWhatPasses(r, x.sourceAt().Prefix)
	switch {
	case r.unseen: // the finding of that is there
	case r.queue != "":
		found = append(found, x.checkMapping(r)...)
	default:
		found = append(found, x.checkDirect(ctx, r)...)
	}
	if r.topic != "" {
		found = append(found, x.checkTopicPolicy(ctx, r)...)
	}
	return found
}

// checkWhatPasses compares the filters with the configuration.
func checkWhatPasses(r route, prefix string) []Finding {
	var found []Finding
	if !strings.HasPrefix(prefix, r.prefix) {
		found = append(found, problem(fmt.Sprintf("%s: only keys that begin with %q pass, sources begin with %q", r, r.prefix, prefix),
			"the other sources have no event, and no variants", "change the filter's prefix in the bucket's notification, or source.prefix in the configuration"))
	}
	if r.suffix != "" {
		found = append(found, warning(fmt.Sprintf("%s: only keys that end in %q pass", r, r.suffix),
			"sources with another ending have no event; the rules of the configuration are the better filter", "take the suffix out of the bucket's notification"))
	}
	if len(r.events) == 0 { // a rule without detail-type: all
		return found
	}
	if !has(r.events, "ObjectCreated", "Object Created") {
		found = append(found, problem(fmt.Sprintf("%s: new objects are not among its events: %s", r, strings.Join(r.events, ", ")),
			"nothing is made", "add s3:ObjectCreated:* to the notification (or \"Object Created\" to the rule)"))
	}
	if !has(r.events, "ObjectRemoved", "Object Deleted") {
		found = append(found, warning(fmt.Sprintf("%s: deletions are not among its events: %s", r, strings.Join(r.events, ", ")),
			"variants of deleted sources stay", "add s3:ObjectRemoved:* to the notification (or \"Object Deleted\" to the rule)"))
	}
	return found
}

func has(events []string, s3, bridge string) bool {
	return slices.ContainsFunc(events, func(e string) bool { return strings.Contains(e, s3) || e == bridge })
}

// checkMapping looks at how the function takes messages from the queue.
func (x *examination) checkMapping(r route) []Finding {
	m := r.mapping
	if m == nil {
		function := x.function
		if function == "" {
			function = "pixmill"
		}
		return one(problem("nobody works on the queue "+nameOf(r.queue), "events wait there until they are too old and vanish",
			"aws lambda create-event-source-mapping --function-name "+nameOf(function)+" --event-source-arn "+r.queue+" --batch-size 10 --function-response-types ReportBatchItemFailures"))
	}
	var found []Finding
	state, id := deref(m.State), deref(m.UUID)
	if state == "Disabled" || state == "Disabling" {
		found = append(found, problem(fmt.Sprintf("the event source mapping from %s to %s is %s", nameOf(r.queue), nameOf(r.function), strings.ToLower(state)),
			"events wait in the queue", "aws lambda update-event-source-mapping --uuid "+id+" --enabled"+x.staleNote()))
	}
	if !slices.Contains(m.FunctionResponseTypes, "ReportBatchItemFailures") {
		found = append(found, problem("the event source mapping of "+nameOf(r.queue)+" lacks ReportBatchItemFailures",
			"Lambda does not read which messages failed and deletes them all: events are lost",
			"aws lambda update-event-source-mapping --uuid "+id+" --function-response-types ReportBatchItemFailures"))
	}
	if r := deref(m.LastProcessingResult); strings.HasPrefix(r, "PROBLEM") {
		found = append(found, problem("the event source mapping says: "+r, "events wait in the queue", "mend what it says; iam/queue.json is what the role needs for it"))
	}
	return found
}

// staleNote is for LocalStack 4.14, which notes the end of the old poller last.
func (x *examination) staleNote() string {
	if x.place == placeLocalStack {
		return "   (LocalStack says so after an update at times, though it works)"
	}
	return ""
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
