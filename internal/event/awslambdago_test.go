package event

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pixmill/internal/fault"
)

// awsEvents is where aws-lambda-go keeps the payloads that it is tested with:
// some hundred, of every service that invokes functions.
func awsEvents(tb testing.TB) []string {
	tb.Helper()
	out, err := exec.CommandContext(tb.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-lambda-go").Output()
	if err != nil {
		tb.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "events", "testdata", "*.json"))
	if err != nil || len(files) < 90 {
		tb.Fatalf("events: %d, %v", len(files), err)
	}
	return files
}

// understood are those of them that name an object, ask for no work, or have
// the right envelope around something else.
var understood = map[string]struct {
	envelope          Envelope
	key, ignored, err string // one of them
}{
	"s3-event.json":                                      {envelope: EnvelopeS3, key: "Happy Face.jpg"},
	"s3-event-with-decoded.json":                         {envelope: EnvelopeS3, key: "Happy Face.jpg"},
	"s3-restore-event.json":                              {envelope: EnvelopeS3, key: "glacier-test.txt"},
	"s3-glacier-event.json":                              {envelope: EnvelopeS3, key: "glacier-test.txt"},
	"s3-lifecycle-event.json":                            {envelope: EnvelopeS3, ignored: IgnoredStorageClass},
	"s3-intelligenttier-event.json":                      {envelope: EnvelopeS3, ignored: IgnoredStorageClass},
	"s3-replication-event.json":                          {envelope: EnvelopeS3, ignored: IgnoredReplication},
	"sqs-event.json":                                     {envelope: EnvelopeSQS, err: "saw 12 bytes that are not JSON"},
	"sns-event.json":                                     {envelope: EnvelopeSNS, err: "saw 15 bytes that are not JSON"},
	"cloudwatch-alarm-sns-payload-single-metric.json":    {envelope: EnvelopeSNS, err: `saw an object with "AWSAccountId"`},
	"cloudwatch-alarm-sns-payload-multiple-metrics.json": {envelope: EnvelopeSNS, err: `saw an object with "AWSAccountId"`},
	"lambda-urls-request.json":                           {envelope: EnvelopeHTTP, ignored: IgnoredHTTP},
	"apigw-v2-request-iam.json":                          {envelope: EnvelopeHTTP, ignored: IgnoredHTTP},
	"apigw-v2-request-jwt-authorizer.json":               {envelope: EnvelopeHTTP, ignored: IgnoredHTTP},
	"apigw-v2-request-lambda-authorizer.json":            {envelope: EnvelopeHTTP, ignored: IgnoredHTTP},
	"apigw-v2-request-no-authorizer.json":                {envelope: EnvelopeHTTP, ignored: IgnoredHTTP},
}

// TestDecode_EventsOfAWSLambdaGo holds every event of that library to the table.
// One of EventBridge's that is not in it has another source than S3; any other
// is refused whole, with what was looked for.
func TestDecode_EventsOfAWSLambdaGo(t *testing.T) {
	for _, file := range awsEvents(t) {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			payload, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			d, err := Decode(payload)
			want, known := understood[name]
			switch {
			case known:
			case d.Envelope == EnvelopeEventBridge:
				want.envelope, want.err = EnvelopeEventBridge, "only aws.s3 and lambda are understood"
			default:
				if fault.KindOf(err) != fault.Rejected || !strings.Contains(fmt.Sprint(err), "looked for a CloudEvent, Records of S3") {
					t.Errorf("got %+v, %v; want it refused", d, err)
				}
				return
			}
			if err != nil || d.Envelope != want.envelope || len(d.Items) != 1 {
				t.Fatalf("got %+v, %v; want one item in %s", d, err, want.envelope)
			}
			checkUnderstood(t, d.Items[0], want.key, want.ignored, want.err)
		})
	}
}

func checkUnderstood(t *testing.T, it Item, key, ignored, err string) {
	t.Helper()
	if key != "" && (len(it.Events) != 1 || it.Events[0].Key != key) {
		t.Errorf("events are %+v, want %s", it.Events, key)
	}
	if ignored != "" && (len(it.Ignored) != 1 || it.Ignored[0].Reason != ignored) {
		t.Errorf("ignored is %+v, want %s", it.Ignored, ignored)
	}
	if (it.Err == nil) != (err == "") || !strings.Contains(fmt.Sprint(it.Err), err) {
		t.Errorf("error is %v, want %q in it", it.Err, err)
	}
}
