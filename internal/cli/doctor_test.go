package cli

import (
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pixmill/internal/doctor"
	"pixmill/internal/runtime/queue"
	"pixmill/internal/runtime/store/storetest"
)

// localData is a data directory as `pixmill run` leaves it, with its store
// running and an event for each key among the dead letters.
func localData(t *testing.T, keys ...string) (data, endpoint string) {
	t.Helper()
	data = t.TempDir()
	t.Chdir(data) // the store changes the working directory: this changes it back
	q, err := queue.Open(t.Context(), queue.Options{Dir: filepath.Join(data, "queue"), Visibility: time.Minute, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	for _, key := range keys {
		body, err := json.Marshal(map[string]string{"bucket": "uploads", "key": key})
		if err == nil {
			err = q.Send(t.Context(), body)
		}
		if err != nil {
			t.Fatal(err)
		}
		m, err := q.Receive(t.Context())
		if err == nil {
			err = q.Bury(t.Context(), m, "failed 5 times, at last: no space left")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	s := storetest.Open(t, filepath.Join(data, "s3"), "uploads", "variants")
	return data, s.Endpoint().URL
}

func TestDoctor_HealthyIsCode0(t *testing.T) {
	data, endpoint := localData(t)
	code, stdout, stderr := run(t, "doctor", "--data", data, "--endpoint", endpoint)
	if code != exitOK || stderr != "" {
		t.Errorf("exit code %d, standard error %q", code, stderr)
	}
	for _, want := range []string{
		"\n  Pixmill doctor  from s3://uploads/ to s3://variants/, the built-in configuration\n",
		"  ✓ output permissions  list, read, write and delete\n",
		"\n  All is well.  ",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the output lacks %q:\n%s", want, stdout)
		}
	}
	if strings.ContainsRune(stdout, '\x1b') {
		t.Error("colours for somebody who is no terminal")
	}
}

func TestDoctor_ProblemIsCode1AndSaysWhyAndFix(t *testing.T) {
	data, endpoint := localData(t)
	code, stdout, stderr := run(t, "doctor", "--data", data, "--endpoint", endpoint, "gone.jpg")
	if code != exitFailed || stderr != "" {
		t.Errorf("exit code %d, standard error %q", code, stderr)
	}
	for _, want := range []string{
		"  ✗ source              there is no object \"gone.jpg\" in uploads\n",
		"                        why  without a source there are no variants\n",
		"                        fix  aws --endpoint-url " + endpoint + " s3 ls s3://uploads/   (shows what is there)\n",
		"\n  1 problem.  ",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the output lacks %q:\n%s", want, stdout)
		}
	}
}

func TestDoctor_JSONIsALineForEachFinding(t *testing.T) {
	data, endpoint := localData(t, "a.jpg")
	code, stdout, _ := run(t, "doctor", "--data", data, "--endpoint", endpoint, "--json")
	if code != exitOK { // dead letters are a warning
		t.Errorf("exit code %d", code)
	}
	warned := false
	for line := range strings.Lines(stdout) {
		var f doctor.Finding
		if err := json.Unmarshal([]byte(line), &f); err != nil || f.Check == "" || f.Status == "" || f.What == "" {
			t.Errorf("%q: %v", line, err)
		}
		warned = warned || f.Check == "dead letters" && f.Status == doctor.StatusWarning && f.Fix != ""
	}
	if !warned {
		t.Errorf("no warning of the dead letter:\n%s", stdout)
	}
}

func TestDoctor_MistakesAreCode2(t *testing.T) {
	t.Chdir(t.TempDir())
	for args, want := range map[string]string{
		"doctor --timeout 1ms":      "--timeout is 1ms: at least 1s",
		"doctor --data nowhere":     "--data: nowhere is no folder of pixmill run",
		"doctor --config no.yaml":   "no.yaml: no such file",
		"doctor a.jpg b.jpg":        "accepts at most 1 arg(s), received 2",
		"redrive":                   "which dead letters? --queue NAME for those in SQS, or --data .pixmill",
		"redrive -q a -d b":         "which dead letters?",
		"redrive -q a --list --run": "--list and --run: one of them",
		"redrive -q a --max -1":     "--max is -1",
		"redrive -q a --key [":      `--key: "[" is not a pattern`,
		"redrive -d a --to-queue b": "--to-queue and --to-function go with --queue",
	} {
		code, stdout, stderr := run(t, strings.Fields(args)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d, standard output %q, standard error %q; want %q", args, code, stdout, stderr, want)
		}
	}
}

func TestDoctor_KeysDoNothingToATerminal(t *testing.T) {
	var out strings.Builder
	r := newDoctorReport(&out, func(string) string { return "" }, false)
	r.finding(doctor.Finding{Status: doctor.StatusProblem, What: "a\x1b[2J", Why: "b\x1b[2J", Fix: "pixmill doctor 'c\x1b[2J'"})
	if strings.ContainsRune(out.String(), '\x1b') || !strings.Contains(out.String(), "pixmill doctor") {
		t.Errorf("got %q", out.String())
	}
}

func TestWrap(t *testing.T) {
	got := wrap("one two  three averylongword four", 9)
	if want := "one two|three|averylongword|four"; strings.Join(got, "|") != want {
		t.Errorf("%q, want %q", got, want)
	}
}
