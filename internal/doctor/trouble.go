package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"pixmill/internal/queue"
	"pixmill/internal/queue/sqs"
)

func explainDeadLetters(ctx context.Context, x *examination) []Finding {
	if l := x.opts.Local; l != nil {
		return checkLocalDeadLetters(l)
	}
	if !x.place.hasServices() {
		return nil
	}
	arns := x.deadQueues(ctx)
	if len(arns) > 0 && x.opts.ReadOnly {
		return one(skipped("not looked at: that would hide them from others for a moment, and this is --read-only"))
	}
	var found []Finding
	for _, arn := range arns {
		found = append(found, x.lettersOfKey(ctx, arn)...)
	}
	return found
}

// lettersOfKey looks for the key among the dead letters of a queue.
func (x *examination) lettersOfKey(ctx context.Context, arn string) []Finding {
	name := nameOf(arn)
	dead, err := sqs.Open(ctx, sqs.Options{Queue: arn})
	if err != nil {
		return one(notSeen("the dead letters in "+name, "sqs:GetQueueUrl, sqs:GetQueueAttributes or sqs:ListDeadLetterSourceQueues on "+arn, err))
	}
	defer dead.Close()
	var newest queue.Letter
	options := queue.Options{Now: x.opts.Now, Match: func(l queue.Letter) bool { return slices.Contains(l.Keys(), x.opts.Key) }}
	s, err := dead.Redrive(ctx, options, nil, func(l queue.Letter, f queue.Fate) {
		if f == queue.FateKept && l.Sent.After(newest.Sent) {
			newest = l
		}
	})
	if err != nil {
		return one(notSeen("the dead letters in "+name, "sqs:ReceiveMessage or sqs:ChangeMessageVisibility on "+arn, err))
	}
	if s.Kept == 0 && s.Unseen > 0 {
		why := "somebody else looks at them"
		if dead.Grouped() {
			why = "they wait behind these in their message groups, or " + why
		}
		return one(skipped(fmt.Sprintf("none of %d in %s names it; about %d more could not be looked at: %s", s.Looked(), name, s.Unseen, why)))
	}
	if s.Kept == 0 {
		return one(ok("none of %d in %s names it", s.Looked(), name))
	}
	reason := ""
	if newest.Reason != "" {
		reason = ": " + plain(newest.Reason)
	}
	return one(problem(fmt.Sprintf("%s of it in %s, the newest sent %s ago%s", count(s.Kept, "event"), name, since(x.opts.Now(), newest.Sent), reason),
		"it failed as often as it may, and nobody tries again", "pixmill redrive --queue "+name+" --key "+quoteShell(quotePattern(x.opts.Key))+" --run   (when the cause is mended)"))
}

// logAge is how far back the log is read.
const logAge = 24 * time.Hour

// sourceLine is the line that the function logs for each source.
type sourceLine struct {
	Time   time.Time `json:"time"`
	Msg    string    `json:"msg"`
	Key    string    `json:"key"`
	Result string    `json:"result"`
	Kind   string    `json:"kind"`
	Reason string    `json:"reason"`
}

