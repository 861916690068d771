package doctor_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"pixmill/internal/doctor"
)

func TestRun_HealthyCloud(t *testing.T) {
	for name, wire := range map[string]func(*testing.T, *cloud){
		"queue": func(*testing.T, *cloud) {},
		"topic": func(t *testing.T, c *cloud) {
			c.topic(t, func(arn string) string {
				return allow("s3.amazonaws.com", "sns:Publish", arn, "arn:aws:s3:::"+c.source)
			})
		},
		"eventbridge": func(t *testing.T, c *cloud) { c.rule(t, c.source) },
		"direct": func(t *testing.T, c *cloud) {
			c.mayCall(t, "s3.amazonaws.com", "arn:aws:s3:::"+c.source)
			c.keepsFailures(t)
			c.notify(t, c.source, c.direct())
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			wire(t, c)
			found := c.examine(t)
			wantOnly(t, found)
			for _, want := range []string{"notifications ok: s3://" + c.source + " → ", "function ok: " + c.name, "function skipped: the presets of " + c.name + " are not looked at: they are in its zip"} {
				if !strings.Contains(show(found), want) {
					t.Errorf("found\n%s, want %q", show(found), want)
				}
			}
		})
	}
}

// broken is a set-up with one defect, which is found alone. Where the fix is a
// command it is done, word for word, and nothing is found any more.
type broken struct {
	name    string
	defect  func(*testing.T, *cloud)
	want    want
	command bool
	also    []want // what follows from the defect, and is mended with it
}

