package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pixmill/internal/config"
	"pixmill/internal/event"
)

// explainRecorded explains a payload that the decoder is tested with, as if the
// bucket that it is from were configured.
func explainRecorded(t *testing.T, name, bucket string, args ...string) string {
	t.Helper()
	t.Chdir(filepath.Join("..", "event", "testdata"))
	env := map[string]string{config.VarSourceBucket: bucket, config.VarConfig: `
source: {bucket: uploads}
output: {bucket: variants}
rules: [{match: "**", presets: [web]}]
presets:
  web: [{name: thumb, width: 200, format: webp}]
`}
	var out, errs bytes.Buffer
	args = append([]string{"explain-event", name}, args...)
	code := Main(t.Context(), nil, args, strings.NewReader(""), &out, &errs, func(name string) string { return env[name] })
	if code != exitOK || errs.Len() > 0 {
		t.Fatalf("%s: exit code %d, %s", name, code, &errs)
	}
	return out.String()
}

// UPDATE_GOLDEN=1 writes the files anew; look at the difference before it is kept.
func TestExplainEvent_RecordedEnvelopes(t *testing.T) {
	golden, err := filepath.Abs(filepath.Join("testdata", "explain-event", "envelopes"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ file, bucket string }{
		{"localstack/sns-s3.json", "in-topic"},
		{"localstack/sqs-sns-s3.json", "in-topic"},
		{"localstack/sqs-sns-raw-s3.json", "in-topic"},
		{"localstack/eventbridge-object-created-special-key.json", "in-bridge"},
		{"localstack/eventbridge-object-deleted.json", "in-bridge"},
		{"localstack/lambda-destination-failure.json", "in-failing"},
		{"aws/sqs-fifo-eventbridge.json", "amzn-s3-demo-bucket"},
		{"aws/sqs-sns-eventbridge-destination.json", "amzn-s3-demo-bucket"},
		{"aws/eventbridge-deleted-lifecycle.json", "amzn-s3-demo-bucket"},
		{"aws/eventbridge-restore-completed.json", "amzn-s3-demo-bucket"},
		{"aws/eventbridge-tags-added.json", "amzn-s3-demo-bucket"},
		{"cloudevents/triggermesh-s3.json", "uploads"},
		{"cloudevents/camel-s3.json", "uploads"},
		{"cloudevents/func-invoke.json", "uploads"},
	} {
		t.Run(tt.file, func(t *testing.T) {
			got := explainRecorded(t, tt.file, tt.bucket)
			file := filepath.Join(golden, strings.TrimSuffix(filepath.Base(tt.file), ".json")+".golden")
			if os.Getenv("UPDATE_GOLDEN") != "" {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestExplainEvent_BothKeysOfEventBridgeInJSON(t *testing.T) {
	got := explainRecorded(t, "localstack/eventbridge-object-created-special-key.json", "in-bridge", "--json")
	var r explanation
	if err := json.Unmarshal([]byte(got), &r); err != nil {
		t.Fatal(err)
	}
	ev := r.Items[0].Events[0]
	const folder = "bilder/größe 1+1 = 2 & 50%.txt/"
	if r.Envelope != event.EnvelopeEventBridge || ev.Or == nil || ev.Or.Output.Folder != folder || ev.Output.Folder == folder || ev.Or.Or != nil {
		t.Errorf("event is %+v, or %+v; want the decoded key beside the literal one", ev, ev.Or)
	}
}

func TestExplainEvent_InsideInJSON(t *testing.T) {
	var r explanation
	if err := json.Unmarshal([]byte(explainRecorded(t, "localstack/sqs-sns-s3.json", "in-topic", "--json")), &r); err != nil {
		t.Fatal(err)
	}
	if want := []event.Envelope{event.EnvelopeSNS, event.EnvelopeS3}; !slices.Equal(r.Items[0].Inside, want) {
		t.Errorf("inside is %q, want %q", r.Items[0].Inside, want)
	}
}

func TestExplainEvent_CloudEventThatCannotBeRead(t *testing.T) {
	_, stdout, _ := runExplain(t, `[{"specversion":"1.0","id":"7","source":"s","type":"t"}]`, "-")
	want := `event 7

     error      decode CloudEvent "7": the CloudEvent has no data
                It is answered with 422, with all that came in one request, and goes to the dead-letter sink.
`
	if !strings.Contains(stdout, want) || strings.Contains(stdout, "attempt") {
		t.Errorf("got\n%s\nwant in it\n%s", stdout, want)
	}
}

func TestExplainEvent_HTTPRequest(t *testing.T) {
	payload := `{"version":"2.0","requestContext":{"http":{"method":"GET","path":"/v1/images"}}}`
	code, stdout, stderr := runExplain(t, payload, "-")
	want := `standard input: HTTP request, 0 events, 1 ignored; rules of pixmill.yaml

     ignored    http-request: "GET" "/v1/images" is a request for the gateway
`
	if code != exitOK || stdout != want {
		t.Errorf("exit code %d, got\n%s%s\nwant\n%s", code, stdout, stderr, want)
	}
}
