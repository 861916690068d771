package pool_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"go.uber.org/goleak"

	"pixmill/internal/runtime/pool"
)

// These make the test binary run as the function, or as a runtime that is to
// die, in place of the tests.
const (
	asFunction = "PIXMILL_TEST_FUNCTION"
	asRuntime  = "PIXMILL_TEST_RUNTIME" // the path of the guard
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(asFunction) != "":
		runFunction()
		return
	case os.Getenv(asRuntime) != "":
		runRuntime()
		return
	}
	goleak.VerifyTestMain(m)
}

// order is what the tests ask the function for.
type order struct {
	Echo   string        `json:"echo"`
	Sleep  time.Duration `json:"sleep"`
	Fail   string        `json:"fail"`
	Panic  bool          `json:"panic"`
	Exit   int           `json:"exit"`
	Eat    int           `json:"eat"`   // MB
	Child  bool          `json:"child"` // start a process that outlives the function, answer with its pid
	GetEnv string        `json:"getEnv"`
	Print  string        `json:"print"`
	Warn   string        `json:"warn"` // to stderr
}

// reply says which process answered, and what.
type reply struct {
	PID  int    `json:"pid"`
	Text string `json:"text"`
}

// runFunction is a real function on AWS's own library.
func runFunction() {
	if os.Getenv("PIXMILL_TEST_BROKEN") != "" {
		fmt.Fprintln(os.Stderr, "no such configuration")
		os.Exit(3)
	}
	lambda.Start(func(ctx context.Context, o order) (reply, error) {
		r := reply{PID: os.Getpid(), Text: o.Echo}
		if o.Print != "" {
			fmt.Println(o.Print)
		}
		if o.Warn != "" {
			fmt.Fprintln(os.Stderr, o.Warn)
		}
		var eaten [][]byte
		for range o.Eat {
			eaten = append(eaten, bytes.Repeat([]byte("x"), 1<<20))
		}
		time.Sleep(o.Sleep) // like a C call: it does not look at ctx
		switch {
		case o.Fail != "":
			return r, errors.New(o.Fail)
		case o.Panic:
			panic("the function is broken")
		case o.Exit != 0:
			os.Exit(o.Exit)
		case o.GetEnv != "":
			r.Text = os.Getenv(o.GetEnv)
		case o.Child:
			child := exec.Command("sleep", "1000")
			if err := child.Start(); err != nil {
				return r, err
			}
			r.Text = fmt.Sprint(child.Process.Pid)
		}
		r.Text += strings.Repeat("", len(eaten))
		return r, nil
	})
}

// newPool returns a pool of the test function; edit may change its options.
func newPool(t *testing.T, edit func(*pool.Options)) *pool.Pool {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := pool.Options{
		Function:    pool.Function{Name: "test", Command: []string{self}, Root: t.TempDir()},
		Env:         []string{asFunction + "=1"},
		Inherit:     os.Environ(),
		Max:         2,
		Idle:        time.Minute,
		Timeout:     30 * time.Second,
		Grace:       time.Second,
		InitTimeout: 30 * time.Second,
		Log:         slog.New(slog.DiscardHandler),
		Now:         time.Now,
		Rand:        rand.Reader,
	}
	if edit != nil {
		edit(&o)
	}
	p := pool.New(o)
	t.Cleanup(p.Close)
	return p
}

// ask invokes the function and decodes its answer.
func ask(p *pool.Pool, o order) (reply, error) {
	payload, err := json.Marshal(o)
	if err != nil {
		return reply{}, err
	}
	answer, err := p.Invoke(context.Background(), payload)
	if err != nil {
		return reply{}, err
	}
	var r reply
	return r, json.Unmarshal(answer.Body, &r)
}

// mustAsk is ask where an error ends the test.
func mustAsk(t *testing.T, p *pool.Pool, o order) reply {
	t.Helper()
	r, err := ask(p, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// alive reports whether a process runs; one that waits to be reaped does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

// eventually waits until cond holds.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if cond() {
			return
		}
	}
	t.Fatalf("not within 10 s: %s", what)
}