func brokenClouds() []broken {
	const problem, warning = doctor.StatusProblem, doctor.StatusWarning
	set := func(a map[string]string) func(*testing.T, *cloud) {
		return func(t *testing.T, c *cloud) { c.attributes(t, c.url, a) }
	}
	setMapping := func(edit func(*lambda.UpdateEventSourceMappingInput)) func(*testing.T, *cloud) {
		return func(t *testing.T, c *cloud) {
			in := &lambda.UpdateEventSourceMappingInput{UUID: &c.mapping}
			edit(in)
			must(t)(c.lambda.UpdateEventSourceMapping(t.Context(), in))
			c.settleMapping(t, aws.ToBool(in.Enabled) || in.Enabled == nil)
		}
	}
	function := func(edit func(*lambda.UpdateFunctionConfigurationInput)) func(*testing.T, *cloud) {
		return func(t *testing.T, c *cloud) { c.update(t, edit) }
	}
	environment := func(name, value string) func(*testing.T, *cloud) {
		return function(func(in *lambda.UpdateFunctionConfigurationInput) {
			in.Environment = &lambdatypes.Environment{Variables: map[string]string{name: value}}
		})
	}
	return []broken{
		{"no output bucket", func(t *testing.T, c *cloud) {
			must(t)(c.s3.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: &c.output}))
		}, want{"output bucket", problem, "there is no bucket"}, true, nil},
		{
			"no notification", func(t *testing.T, c *cloud) { c.notify(t, c.source, &s3types.NotificationConfiguration{}) },
			want{"notifications", problem, "nothing is told of new objects"},
			false,
			nil,
		},
		{"EventBridge without a rule", func(t *testing.T, c *cloud) {
			c.notify(t, c.source, &s3types.NotificationConfiguration{EventBridgeConfiguration: &s3types.EventBridgeConfiguration{}})
		}, want{"notifications", problem, "no function is at the end"}, false, nil},
		{"deletions are not told", func(t *testing.T, c *cloud) {
			n := c.toQueue()
			n.QueueConfigurations[0].Events = all[:1]
			c.notify(t, c.source, n)
		}, want{"notifications", warning, "deletions are not among its events"}, false, nil},
		{"a suffix filter", func(t *testing.T, c *cloud) {
			n := c.toQueue()
			n.QueueConfigurations[0].Filter = &s3types.NotificationConfigurationFilter{Key: &s3types.S3KeyFilter{FilterRules: []s3types.FilterRule{{Name: "suffix", Value: aws.String(".jpg")}}}}
			c.notify(t, c.source, n)
		}, want{"notifications", warning, `only keys that end in ".jpg" pass`}, false, nil},
		{"a prefix filter", func(t *testing.T, c *cloud) {
			n := c.toQueue()
			n.QueueConfigurations[0].Filter = &s3types.NotificationConfigurationFilter{Key: &s3types.S3KeyFilter{FilterRules: []s3types.FilterRule{{Name: "prefix", Value: aws.String("in/")}}}}
			c.notify(t, c.source, n)
		}, want{"notifications", problem, `only keys that begin with "in/" pass`}, false, nil},
		{
			"mapping switched off", setMapping(func(in *lambda.UpdateEventSourceMappingInput) { in.Enabled = aws.Bool(false) }),
			want{"notifications", problem, "is disabl"},
			true,
			nil,
		},
		{
			"no ReportBatchItemFailures", setMapping(func(in *lambda.UpdateEventSourceMappingInput) {
				in.FunctionResponseTypes = []lambdatypes.FunctionResponseType{}
			}),
			want{"notifications", problem, "lacks ReportBatchItemFailures"},
			true,
			nil,
		},
		{
			"S3 may not call", func(t *testing.T, c *cloud) { c.keepsFailures(t); c.notify(t, c.source, c.direct()) },
			want{"notifications", problem, "s3.amazonaws.com may not call the function"},
			true,
			nil,
		},
		{"failures are not kept", func(t *testing.T, c *cloud) {
			c.mayCall(t, "s3.amazonaws.com", "arn:aws:s3:::"+c.source)
			c.notify(t, c.source, c.direct())
		}, want{"notifications", warning, "has no failure destination"}, false, nil},
		{"S3 may not publish", func(t *testing.T, c *cloud) {
			c.topic(t, func(arn string) string { return allow("s3.amazonaws.com", "sns:Publish", arn, "arn:aws:s3:::another") })
		}, want{"notifications", problem, "S3 may not publish to the topic"}, true, nil},
		{
			"output wakes the function", func(t *testing.T, c *cloud) { c.notify(t, c.output, c.toQueue()) },
			want{"recursion", problem, "wakes Pixmill, too"},
			true,
			nil,
		},
		{
			"S3 may not write to the queue", set(map[string]string{"Policy": allow("s3.amazonaws.com", "sqs:SendMessage", "*", "arn:aws:s3:::another")}),
			want{"queue", problem, "s3.amazonaws.com may not write to the queue"},
			true,
			nil,
		},
		{"short visibility", set(map[string]string{"VisibilityTimeout": "30"}), want{"queue", problem, "hides a message for 30 s; the function may take 60 s"}, true, nil},
		{"visibility without room", set(map[string]string{"VisibilityTimeout": "120"}), want{"queue", warning, "hides a message for 120 s"}, true, nil},
		{"one attempt", func(t *testing.T, c *cloud) {
			c.attributes(t, c.url, map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + c.deadARN + `","maxReceiveCount":1}`})
		}, want{"queue", warning, "gives a message up after 1 attempt"}, true, nil},
		{"no dead-letter queue", set(map[string]string{"RedrivePolicy": ""}), want{"queue", problem, "has no dead-letter queue"}, true, nil},
		{"dead letters", func(t *testing.T, c *cloud) {
			must(t)(c.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &c.deadURL, MessageBody: aws.String(`{"bucket":"b","key":"k"}`)}))
		}, want{"dead letters", warning, "1 event in"}, false, nil},
		{"dead letters that somebody looks at", func(t *testing.T, c *cloud) {
			must(t)(c.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &c.deadURL, MessageBody: aws.String(`{"bucket":"b","key":"k"}`)}))
			must(t)(c.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &c.deadURL, VisibilityTimeout: 60}))
		}, want{"dead letters", warning, "1 event in"}, false, nil},
		{"dead letters are not kept", func(t *testing.T, c *cloud) {
			c.attributes(t, c.deadURL, map[string]string{"MessageRetentionPeriod": "3600"})
		}, want{"dead letters", warning, "keeps dead letters for 1 hour"}, true, nil},
		{"a short time-out", function(func(in *lambda.UpdateFunctionConfigurationInput) { in.Timeout = aws.Int32(10) }), want{"function", warning, "may take 10 s"}, true, nil},
		{"little memory", function(func(in *lambda.UpdateFunctionConfigurationInput) { in.MemorySize = aws.Int32(256) }), want{"function", warning, "has 256 MB"}, true, []want{{"memory", warning, "has 192 MiB for images"}}},
		{"another bucket", environment("PIXMILL_SOURCE_BUCKET", "another-bucket"), want{"function", problem, "PIXMILL_SOURCE_BUCKET of"}, false, nil},
		{"broken configuration", environment("PIXMILL_CONFIG", "source: {bucket: a\n"), want{"function", problem, "has a configuration that does not hold"}, false, nil},
		{"other rules", func(t *testing.T, c *cloud) {
			text := "source: {bucket: " + c.source + "}\noutput: {bucket: " + c.output + "}" + strings.Replace(rulesYAML, "width: 100", "width: 200", 1)
			environment("PIXMILL_CONFIG", text)(t, c)
		}, want{"function", warning, "has other rules or presets"}, false, nil},
		{
			"an old runtime", function(func(in *lambda.UpdateFunctionConfigurationInput) { in.Runtime = lambdatypes.RuntimeProvidedal2 }),
			want{"function", problem, "has the runtime provided.al2"},
			true,
			nil,
		},
	}
}

func TestRun_EachDefectOfACloud(t *testing.T) {
	for _, b := range brokenClouds() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel() // most of the time is the start of the AWS command line
			c := newCloud(t)
			b.defect(t, c)
			found := c.examine(t)
			wantOnly(t, found, append([]want{b.want}, b.also...)...)
			if !b.command || t.Failed() {
				return
			}
			if _, err := exec.LookPath("aws"); err != nil {
				t.Skip("the fix is not tried: there is no aws command line")
			}
			follow(t, bad(found)[0])
			c.settle(t)
			c.settleMapping(t, true)
			wantOnly(t, c.examine(t))
		})
	}
}

