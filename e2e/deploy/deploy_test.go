package deploy

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The environment variables of these tests. Without the first, nothing is deployed.
const (
	varAsked    = "PIXMILL_E2E"      // "deploys"
	varEndpoint = "AWS_ENDPOINT_URL" // of LocalStack

	// What is tested, where it is not what make has built.
	varProgram = "PIXMILL_E2E_PROGRAM" // bin/pixmill
	varZip     = "PIXMILL_E2E_ZIP"     // dist/lambda.zip
)

const (
	photo    = "../../internal/imaging/imagingtest/testdata/photos/rocket.jpg"
	patience = time.Minute // for an output to appear or go
)

// triggers are the ways from the bucket to the function. The first is the default.
// Each has a deployment of its own: where the trigger of a stack changes, LocalStack
// leaves the bucket's notifications as they were.
var triggers = []string{"queue", "eventbridge", "topic", "direct"}

// deployment is a set of names for one deployment.
type deployment struct {
	name, source, output string
	trigger              string
	notify               string // the parameter; empty: no completion events
	notifyGrant          string // what it takes to send them: "ACTION on ARN"
}

// tool deploys Pixmill as its users do.
type tool interface {
	// deploy makes the deployment.
	deploy(t *testing.T, d deployment)
	// remove removes it; its buckets are empty.
	remove(ctx context.Context, t *testing.T, d deployment)
}

// endpoint returns the LocalStack to deploy on, or skips the test.
func endpoint(t *testing.T) string {
	t.Helper()
	if os.Getenv(varAsked) != "deploys" {
		t.Skipf("%s is not \"deploys\": make e2e-deploys deploys on a LocalStack", varAsked)
	}
	url := os.Getenv(varEndpoint)
	if url == "" {
		t.Fatalf("%s is not set: it names the LocalStack to deploy on", varEndpoint)
	}
	// Nothing here may ever meet a real account.
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(url + "/_localstack/health")
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s=%s is no LocalStack that answers: %v", varEndpoint, url, err)
	}
	res.Body.Close()
	return url
}

// newDeployment returns names that no other run has.
func newDeployment(tool, trigger string) deployment {
	id := make([]byte, 3)
	rand.Read(id)
	name := "deploy-" + hex.EncodeToString(id) + "-" + tool
	return deployment{name: name, source: name + "-uploads", output: name + "-variants", trigger: trigger}
}

func TestDeploys_AllThreeWorkAndAreTheSame(t *testing.T) {
	url := endpoint(t)
	tools := map[string]tool{"scripts": newScripts(t), "sam": newSAM(t), "osls": newOSLS(t)}
	found := map[string]map[string]settings{} // by tool, by trigger
	t.Run("tools", func(t *testing.T) {
		for name, tl := range tools {
			byTrigger := map[string]settings{}
			found[name] = byTrigger
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for _, trigger := range triggers {
					t.Run(trigger, func(t *testing.T) {
						byTrigger[trigger] = check(t, newStack(t, url), tl, newDeployment(name, trigger))
					})
				}
			})
		}
	})
	if t.Failed() {
		return
	}
	for _, trigger := range triggers {
		differ(t, trigger, found["scripts"][trigger], "sam", found["sam"][trigger])
		differ(t, trigger, found["scripts"][trigger], "osls", found["osls"][trigger])
	}
}

// doctorIsContent wants `pixmill doctor` to find no problem with a deployment.
func doctorIsContent(t *testing.T, d deployment) {
	t.Helper()
	program := cmp.Or(os.Getenv(varProgram), root(t, "bin", "pixmill"))
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("%v: make build builds it; %s names another", err, varProgram)
	}
	w := workspace{dir: t.TempDir(), env: environment()}
	out := w.run(t.Context(), t, []string{"PIXMILL_SOURCE_BUCKET=" + d.source, "PIXMILL_OUTPUT_BUCKET=" + d.output}, program, "doctor")
	if !strings.Contains(out, "All is well") {
		t.Errorf("by %s, pixmill doctor says\n%s", d.trigger, out)
	}
}

// check deploys, sends an image, and removes everything.
func check(t *testing.T, s *stack, tl tool, d deployment) settings {
	removed := false
	t.Cleanup(func() { // unless it is done; what a failed deployment has made goes, too
		if removed {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		s.empty(ctx, t, d.source, d.output)
		tl.remove(ctx, t, d)
	})
	image, err := os.ReadFile(photo)
	if err != nil {
		t.Fatal(err)
	}
	listener := s.listen(t, &d)
	tl.deploy(t, d)
	found := s.settings(t, d)
	const key = "holidays 2026/a+b.jpg"
	s.passes(t, d, key, image)
	listener.hears(t, d, key, "ok", "absent")
	doctorIsContent(t, d)
	if _, ok := tl.(*scripts); !ok {
		s.policyIsMinimal(t, d)
	}
	s.empty(t.Context(), t, d.source, d.output)
	tl.remove(t.Context(), t, d)
	removed = true
	s.nothingLeft(t, d)
	return found
}

// differ reports each setting that another tool's deployment has otherwise. With
// -run, one of them may not be there.
func differ(t *testing.T, trigger string, want settings, other string, got settings) {
	t.Helper()
	if want == nil || got == nil {
		return
	}
	both := maps.Clone(want)
	maps.Copy(both, got)
	for _, name := range slices.Sorted(maps.Keys(both)) {
		if want[name] != got[name] {
			t.Errorf("trigger %s: %s is\n\t%s by the scripts,\n\t%s by %s", trigger, name, want[name], got[name], other)
		}
	}
}

// root returns the path of a file of the repository.
func root(t *testing.T, elem ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(append([]string{"..", ".."}, elem...)...))
	if err != nil {
		t.Fatal(err)
	}
	return path
}
