package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"pixmill/internal/event"
	"pixmill/internal/outputtest"
	"pixmill/internal/runtime/queue"
)

// local is `pixmill run` as a child process, with the zip as its function.
type local struct {
	t     *testing.T
	data  string // its folder
	s3    *s3.Client
	via   *proxy
	cmd   *exec.Cmd
	out   *outputtest.Buffer
	log   *outputtest.Buffer
	ended chan struct{}
}

// localPlace deploys on the local runtime.
func localPlace(pixmill, zip string) place {
	return place{name: "local runtime", deploy: func(t *testing.T, p plan) target {
		t.Helper()
		l := newLocal(t, newProxy(t, loopback))
		form := "sqs"
		if p.way == direct {
			form = "s3"
		}
		l.start(pixmill, p, "--function", zip, "--event", form, "--memory", fmt.Sprint(memoryMiB),
			"--env", endpointVariable+"="+l.via.URL, "--env", marker+"="+l.data)
		return l
	}}
}

// newLocal returns one that does not run yet.
func newLocal(t *testing.T, via *proxy) *local {
	t.Helper()
	return &local{
		t: t, data: filepath.Join(t.TempDir(), "data"),
		via: via, out: &outputtest.Buffer{}, log: &outputtest.Buffer{}, ended: make(chan struct{}),
	}
}

// start returns when the store serves. args say what the function is.
func (l *local) start(pixmill string, p plan, args ...string) {
	l.t.Helper()
	l.cmd = exec.Command(pixmill, append([]string{
		"run", "--data", l.data, "--listen", loopback + ":0",
		"--concurrency", fmt.Sprint(p.concurrency), "--timeout", p.timeout.String(),
	}, args...)...)
	l.cmd.Dir = l.t.TempDir()
	l.cmd.Env = append(os.Environ(), "PIXMILL_CONFIG="+presets, "PIXMILL_LOG_FORMAT=json",
		"PIXMILL_ACCESS_KEY_ID="+accessKey, "PIXMILL_SECRET_ACCESS_KEY="+secretKey)
	l.cmd.Stdout, l.cmd.Stderr = l.out, l.log
	if err := l.cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	go func() {
		_ = l.cmd.Wait() // how it ended is in ProcessState
		close(l.ended)
	}()
	l.t.Cleanup(func() {
		_ = l.cmd.Process.Kill() // unless stop has ended it
		<-l.ended
	})
	endpoint := l.awaitReady()
	l.via.sendTo(l.t, endpoint)
	l.s3 = newClient(l.t, endpoint)
}

// awaitReady returns the endpoint that the program prints when it is ready. The
// recheck is over by then: it may give a source that is put meanwhile a second event.
func (l *local) awaitReady() string {
	l.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		text := l.out.String()
		if strings.Contains(text, "Ctrl-C ends it") && strings.Contains(l.log.String(), `"recheck done"`) {
			return field(text, "S3 endpoint")
		}
		select {
		case <-l.ended:
			l.t.Fatalf("pixmill ended at its start: %v\n%s%s", l.cmd.ProcessState, text, l.log)
		default:
		}
	}
	l.t.Fatalf("pixmill was not ready within %v\n%s%s", patience, l.out, l.log)
	return ""
}

// field returns what the program printed behind a name.
func field(text, name string) string {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func (l *local) client() *s3.Client               { return l.s3 }
func (l *local) buckets() (source, output string) { return "uploads", "variants" }
func (l *local) proxy() *proxy                    { return l.via }
func (l *local) processes() ([]int, error)        { return processesOf(l.data) }
func (*local) fate() fate                         { return fate{batches: true, deaths: 2} }

func (l *local) logs(context.Context) (string, error) { return l.log.String(), nil }

func (l *local) queues(context.Context) string { return "what is left is told after the end" }

// dead reads the log: the queue is open to nobody else while the runtime works.
func (l *local) dead(context.Context) ([]string, error) {
	var keys []string
	lines := bufio.NewScanner(strings.NewReader(l.log.String()))
	for lines.Scan() {
		var record struct{ Msg, Event string }
		if json.Unmarshal(lines.Bytes(), &record) == nil && strings.HasPrefix(record.Msg, "event given up") {
			keys = append(keys, keysOf([]byte(record.Event))...)
		}
	}
	return keys, lines.Err()
}

// stop is Ctrl-C. After it the queue can be looked into.
func (l *local) stop(ctx context.Context) (leftovers, error) {
	if err := l.cmd.Process.Signal(syscall.SIGINT); err != nil {
		return leftovers{}, err
	}
	select {
	case <-l.ended:
	case <-ctx.Done():
		return leftovers{}, fmt.Errorf("pixmill did not end after Ctrl-C: %w", ctx.Err())
	}
	var errs []error
	if code := l.cmd.ProcessState.ExitCode(); code != 0 {
		errs = append(errs, fmt.Errorf("pixmill ended with %v", l.cmd.ProcessState))
	}
	if ids, err := processesOf(l.data); err != nil || len(ids) > 0 {
		errs = append(errs, fmt.Errorf("function processes that outlive pixmill: %v %w", ids, err))
	}
	left, err := queueLeftovers(ctx, filepath.Join(l.data, "queue"))
	return left, errors.Join(append(errs, err)...)
}

// queueLeftovers looks into the queue of a runtime that has ended.
func queueLeftovers(ctx context.Context, dir string) (leftovers, error) {
	q, err := queue.Open(ctx, queue.Options{Dir: dir, Visibility: time.Minute, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return leftovers{}, err
	}
	defer q.Close()
	stats, err := q.Stats(ctx)
	if err != nil {
		return leftovers{}, err
	}
	left := leftovers{waiting: int(stats.Pending) + stats.InFlight}
	letters, err := q.Letters(ctx, 1000)
	for _, letter := range letters {
		left.dead = append(left.dead, keysOf(letter.Body)...)
	}
	return left, err
}

// keysOf returns the source keys in an event. What cannot be read is shown as it
// is, so that it equals no key that is expected.
func keysOf(body []byte) []string {
	var failed struct {
		RequestPayload json.RawMessage `json:"requestPayload"` // of an on-failure destination
	}
	if json.Unmarshal(body, &failed) == nil && failed.RequestPayload != nil {
		body = failed.RequestPayload
	}
	d, err := event.Decode(body)
	if err != nil {
		return []string{"not understood: " + string(body)}
	}
	var keys []string
	for _, item := range d.Items {
		for _, e := range item.Events {
			keys = append(keys, e.Key)
		}
	}
	return keys
}
