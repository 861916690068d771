package lambdafn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"pixmill/internal/adapter/delivery"
	"pixmill/internal/adapter/lambdafn/lambdatest"
	"pixmill/internal/fault"
)

// childMain is what the test program is when childVariable is set: a function,
// or one whose configuration is wrong.
func childMain(role string) int {
	err := Run(context.Background(), Options{
		API: os.Getenv(APIVariable),
		Log: slog.New(slog.NewJSONHandler(os.Stderr, nil)),
		Now: time.Now,
		Open: func(context.Context) (delivery.Handler, error) {
			if role == "misconfigured" {
				return nil, fault.New(fault.Misconfigured, "read the configuration", "output.bucket", errors.New("it is missing"))
			}
			return &script{}, nil
		},
	})
	fmt.Fprintln(os.Stderr, "bootstrap:", err)
	return 1
}

// process is the test program in the role of a function.
type process struct {
	cmd    *exec.Cmd
	stderr *bytes.Buffer
}

func startFunction(t *testing.T, role, api string) *process {
	t.Helper()
	p := &process{cmd: exec.CommandContext(t.Context(), os.Args[0]), stderr: &bytes.Buffer{}}
	p.cmd.Env = append(os.Environ(), childVariable+"="+role, APIVariable+"="+api)
	p.cmd.Stderr = p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it may have ended already
		_ = p.cmd.Wait()         // by that kill
		if t.Failed() {
			t.Logf("the function's log:\n%s", p.stderr)
		}
	})
	return p
}

func TestProcess_AnswersEveryEnvelopeAndLivesOn(t *testing.T) {
	api := lambdatest.New(t)
	startFunction(t, "function", api.Addr())
	const limit = 30 * time.Second

	r := api.Invoke(t, batchOf(t,
		message{id: "a", keys: []string{"one"}},
		message{id: "b", keys: []string{"panic"}},
		message{id: "c", keys: []string{"transient"}},
	), limit)
	if r.Failed || !slices.Equal(failures(t, r.Body), []string{"b", "c"}) {
		t.Errorf("SQS: %+v %s; want b and c given back", r, r.Body)
	}
	if r = api.Invoke(t, notification(t, "one"), limit); r.Failed {
		t.Errorf("S3: %s", r.Body)
	}
	if r = api.Invoke(t, notification(t, "one", "transient"), limit); !r.Failed || typeOf(t, r) != "Pixmill.Transient" {
		t.Errorf("S3: %s; want a failure that Lambda tries again", r.Body)
	}
	if r = api.Invoke(t, []byte(`{"bucket":"uploads","key":"misconfigured"}`), limit); !r.Failed || typeOf(t, r) != "Pixmill.Misconfigured" {
		t.Errorf("direct: %s; want a typed failure", r.Body)
	}
	if r = api.Invoke(t, []byte(`{"hello":"world"}`), limit); !r.Failed || typeOf(t, r) != "Pixmill.Rejected" {
		t.Errorf("unknown: %s; want a typed failure", r.Body)
	}
	if r = api.Invoke(t, []byte(`{"bucket":"uploads","key":"one"}`), limit); r.Failed {
		t.Errorf("direct, after the failures: %s", r.Body)
	}
}

func TestProcess_KeepsTheDeadlineItIsGiven(t *testing.T) {
	api := lambdatest.New(t)
	startFunction(t, "function", api.Addr())
	start := time.Now()
	r := api.Invoke(t, batchOf(t, message{id: "a", keys: []string{"sleep:1m"}}), 2*time.Second)
	if took := time.Since(start); r.Failed || len(failures(t, r.Body)) != 1 || took > 20*time.Second {
		t.Errorf("%s after %v; want the message given back, not the minute waited for", r.Body, took)
	}
}

func TestProcess_SaysWhyItCannotStart(t *testing.T) {
	api := lambdatest.New(t)
	p := startFunction(t, "misconfigured", api.Addr())
	r := api.InitError(t)
	if typeOf(t, r) != "Pixmill.Misconfigured" || !strings.Contains(string(r.Body), `output.bucket`) {
		t.Errorf("init error is %s; want the field named", r.Body)
	}
	_ = p.cmd.Wait() // its exit status is looked at below
	if code := p.cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code is %d, want 1", code)
	}
	want := "bootstrap: read the configuration \"output.bucket\": misconfigured: it is missing\n"
	if got := p.stderr.String(); got != want {
		t.Errorf("standard error is %q, want %q", got, want)
	}
}

func TestProcess_OutsideLambdaSaysSo(t *testing.T) {
	p := startFunction(t, "function", "")
	_ = p.cmd.Wait() // its exit status is looked at below
	if code := p.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(p.stderr.String(), APIVariable+" is not set") {
		t.Errorf("exit code %d, standard error %q", code, p.stderr)
	}
}

func TestRun_RuntimeAPIThatCannotBeTold(t *testing.T) {
	cause := errors.New("no bucket")
	err := Run(t.Context(), Options{
		API:  "127.0.0.1:1",
		Open: func(context.Context) (delivery.Handler, error) { return nil, cause },
	})
	if !errors.Is(err, cause) || !strings.Contains(err.Error(), "could not be told") {
		t.Errorf("error is %v; want the cause and that it was not reported", err)
	}
}

func typeOf(t *testing.T, r lambdatest.Reply) string {
	t.Helper()
	var e struct{ ErrorType string }
	if err := json.Unmarshal(r.Body, &e); err != nil {
		t.Fatalf("answer %s: %v", r.Body, err)
	}
	return e.ErrorType
}
