package preset

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Notify says where completion events go; all that are set get each of them.
type Notify struct {
	EventBridge string // a bus: its name or its ARN
	SNS         string // a topic's ARN
	SQS         string // a queue's URL
}

// The forms of each, which raw.go repeats for the JSON Schema.
var (
	busForm   = regexp.MustCompile(`^(arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/)?[/._A-Za-z0-9-]+$`)
	topicForm = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+([.]fifo)?$`)
	queueForm = regexp.MustCompile(`^https?://[^/ ]+(/[^/ ]+)*/[A-Za-z0-9_-]+([.]fifo)?$`)
)

// notifyTarget is one kind of place that events can go to.
type notifyTarget struct {
	name string // of the field, and in ParseNotify's text
	form *regexp.Regexp
	want string // the form, for people
	of   func(*Notify) *string
}

func notifyTargets() []notifyTarget {
	return []notifyTarget{
		{"eventbridge", busForm, "a bus: its name, as default, or its ARN", func(n *Notify) *string { return &n.EventBridge }},
		{"sns", topicForm, "a topic's ARN, as arn:aws:sns:eu-central-1:123456789012:images", func(n *Notify) *string { return &n.SNS }},
		{"sqs", queueForm, "a queue's URL, as https://sqs.eu-central-1.amazonaws.com/123456789012/images", func(n *Notify) *string { return &n.SQS }},
	}
}

func (t notifyTarget) check(value string) error {
	if !t.form.MatchString(value) {
		return fmt.Errorf("%q is not %s", value, t.want)
	}
	return nil
}

// NotifyNone is the text that switches completion events off.
const NotifyNone = "none"

// ParseNotify reads the one-line form of the field notify: "eventbridge=BUS
// sns=ARN sqs=URL", each of them at the most once, or NotifyNone.
func ParseNotify(text string) (Notify, error) {
	var n Notify
	if strings.TrimSpace(text) == NotifyNone {
		return n, nil
	}
	words := strings.Fields(text)
	if len(words) == 0 {
		return n, errors.New("it is empty: want eventbridge=BUS, sns=ARN, sqs=URL or " + NotifyNone)
	}
	for _, word := range words {
		if err := n.set(word); err != nil {
			return Notify{}, err
		}
	}
	return n, nil
}

// set reads one word of ParseNotify's text.
func (n *Notify) set(word string) error {
	name, value, _ := strings.Cut(word, "=")
	for _, t := range notifyTargets() {
		if t.name != name {
			continue
		}
		if *t.of(n) != "" {
			return fmt.Errorf("%s is there twice", name)
		}
		*t.of(n) = value
		if err := t.check(value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
	return fmt.Errorf("%q is not one of eventbridge=BUS, sns=ARN, sqs=URL", word)
}

// NotifyTo replaces notify.
func NotifyTo(n Notify) Option { return func(o *overrides) { o.notify = &n } }

// overrideNotify sets where events go from outside, whatever is wrong with it in the file.
func (r *report) overrideNotify(raw *rawConfig, n *Notify) {
	if n == nil {
		return
	}
	raw.Notify = nil
	if *n != (Notify{}) {
		raw.Notify = &rawNotify{EventBridge: n.EventBridge, SNS: n.SNS, SQS: n.SQS}
	}
	kept := r.problems[:0]
	for _, p := range r.problems {
		if p.Field != "notify" && !strings.HasPrefix(p.Field, "notify.") {
			kept = append(kept, p)
		}
	}
	r.problems = kept
}

func (r *report) notify(raw *rawNotify) Notify {
	if raw == nil {
		return Notify{}
	}
	n := Notify{EventBridge: raw.EventBridge, SNS: raw.SNS, SQS: raw.SQS}
	for _, t := range notifyTargets() {
		if value := *t.of(&n); value != "" {
			if err := t.check(value); err != nil {
				r.add("notify."+t.name, "%v", err)
			}
		}
	}
	if n == (Notify{}) {
		r.add("notify", "there is nowhere to send events to: set eventbridge, sns or sqs, or leave the field out")
	}
	return n
}
