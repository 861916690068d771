package runtime_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"pixmill/internal/blob/s3blob"
	"pixmill/internal/outputtest"
	"pixmill/internal/runtime/store"
)

// sourceDir is the folder of this package: a store changes the working directory.
var sourceDir, _ = os.Getwd()

// binaryBuilt is set once there is something to remove.
var binaryBuilt atomic.Bool

// pixmillBinary builds the program once for all tests.
var pixmillBinary = sync.OnceValues(func() (string, error) {
	binaryBuilt.Store(true)
	dir, err := os.MkdirTemp("", "pixmill-test-*")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "pixmill")
	args := append([]string{"build", "-o", path}, buildFlags...)
	build := exec.Command("go", append(args, "pixmill/functions/pixmill")...)
	build.Dir = sourceDir
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// binary is the real program in `pixmill run`.
type binary struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout *outputtest.Buffer
	stderr *outputtest.Buffer
	ended  chan struct{}
	store  *s3blob.Store
}

// runBinary starts `pixmill run` and waits until it is ready.
func runBinary(t *testing.T, data string, args ...string) *binary {
	t.Helper()
	b := startBinary(t, data, args...)
	b.awaitReady()
	return b
}

// startBinary starts `pixmill run` on the test's presets, unless the test has set
// PIXMILL_TEST_CONFIG.
func startBinary(t *testing.T, data string, args ...string) *binary {
	t.Helper()
	path, err := pixmillBinary()
	if err != nil {
		t.Fatal(err)
	}
	b := &binary{t: t, stdout: &outputtest.Buffer{}, stderr: &outputtest.Buffer{}, ended: make(chan struct{})}
	b.cmd = exec.Command(path, append([]string{"run", "--data", data, "--listen", "127.0.0.1:0"}, args...)...)
	b.cmd.Env = os.Environ()
	if os.Getenv("PIXMILL_TEST_CONFIG") == "" {
		b.cmd.Env = append(b.cmd.Env, "PIXMILL_CONFIG="+presets)
	}
	b.cmd.Dir = t.TempDir()
	b.cmd.Stdout, b.cmd.Stderr = b.stdout, b.stderr
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = b.cmd.Wait() // how it ended is in ProcessState
		close(b.ended)
	}()
	t.Cleanup(func() {
		b.kill()
		if strings.Contains(b.stderr.String(), "DATA RACE") { // its own or a function's
			t.Errorf("the program has a race:\n%s", b.stderr)
		}
		if t.Failed() {
			t.Logf("log of pixmill:\n%s", lastLines(b.stderr.String(), 40))
		}
	})
	return b
}

func lastLines(s string, n int) string {
	lines := strings.Split(s, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// awaitReady waits for the endpoint in what the program prints.
func (b *binary) awaitReady() {
	b.t.Helper()
	eventually(b.t, 30*time.Second, "pixmill says that it is ready", func() bool {
		select {
		case <-b.ended:
			b.t.Fatalf("pixmill ended at its start: %v\n%s", b.cmd.ProcessState, b.stderr)
		default:
		}
		return strings.Contains(b.stdout.String(), "Ctrl-C ends it")
	})
	e := store.Endpoint{URL: field(b.stdout.String(), "S3 endpoint"), Region: "us-east-1", Credentials: b.keys()}
	var err error
	if b.store, err = e.Client(context.Background()); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(b.store.Close)
}

// keys returns those that the test gave in the environment, or that the program made.
func (b *binary) keys() store.Credentials {
	b.t.Helper()
	c := store.Credentials{AccessKey: os.Getenv("PIXMILL_ACCESS_KEY_ID"), SecretKey: os.Getenv("PIXMILL_SECRET_ACCESS_KEY")}
	if c.AccessKey != "" {
		return c
	}
	file := strings.TrimPrefix(field(b.stdout.String(), "secret key"), "in ")
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// field returns what the program printed behind a name.
func field(text, name string) string {
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		if value, ok := strings.CutPrefix(strings.TrimSpace(lines.Text()), name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// kill is kill -9 of the program, not of its functions; it returns when it has ended.
func (b *binary) kill() {
	_ = b.cmd.Process.Kill() // it may have ended
	<-b.ended
}

// interrupt is Ctrl-C; it returns the exit code.
func (b *binary) interrupt() int {
	b.t.Helper()
	if err := b.cmd.Process.Signal(syscall.SIGINT); err != nil {
		b.t.Error(err)
	}
	select {
	case <-b.ended:
	case <-time.After(60 * time.Second):
		b.t.Errorf("pixmill did not end within 60 s of Ctrl-C")
		b.kill()
	}
	return b.cmd.ProcessState.ExitCode()
}

// functions returns the pids of the program's function processes.
func (b *binary) functions() []int {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", b.cmd.Process.Pid))
	if err != nil {
		b.t.Fatal(err)
	}
	var pids []int
	for _, l := range lists {
		f, err := os.Open(l)
		if err != nil {
			continue // the thread has ended
		}
		text, _ := io.ReadAll(f) // as above
		f.Close()
		for _, word := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(word); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
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
func eventually(t *testing.T, within time.Duration, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if cond() {
			return
		}
	}
	t.Fatalf("not within %v: %s", within, what)
}
