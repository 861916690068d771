package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"pixmill/internal/event"
)

// envelopeNames are the envelopes in words.
var envelopeNames = map[event.Envelope]string{
	event.EnvelopeS3:          "S3 notification",
	event.EnvelopeSQS:         "SQS batch",
	event.EnvelopeSNS:         "SNS notification",
	event.EnvelopeEventBridge: "EventBridge event",
	event.EnvelopeDestination: "record for a destination",
	event.EnvelopeCloudEvent:  "CloudEvent",
	event.EnvelopeDirect:      "direct invocation",
	event.EnvelopeTest:        "S3's test event",
	event.EnvelopeHTTP:        "HTTP request",
}

// writeText prints the explanation for people.
func (r *explanation) writeText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s; rules of %s\n", r.File, r.headline(), r.Config)
	for _, it := range r.Items {
		it.text(&b, r.Envelope == event.EnvelopeCloudEvent)
	}
	for _, rep := range r.Repeated {
		rep.text(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *explanation) headline() string {
	name := envelopeNames[r.Envelope]
	if r.Envelope == event.EnvelopeSQS {
		name += ", " + counted(len(r.Items), "message")
	} else if len(r.Items) == 1 {
		name += nested(r.Items[0].Inside)
	}
	events, ignored, errs := 0, 0, 0
	for _, it := range r.Items {
		events, ignored = events+len(it.Events), ignored+len(it.Ignored)
		if it.Error != "" {
			errs++
		}
	}
	name += ", " + counted(events, "event")
	if ignored > 0 {
		name += fmt.Sprintf(", %d ignored", ignored)
	}
	if errs > 0 {
		name += ", " + counted(errs, "error")
	}
	return name
}

// nested names what stands inside another envelope.
func nested(inside []event.Envelope) string {
	var b strings.Builder
	for _, e := range inside {
		b.WriteString(" › " + envelopeNames[e])
	}
	return b.String()
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// text prints what succeeds or fails as one: a message of a queue, a CloudEvent, or all there is.
func (it *explainedItem) text(b *strings.Builder, cloudEvent bool) {
	if it.MessageID != "" {
		name := fmt.Sprintf("message %s, attempt %d", shown(it.MessageID), it.Attempt)
		if cloudEvent {
			name = "event " + shown(it.MessageID)
		}
		b.WriteString("\n" + name)
		if it.GroupID != "" {
			b.WriteString(", group " + shown(it.GroupID))
		}
		b.WriteString(nested(it.Inside))
		b.WriteString("\n")
	}
	for _, x := range it.Events {
		x.text(b)
	}
	for _, ig := range it.Ignored {
		b.WriteString("\n")
		writeRow(b, "ignored", ig.Reason+": "+ig.Detail)
	}
	if it.Error != "" {
		b.WriteString("\n")
		writeRow(b, "error", it.Error)
		switch {
		case cloudEvent:
			writeRow(b, "", "It is answered with 422, with all that came in one request, and goes to the dead-letter sink.")
		case it.MessageID == "":
			writeRow(b, "", "The invocation fails, and Lambda tries it again before it goes to the failure destination.")
		default:
			writeRow(b, "", "It is given back as failed until it is in the dead-letter queue.")
		}
	}
}

// writeRow keeps all values in one column.
func writeRow(b *strings.Builder, label, value string) {
	fmt.Fprintf(b, "     %-11s%s\n", label, value)
}

func (x *explainedEvent) text(b *strings.Builder) {
	fmt.Fprintf(b, "\n  %d. %s\n", x.Number, shown(x.Key))
	row := func(label, value string) {
		if value != "" {
			writeRow(b, label, value)
		}
	}
	row("bucket", shown(x.Bucket))
	row("event", x.what())
	if x.Time != nil {
		row("time", x.Time.Format("2006-01-02 15:04:05.000 MST"))
	}
	if x.Size > 0 {
		row("size", bytesShown(x.Size))
	}
	row("etag", shown(x.ETag))
	row("version", shown(x.VersionID))
	row("sequencer", shown(x.Sequencer))
	x.decisionText(row)
	if x.Or != nil {
		row("or", shown(x.Or.Key)+",")
		row("", "if there is no such object: LocalStack percent-encodes keys in EventBridge.")
		x.Or.decisionText(row)
	}
}

func (x *explainedEvent) decisionText(row func(label, value string)) {
	row("skipped", x.Skipped)
	if x.Rule != nil {
		row("rule", fmt.Sprintf("%q: %s", x.Rule.Match, strings.Join(x.Rule.Presets, ", ")))
	}
	if x.Output != nil {
		x.outputText(row)
	}
}

// what is the event's own name and what it is taken for.
func (x *explainedEvent) what() string {
	if x.Name == "" {
		return string(x.Op)
	}
	what := fmt.Sprintf("%s (%s)", shown(x.Name), x.Op)
	if x.Detail != "" {
		what += ": " + shown(x.Detail)
	}
	return what
}

func (x *explainedEvent) outputText(row func(label, value string)) {
	place := fmt.Sprintf("%s in bucket %s", shown(x.Output.Folder), shown(x.Output.Bucket))
	switch {
	case x.Skipped != "":
		row("deletes", "what is directly under "+place+", if anything")
		return
	case x.Op == event.OpRemoved:
		row("deletes", "what is directly under "+place)
		row("", "If the object is there again by then, it writes instead:")
	default:
		row("output", place)
	}
	label, width := "writes", 0
	for _, o := range x.Output.Writes {
		width = max(width, utf8.RuneCountInString(x.fileName(o)))
	}
	for _, o := range x.Output.Writes {
		row(label, strings.TrimRight(fmt.Sprintf("%-*s  %s", width, x.fileName(o), o.What), " "))
		label = ""
	}
}

func (x *explainedEvent) fileName(o object) string { return strings.TrimPrefix(o.Key, x.Output.Folder) }

func (r *repeatedKey) text(b *strings.Builder) {
	numbers := make([]string, len(r.Numbers))
	for i, n := range r.Numbers {
		numbers[i] = strconv.Itoa(n)
	}
	last := len(numbers) - 1
	fmt.Fprintf(b, "\nEvents %s and %s name one object and are handled once.\n", strings.Join(numbers[:last], ", "), numbers[last])
	if r.Newest > 0 {
		fmt.Fprintf(b, "Event %d is the newest: %s.\n", r.Newest, r.Why)
		return
	}
	fmt.Fprintf(b, "Which is the newest is not known: %s.\n", r.Why)
}

// shown makes text from a file safe for a terminal: what could be more than
// text, or would not be seen, is quoted.
func shown(s string) string {
	odd := func(r rune) bool { return !unicode.IsPrint(r) }
	if strings.ContainsFunc(s, odd) || s != strings.TrimSpace(s) {
		return strconv.Quote(s)
	}
	return s
}

// bytesShown is a size with its thousands set apart.
func bytesShown(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if n == 1 {
		return "1 byte"
	}
	return digits + " bytes"
}