// TestRun_NobodyWorksOnTheQueue needs --function for all that follows.
func TestRun_NobodyWorksOnTheQueue(t *testing.T) {
	c := newCloud(t)
	must(t)(c.lambda.DeleteEventSourceMapping(t.Context(), &lambda.DeleteEventSourceMappingInput{UUID: &c.mapping}))
	o := doctor.Options{Presets: c.presets, Function: c.name}
	found := examine(t, o)
	wantOnly(t, found, want{"notifications", doctor.StatusProblem, "nobody works on the queue"})
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("the fix is not tried: there is no aws command line")
	}
	follow(t, bad(found)[0])
	wantOnly(t, examine(t, o))
}

// TestRun_KeyInACloud looks into the dead letters and the log.
func TestRun_KeyInACloud(t *testing.T) {
	c := newCloud(t)
	must(t)(c.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &c.deadURL, MessageBody: aws.String(`{"bucket":"` + c.source + `","key":"a b.jpg"}`)}))
	must(t)(c.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &c.source, Key: aws.String("a b.jpg"), Body: strings.NewReader("x")}))
	c.log(t, `{"time":"2026-11-24T10:00:00Z","level":"INFO","msg":"source","key":"other.jpg","result":"written"}`,
		`{"time":"2026-11-24T10:00:01Z","level":"ERROR","msg":"source","key":"a b.jpg","result":"failed","kind":"misconfigured","reason":"put: access denied: needs s3:PutObject on arn:aws:s3:::x/y"}`)
	found := examine(t, doctor.Options{Presets: c.presets, Key: "a b.jpg"})
	wantOnly(t, found,
		want{"manifest", doctor.StatusProblem, "no invocation has finished this source"},
		want{"dead letters", doctor.StatusProblem, "1 event of it in " + c.name + "-dead"},
		want{"log", doctor.StatusProblem, "failed as misconfigured: put: access denied: needs s3:PutObject"})
	for _, f := range bad(found) {
		if f.Check == "dead letters" && !strings.Contains(f.Fix, "pixmill redrive --queue "+c.name+"-dead --key 'a b.jpg' --run") {
			t.Errorf("the fix is %q", f.Fix)
		}
	}
	out, err := c.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &c.deadURL})
	if err != nil || len(out.Messages) != 1 {
		t.Errorf("after the look the dead letter cannot be received: %v, %v", out, err)
	}
}

// TestRun_PresetsInTheEnvironmentAreLookedAt and those in a zip are not.
func TestRun_PresetsInTheEnvironmentAreLookedAt(t *testing.T) {
	c := newCloud(t)
	c.update(t, func(in *lambda.UpdateFunctionConfigurationInput) {
		text := "source: {bucket: " + c.source + "}\noutput: {bucket: " + c.output + "}" + rulesYAML
		in.Environment = &lambdatypes.Environment{Variables: map[string]string{"PIXMILL_CONFIG": text}}
	})
	found := c.examine(t)
	wantOnly(t, found)
	if strings.Contains(show(found), "function skipped") {
		t.Errorf("found\n%s", show(found))
	}
}

// TestRun_KeyWithoutASource does not wonder why no log names it.
func TestRun_KeyWithoutASource(t *testing.T) {
	c := newCloud(t)
	wantOnly(t, examine(t, doctor.Options{Presets: c.presets, Key: "gone.jpg"}), want{"source", doctor.StatusProblem, "there is no object"})
	c.log(t, "START RequestId: 1 Version: $LATEST", "2026-11-24T10:00:00Z 1 Task timed out after 60.00 seconds")
	found := examine(t, doctor.Options{Presets: c.presets, Key: "gone.jpg"})
	wantOnly(t, found, want{"source", doctor.StatusProblem, "there is no object"})
	if !strings.Contains(show(found), "log ok: no line of the last 24 hours names it") {
		t.Errorf("found\n%s", show(found))
	}
}

// TestRun_KeyThatTheLogDoesNotName counts the invocations that ended early, and no other lines.
func TestRun_KeyThatTheLogDoesNotName(t *testing.T) {
	c := newCloud(t)
	must(t)(c.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &c.source, Key: aws.String("a.jpg"), Body: strings.NewReader("x")}))
	c.log(t, "START RequestId: 1 Version: $LATEST", `{"msg":"source","key":"other.jpg","result":"written"}`,
		"2026-11-24T10:00:00Z 1 Task timed out after 60.00 seconds", "END RequestId: 1")
	wantOnly(t, examine(t, doctor.Options{Presets: c.presets, Key: "a.jpg"}),
		want{"manifest", doctor.StatusProblem, "no invocation has finished this source"},
		want{"log", doctor.StatusWarning, "no line of the last 24 hours names it"},
		want{"log", doctor.StatusWarning, "1 invocation of the last 24 hours took too long"})
}