func explainLog(ctx context.Context, x *examination) []Finding {
	if x.function == "" || !x.place.hasServices() {
		return nil
	}
	f, err := x.functionSettings(ctx, x.function)
	if err != nil {
		return one(notSeen("the function "+nameOf(x.function), "lambda:GetFunctionConfiguration", err))
	}
	lines, whole, err := x.grep(ctx, f.logGroup, quoteJSON(x.opts.Key))
	_, none := errors.AsType[*logtypes.ResourceNotFoundException](err)
	if none && x.nothingWanted() {
		return nil
	}
	if none {
		return one(warning("there is no log group "+f.logGroup, "the function was never called, or may not write a log (iam/logs.json)", "pixmill doctor   (looks at the way from the bucket to the function)"))
	}
	if err != nil {
		return one(notSeen("the log "+f.logGroup, "logs:FilterLogEvents", err))
	}
	last, n := x.lastOf(lines)
	if !whole {
		return one(skipped(fmt.Sprintf("%s is too long to be read through; %s in its older part names it", f.logGroup, count(n, "line"))))
	}
	if n > 0 {
		return one(x.explainLine(last, n))
	}
	if x.nothingWanted() {
		return one(ok("no line of the last 24 hours names it in %s", f.logGroup))
	}
	found := one(warning("no line of the last 24 hours names it in "+f.logGroup, "no event of it reached the function, or the invocation was ended from outside", "pixmill doctor   (looks at the way from the bucket to the function)"))
	for _, sign := range []struct{ text, what string }{{"Task timed out", "took too long and was ended"}, {"Runtime.ExitError", "ended in the middle, perhaps for want of memory"}} {
		ended, _, err := x.grep(ctx, f.logGroup, `"`+sign.text+`"`)
		if n := saying(ended, sign.text); err == nil && n > 0 {
			found = append(found, warning(fmt.Sprintf("%s of the last 24 hours %s", count(n, "invocation"), sign.what), "it may have been this source",
				"aws logs filter-log-events --log-group-name "+f.logGroup+" --filter-pattern '\""+sign.text+"\"'   (shows them)"))
		}
	}
	return found
}

// grep returns the lines of a log group that match, oldest first, and whether it
// has read all of it: the pages of a long log are many, and most of them empty.
func (x *examination) grep(ctx context.Context, group, pattern string) (lines []logtypes.FilteredLogEvent, whole bool, err error) {
	const mostPages = 100
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(x.logs, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &group, FilterPattern: &pattern, StartTime: aws.Int64(x.opts.Now().Add(-logAge).UnixMilli()),
	})
	for range mostPages {
		if !pages.HasMorePages() {
			break
		}
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, false, err
		}
		lines = append(lines, page.Events...)
	}
	return lines, !pages.HasMorePages(), nil
}

// saying counts the lines that have the text: LocalStack takes no notice of a
// pattern in quotes.
func saying(lines []logtypes.FilteredLogEvent, text string) (n int) {
	for _, l := range lines {
		if strings.Contains(aws.ToString(l.Message), text) {
			n++
		}
	}
	return n
}

// lastOf returns the newest line about the key, and how many there are.
func (x *examination) lastOf(lines []logtypes.FilteredLogEvent) (last sourceLine, n int) {
	for _, l := range lines {
		var s sourceLine
		if json.Unmarshal([]byte(strings.TrimSpace(aws.ToString(l.Message))), &s) != nil || s.Key != x.opts.Key || s.Result == "" {
			continue
		}
		n++
		if !s.Time.Before(last.Time) {
			last = s
		}
	}
	return last, n
}

func (x *examination) explainLine(l sourceLine, n int) Finding {
	when := since(x.opts.Now(), l.Time) + " ago"
	if l.Kind == "" {
		return ok("%s in the last 24 hours, the newest %s: %s%s", count(n, "attempt"), when, l.Result, colon(plain(l.Reason)))
	}
	what := fmt.Sprintf("the newest of %s, %s, failed as %s%s", count(n, "attempt"), when, l.Kind, colon(plain(l.Reason)))
	if l.Kind == "misconfigured" {
		return problem(what, "somebody has to change something; until then every event fails", "pixmill doctor   (says what)")
	}
	return problem(what, "it comes again by itself until it is given up", "wait, or: "+x.again())
}

func colon(s string) string {
	if s == "" {
		return ""
	}
	return ": " + s
}

// quoteJSON returns s as a JSON string as it stands in the log, which is also a
// term of a log filter.
func quoteJSON(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return strconv.Quote(s)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// quotePattern returns s as a pattern that matches s and nothing else.
func quotePattern(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `{`, `\{`, `}`, `\}`).Replace(s)
}

// quoteShell returns s as one word of a shell.
func quoteShell(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+@%:,", r))
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
