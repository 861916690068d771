package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	deadletters "pixmill/internal/queue"
	"pixmill/internal/runtime"
	"pixmill/internal/runtime/queue"
)

// killedChild makes a test run as a process that kills itself at that directory.
const killedChild = "PIXMILL_TEST_KILLED_LETTERS"

func openQueue(t *testing.T, data string) *queue.Queue {
	t.Helper()
	q, err := queue.Open(t.Context(), queue.Options{Dir: filepath.Join(data, "queue"), Visibility: time.Minute, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// bury leaves a data directory with an event for each key among the dead letters.
func bury(t *testing.T, keys ...string) string {
	t.Helper()
	data := t.TempDir()
	q := openQueue(t, data)
	defer q.Close()
	for _, key := range keys {
		if err := q.Send(t.Context(), fmt.Appendf(nil, `{"bucket":"uploads","key":%q}`, key)); err != nil {
			t.Fatal(err)
		}
		m, err := q.Receive(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Bury(t.Context(), m, "failed 5 times, at last: no space"); err != nil {
			t.Fatal(err)
		}
	}
	return data
}

// waiting takes what is in the queue, and counts the dead letters.
func waiting(t *testing.T, data string) (keys []string, dead uint64) {
	t.Helper()
	q := openQueue(t, data)
	defer q.Close()
	s, err := q.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	messages, err := q.ReceiveMore(max(1, int(s.Pending)))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		keys = append(keys, deadletters.Letter{Body: m.Body}.Keys()...)
		if err := m.Done(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(keys)
	return keys, s.Dead
}

func redriveLetters(t *testing.T, data string, o deadletters.Options, wrap func(*runtime.Letters) deadletters.DeadLetters) (s deadletters.Summary, seen []deadletters.Letter) {
	t.Helper()
	l, err := runtime.OpenLetters(t.Context(), data, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	o.Now = time.Now
	s, err = deadletters.Redrive(t.Context(), wrap(l), o, func(l deadletters.Letter, _ deadletters.Fate) { seen = append(seen, l) })
	if err = errors.Join(err, l.Close()); err != nil {
		t.Fatal(err)
	}
	return s, seen
}

func asIs(l *runtime.Letters) deadletters.DeadLetters { return l }

func TestLetters_LookThenMoveOneThenAll(t *testing.T) {
	data := bury(t, "a", "b", "c")
	s, seen := redriveLetters(t, data, deadletters.Options{}, asIs)
	if s.Kept != 3 || len(seen) != 3 || seen[0].Attempts != 1 || !strings.Contains(seen[0].Reason, "no space") || time.Since(seen[0].Sent) > time.Hour {
		t.Errorf("look: %+v, %+v", s, seen)
	}
	if keys, dead := waiting(t, data); len(keys) != 0 || dead != 3 {
		t.Errorf("after a look the queue has %q, and there are %d dead letters", keys, dead)
	}
	match := func(l deadletters.Letter) bool { return l.Keys()[0] == "b" }
	if s, _ := redriveLetters(t, data, deadletters.Options{Move: true, Match: match}, asIs); s != (deadletters.Summary{Moved: 1, Filtered: 2}) {
		t.Errorf("move b: %+v", s)
	}
	if keys, dead := waiting(t, data); !slices.Equal(keys, []string{"b"}) || dead != 2 {
		t.Errorf("the queue has %q, and there are %d dead letters", keys, dead)
	}
	if s, _ := redriveLetters(t, data, deadletters.Options{Move: true}, asIs); s.Moved != 2 {
		t.Errorf("move all: %+v", s)
	}
	if keys, dead := waiting(t, data); !slices.Equal(keys, []string{"a", "c"}) || dead != 0 {
		t.Errorf("the queue has %q, and there are %d dead letters", keys, dead)
	}
}

// killer ends this process, as kill -9 does, in place of its first Delete.
type killer struct{ *runtime.Letters }

func (killer) Delete(context.Context, deadletters.Letter) error {
	return syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

func TestLetters_KilledBetweenSendAndDelete(t *testing.T) {
	if data := os.Getenv(killedChild); data != "" {
		redriveLetters(t, data, deadletters.Options{Move: true}, func(l *runtime.Letters) deadletters.DeadLetters { return killer{l} })
		t.Fatal("it was not killed")
	}
	data := bury(t, "a", "b")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLetters_KilledBetweenSendAndDelete$")
	cmd.Env = append(os.Environ(), killedChild+"="+data)
	if out, err := cmd.CombinedOutput(); err == nil || cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("the process ended by itself: %v\n%s", err, out)
	}
	if s, _ := redriveLetters(t, data, deadletters.Options{Move: true}, asIs); s.Moved != 2 {
		t.Errorf("after the kill: %+v; want both letters still there, and moved", s)
	}
	keys, dead := waiting(t, data)
	if !slices.Equal(slices.Compact(keys), []string{"a", "b"}) || dead != 0 {
		t.Errorf("the queue has %q, and there are %d dead letters", keys, dead)
	}
	if len(keys) != 2 {
		t.Errorf("the queue has %q; want the one that was sent twice once", keys)
	}
}

func TestOpenLetters_WhileARuntimeRuns(t *testing.T) {
	data := t.TempDir()
	open(t, data, nil)
	_, err := runtime.OpenLetters(t.Context(), data, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("error is %v; want the process named", err)
	}
}

func TestOpenLetters_MakesNoDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nothing")
	if _, err := runtime.OpenLetters(t.Context(), dir, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("no error")
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the directory was made")
	}
}
