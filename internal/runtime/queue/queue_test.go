package queue_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pixmill/internal/runtime/queue"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(asVictim); dir != "" {
		runVictim(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

func open(t *testing.T, dir string, visibility time.Duration) *queue.Queue {
	t.Helper()
	q, err := queue.Open(t.Context(), queue.Options{Dir: dir, Visibility: visibility, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.Close)
	return q
}

func send(t *testing.T, q *queue.Queue, bodies ...string) {
	t.Helper()
	for _, b := range bodies {
		if err := q.Send(t.Context(), []byte(b)); err != nil {
			t.Fatal(err)
		}
	}
}

func receive(t *testing.T, q *queue.Queue, within time.Duration) *queue.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	m, err := q.Receive(ctx)
	if err != nil {
		t.Fatalf("receive: %v", err)
	}
	return m
}

func receiveNone(t *testing.T, q *queue.Queue, within time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	if m, err := q.Receive(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("received %v, %v; want nothing", m, err)
	}
}

func wantStats(t *testing.T, q *queue.Queue, want queue.Stats) {
	t.Helper()
	if got, err := q.Stats(t.Context()); err != nil || got != want {
		t.Errorf("stats are %+v, %v; want %+v", got, err, want)
	}
}

func TestMessage_IsReceivedOnceAndGoneWhenDone(t *testing.T) {
	q := open(t, t.TempDir(), time.Minute)
	send(t, q, "a", "b")
	m := receive(t, q, 5*time.Second)
	if string(m.Body) != "a" || m.Attempt != 1 || m.Behind > 1 || time.Since(m.Sent) > time.Minute {
		t.Errorf("received %+v", m)
	}
	wantStats(t, q, queue.Stats{Pending: 1, InFlight: 1})
	if err := m.Done(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := receive(t, q, 5*time.Second).Done(t.Context()); err != nil {
		t.Fatal(err)
	}
	receiveNone(t, q, 100*time.Millisecond)
	wantStats(t, q, queue.Stats{})
}

func TestRetry_ComesAgainAfterTheDelay(t *testing.T) {
	q := open(t, t.TempDir(), time.Minute)
	send(t, q, "a")
	first := receive(t, q, 5*time.Second)
	given := time.Now()
	if err := errors.Join(first.Retry(300*time.Millisecond), first.Extend()); err != nil {
		t.Fatal(err)
	}
	again := receive(t, q, 5*time.Second)
	if waited := time.Since(given); waited < 250*time.Millisecond {
		t.Errorf("came again after %v", waited)
	}
	if again.Attempt != 2 || again.ID != first.ID {
		t.Errorf("second delivery is attempt %d of %s, first was %s", again.Attempt, again.ID, first.ID)
	}
}

func TestVisibility_HidesAndExtendProlongs(t *testing.T) {
	q := open(t, t.TempDir(), 600*time.Millisecond)
	send(t, q, "a")
	m := receive(t, q, 5*time.Second)
	for range 4 {
		receiveNone(t, q, 300*time.Millisecond)
		if err := m.Extend(); err != nil {
			t.Fatal(err)
		}
	}
	if again := receive(t, q, 5*time.Second); again.Attempt != 2 {
		t.Errorf("after the visibility: attempt %d, want 2", again.Attempt)
	}
}

func TestReceiveMore_TakesWhatIsThereAndNeverWaits(t *testing.T) {
	q := open(t, t.TempDir(), time.Minute)
	send(t, q, "a", "b", "c")
	receive(t, q, 5*time.Second) // by now the consumer has seen the first
	for n := 0; n < 2; {
		more, err := q.ReceiveMore(10)
		if err != nil {
			t.Fatal(err)
		}
		n += len(more)
	}
	start := time.Now()
	more, err := q.ReceiveMore(10)
	if err != nil || len(more) != 0 {
		t.Fatalf("got %d messages, %v; want none", len(more), err)
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("it took %v", d)
	}
}

func TestBury_KeepsTheMessageWithItsReason(t *testing.T) {
	q := open(t, t.TempDir(), time.Minute)
	send(t, q, "poison")
	m := receive(t, q, 5*time.Second)
	if err := m.Retry(0); err != nil {
		t.Fatal(err)
	}
	m = receive(t, q, 5*time.Second)
	if err := q.Bury(t.Context(), m, "killed the function twice:\nsignal: killed"); err != nil {
		t.Fatal(err)
	}
	wantStats(t, q, queue.Stats{Dead: 1})
	letters, err := q.Letters(t.Context(), 10)
	if err != nil || len(letters) != 1 {
		t.Fatalf("letters: %v %v", letters, err)
	}
	l := letters[0]
	if string(l.Body) != "poison" || l.Reason != "killed the function twice: signal: killed" || l.Attempts != 2 || l.ID != m.ID || !l.Sent.Equal(m.Sent) {
		t.Errorf("letter is %+v", l)
	}
}

func TestBury_KeepsTheSettingsOfNow(t *testing.T) {
	q := open(t, t.TempDir(), time.Minute)
	for _, settings := range []string{"a", "b"} {
		send(t, q, settings)
		q.SetSettings(settings)
		if err := q.Bury(t.Context(), receive(t, q, 5*time.Second), "as the test wants"); err != nil {
			t.Fatal(err)
		}
	}
	letters, err := q.Letters(t.Context(), 10)
	if err != nil || len(letters) != 2 || letters[0].Settings != "a" || letters[1].Settings != "b" {
		t.Errorf("letters: %+v %v", letters, err)
	}
}

func TestOpen_SecondStartHasEverythingAtOnceWithItsAttempts(t *testing.T) {
	dir := t.TempDir()
	q := open(t, dir, time.Hour)
	send(t, q, "done", "unfinished", "given back", "waiting")
	if err := receive(t, q, 5*time.Second).Done(t.Context()); err != nil {
		t.Fatal(err)
	}
	receive(t, q, 5*time.Second)
	if err := receive(t, q, 5*time.Second).Retry(time.Hour); err != nil {
		t.Fatal(err)
	}
	wantStats(t, q, queue.Stats{Pending: 1, InFlight: 2})
	q.Close()

	q = open(t, dir, time.Hour)
	got := map[string]int{}
	for range 3 {
		m := receive(t, q, 5*time.Second)
		got[string(m.Body)] = m.Attempt
		if err := m.Done(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got["unfinished"] != 2 || got["given back"] != 2 || got["waiting"] != 1 {
		t.Errorf("attempts after the restart: %v", got)
	}
	receiveNone(t, q, 100*time.Millisecond)
}

func TestReceive_SaysHowManyWaitBehind(t *testing.T) {
	dir := t.TempDir()
	q := open(t, dir, time.Minute)
	send(t, q, "a", "b", "c")
	q.Close()
	q = open(t, dir, time.Minute) // now the consumer knows all of them
	if m := receive(t, q, 5*time.Second); m.Behind != 2 {
		t.Errorf("%d behind, want 2", m.Behind)
	}
}

func TestReceive_ManyReceiversShareWithoutLossOrRepeat(t *testing.T) {
	const messages, receivers = 500, 8
	q := open(t, t.TempDir(), time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex
	seen := map[string]int{}
	var wg sync.WaitGroup
	for range receivers {
		wg.Go(func() {
			for {
				m, err := q.Receive(ctx)
				if err != nil {
					return
				}
				if err := m.Done(context.WithoutCancel(ctx)); err != nil {
					t.Errorf("done: %v", err)
				}
				mu.Lock()
				seen[string(m.Body)]++
				if len(seen) == messages {
					cancel()
				}
				mu.Unlock()
			}
		})
	}
	for i := range messages {
		send(t, q, fmt.Sprint(i))
	}
	wg.Wait()
	for body, n := range seen {
		if n != 1 {
			t.Errorf("message %s was received %d times", body, n)
		}
	}
	wantStats(t, q, queue.Stats{})
}

func TestOpen_UnusableDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	q, err := queue.Open(t.Context(), queue.Options{Dir: file, Visibility: time.Minute, Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		q.Close()
		t.Fatal("no error")
	}
	if !strings.Contains(err.Error(), file) {
		t.Errorf("error %q does not name %s", err, file)
	}
}
