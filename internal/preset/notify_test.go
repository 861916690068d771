package preset

import (
	"strings"
	"testing"
)

const minimal = `
source: {bucket: uploads}
output: {bucket: variants}
rules: [{match: "**", presets: [web]}]
presets: {web: [{name: small, width: 320}]}
`

func TestNotify_InTheFile(t *testing.T) {
	cfg, err := Parse("p.yaml", []byte(minimal+"notify: {eventbridge: default, sqs: \"http://localhost:4566/000000000000/done\"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := Notify{EventBridge: "default", SQS: "http://localhost:4566/000000000000/done"}
	if cfg.Notify != want {
		t.Errorf("got %+v, want %+v", cfg.Notify, want)
	}
	if cfg, err = Parse("p.yaml", []byte(minimal)); err != nil || cfg.Notify != (Notify{}) {
		t.Errorf("without the field: %+v, %v", cfg.Notify, err)
	}
}

func TestNotify_ProblemsHaveTheirPlace(t *testing.T) {
	for text, want := range map[string]string{
		"notify:\n  sns: images\n":             `p.yaml:7:8: notify.sns: "images" is not a topic's ARN, as arn:aws:sns:`,
		"notify:\n  sqs: images\n":             `p.yaml:7:8: notify.sqs: "images" is not a queue's URL, as https://`,
		"notify:\n  eventbridge: \"my bus\"\n": `p.yaml:7:16: notify.eventbridge: "my bus" is not a bus`,
		"notify:\n  sns: \"\"\n":               "p.yaml:7:8: notify.sns: the text is empty",
		"notify: {}\n":                         "p.yaml:6:9: notify: there is nowhere to send events to",
		"notify: default\n":                    "p.yaml:6:9: notify: want a map of fields, not the text",
		"notify: {bus: default}\n":             "p.yaml:6:10: notify.bus: unknown field; did you mean \"eventbridge\"?",
	} {
		_, err := Parse("p.yaml", []byte(minimal+text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is\n%v\nwant\n%s", text, err, want)
		}
	}
}

func TestNotify_OverrideGoesBeforeTheFile(t *testing.T) {
	broken := []byte(minimal + "notify: {sns: images, bus: x}\n")
	for _, n := range []Notify{{}, {EventBridge: "default"}} {
		cfg, err := Parse("p.yaml", broken, NotifyTo(n))
		if err != nil || cfg.Notify != n {
			t.Errorf("got %+v, %v; want %+v", cfg, err, n)
		}
	}
}

func TestParseNotify(t *testing.T) {
	const topic, queue = "arn:aws:sns:eu-central-1:123456789012:images", "https://sqs.eu-central-1.amazonaws.com/123456789012/done"
	good := map[string]Notify{
		"none":                 {},
		"eventbridge=default":  {EventBridge: "default"},
		"sns=" + topic:         {SNS: topic},
		" sqs=" + queue + "\n": {SQS: queue},
		"sns=" + topic + "  eventbridge=a/b.c_d-e sqs=" + queue: {EventBridge: "a/b.c_d-e", SNS: topic, SQS: queue},
	}
	for text, want := range good {
		if got, err := ParseNotify(text); err != nil || got != want {
			t.Errorf("%q is %+v, %v; want %+v", text, got, err, want)
		}
	}
	bad := map[string]string{
		"":                            "it is empty",
		"default":                     `"default" is not one of eventbridge=BUS, sns=ARN, sqs=URL`,
		"none sns=" + topic:           `"none" is not one of`,
		"sns=" + queue:                `sns: "` + queue + `" is not a topic's ARN`,
		"sns=":                        `sns: "" is not a topic's ARN`,
		"eventbridge=a eventbridge=b": "eventbridge is there twice",
	}
	for text, want := range bad {
		if got, err := ParseNotify(text); err == nil || !strings.Contains(err.Error(), want) || got != (Notify{}) {
			t.Errorf("%q is %+v, %v; want an error with %q", text, got, err, want)
		}
	}
}
