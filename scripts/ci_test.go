package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// made finds the commands that take long.
var made = regexp.MustCompile(`scripts/(lambda|image)\.sh \w+`)

// makes runs .ci/run with a make that does nothing, on a machine where a LocalStack and a
// cluster are up, and returns the arguments of each call.
func makes(t *testing.T) [][]string {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil || runtime.GOOS != "linux" {
		t.Skipf(".ci/run wants Linux and bash, this is %s: %v", runtime.GOOS, err)
	}
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	if err := os.WriteFile(filepath.Join(dir, "make"), []byte("#!/bin/sh\necho \"$*\" >>'"+log+"'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("../.ci/run")
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "AWS_ENDPOINT_URL=http://127.0.0.1:1", "KUBECONFIG=/nowhere",
		"LOCALSTACK_TESTBED=/nowhere", "KUBE_TESTBED=/nowhere")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var calls [][]string
	for line := range strings.Lines(string(text)) {
		calls = append(calls, strings.Fields(line))
	}
	return calls
}

// wouldRun returns the commands of a make, none of which it runs.
func wouldRun(t *testing.T, args []string) string {
	t.Helper()
	cmd := exec.Command("make", append([]string{"--no-print-directory", "--dry-run"}, args...)...)
	cmd.Dir = ".."
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MAKE") || strings.HasPrefix(v, "MFLAGS") })
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("make %q: %v: %s", args, err, out)
	}
	return string(out)
}

func TestCI_MakesEachZipAndImageOnce(t *testing.T) {
	times := map[string]int{}
	for _, args := range makes(t) {
		for command := range strings.Lines(wouldRun(t, args)) {
			times[made.FindString(command)]++
		}
	}
	delete(times, "") // other commands
	if times["scripts/lambda.sh all"] == 0 || times["scripts/image.sh small"] == 0 {
		t.Errorf("the zips and the small image are not made: %v", times)
	}
	for command, n := range times {
		if n != 1 {
			t.Errorf("%s is run %d times, want once", command, n)
		}
	}
}

// Everywhere but in .ci/run sources may have changed.
func TestMake_EndToEndTestsMakeWhatTheyTest(t *testing.T) {
	for target, scripts := range map[string][]string{
		"e2e": {"scripts/lambda.sh"}, "e2e-localstack": {"scripts/lambda.sh"}, "e2e-deploys": {"scripts/lambda.sh"},
		"e2e-knative": {"scripts/lambda.sh", "scripts/image.sh"}, "evaluate": {"scripts/image.sh"},
	} {
		for _, script := range scripts {
			if !strings.Contains(wouldRun(t, []string{target}), script+" ") {
				t.Errorf("make %s does not run %s", target, script)
			}
		}
	}
}
