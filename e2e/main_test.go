package e2e

import (
	"cmp"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The environment variables of the suite. Without the first, nothing is deployed.
const (
	varPlaces = "PIXMILL_E2E"      // where to play: local, localstack, knative, or several with commas between
	varHost   = "PIXMILL_E2E_HOST" // the address at which the functions reach this machine
	varStack  = "AWS_ENDPOINT_URL" // of LocalStack

	// What is tested, where it is not what make has built.
	varProgram = "PIXMILL_E2E_PROGRAM" // bin/pixmill
	varZip     = "PIXMILL_E2E_ZIP"     // dist/lambda.zip
	varImage   = "PIXMILL_E2E_IMAGE"   // dist/image.tar
)

const (
	loopback = "127.0.0.1"
	region   = "us-east-1"

	// The keys of the stores. LocalStack takes any.
	accessKey = "test"
	secretKey = "test-secret-key"
)

// places reads where to play from the environment, or skips the test.
func places(t *testing.T) []place {
	t.Helper()
	asked := os.Getenv(varPlaces)
	if asked == "" {
		t.Skipf("%s is not set: make e2e plays on the local runtime, make e2e-localstack on LocalStack, too, and make e2e-knative in a cluster", varPlaces)
	}
	pixmill := func() string { return artefact(t, varProgram, "bin/pixmill", "make build") }
	zip := func() string { return artefact(t, varZip, "dist/lambda.zip", "make lambda") }
	var found []place
	for name := range strings.SplitSeq(asked, ",") {
		switch name {
		case "local":
			found = append(found, localPlace(pixmill(), zip()))
		case "localstack":
			found = append(found, localstackPlace(t, zip()))
		case "knative":
			found = append(found, knativePlace(t, pixmill(), artefact(t, varImage, "dist/image.tar", "make image")))
		default:
			t.Fatalf("%s is %q: local, localstack, knative, or several with commas between", varPlaces, asked)
		}
	}
	return found
}

// artefact returns the path of something that is built beforehand: what is tested
// is what is shipped, not a build of the test's own.
func artefact(t *testing.T, variable, name, how string) string {
	t.Helper()
	path, err := filepath.Abs(cmp.Or(os.Getenv(variable), filepath.Join("..", name)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: %s builds %s; %s names another", err, how, name, variable)
	}
	return path
}

// TestE2E plays every scenario on every place, one place after the other, and
// compares what they left.
func TestE2E(t *testing.T) {
	all := places(t)
	for _, sc := range scenarios() {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			var results []result
			for _, pl := range all {
				t.Run(pl.name, func(t *testing.T) {
					results = append(results, result{pl.name, sc.run(t, pl)})
				})
			}
			for i := 1; i < len(results) && !t.Failed(); i++ {
				compare(t, results[0], results[i])
			}
		})
	}
}

// scenario is what is played. It ends when the output is exact.
type scenario struct {
	plan
	expectDead []string // source keys of the events that are to be given up, sorted
	play       func(*stage)
}

// run plays a scenario and returns the manifests that it left, by source key.
func (sc scenario) run(t *testing.T, pl place) map[string][]byte {
	t.Helper()
	s := newStage(t, pl, sc.plan)
	s.expectDead = slices.Clone(sc.expectDead)
	ended := false
	t.Cleanup(func() {
		if !ended { // by t.Fatal
			t.Log(s.report())
			t.Logf("events left: %v", s.stop())
		}
	})
	sc.play(s)
	s.untilExact()
	docs := s.collect()
	if len(docs) == 0 {
		t.Error("the scenario left no manifest: there is nothing to compare")
	}
	s.untilDead()
	report := s.report() // there is nothing to look at later
	ended = true
	if left := s.stop(); left.waiting != 0 || !slices.Equal(left.dead, s.expectDead) {
		t.Errorf("events left: %v; want none waiting, dead: %q", left, s.expectDead)
	}
	if t.Failed() {
		t.Log(report)
	}
	return docs
}

// stop takes the target down, whatever state it is in.
func (s *stage) stop() leftovers {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	left, err := s.target.stop(ctx)
	if err != nil {
		s.t.Errorf("stop: %v", err)
	}
	slices.Sort(left.dead)
	return left
}

// newClient returns a client of a store, whose connections end with the test.
func newClient(t *testing.T, endpoint string) *s3.Client {
	t.Helper()
	return s3.NewFromConfig(awsConfig(t, endpoint), func(o *s3.Options) { o.UsePathStyle = true })
}

func awsConfig(t *testing.T, endpoint string) aws.Config {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64} // without a proxy: both stores are near
	t.Cleanup(transport.CloseIdleConnections)
	return aws.Config{
		Region:       region,
		BaseEndpoint: &endpoint,
		Credentials:  credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
		HTTPClient:   &http.Client{Transport: transport},
	}
}
