package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pixmill/internal/event"
	"pixmill/internal/runtime/dispatch"
	"pixmill/internal/runtime/lambdaapi"
	"pixmill/internal/runtime/pool"
	"pixmill/internal/runtime/queue"
)

func TestRun_TakesWhatIsThereInOneBatch(t *testing.T) {
	x := setUp(t, func(context.Context, []item) ([]byte, error) { return ok() })
	x.send("a", "b", "ü +%2B", "d")
	x.openQueue(time.Minute)
	if dead := x.drain(); len(dead) != 0 {
		t.Errorf("dead letters: %+v", dead)
	}
	var keys []string
	for _, b := range x.f.seen() {
		keys = append(keys, b...)
	}
	slices.Sort(keys)
	if !slices.Equal(keys, []string{"a", "b", "d", "ü +%2B"}) {
		t.Errorf("keys %q", keys)
	}
	if n := len(x.f.seen()); n != 1 {
		t.Errorf("%d invocations for 4 events that were there: %q", n, x.f.seen())
	}
}

func TestRun_FailedItemsComeAgainAlone(t *testing.T) {
	tried := map[string]int{}
	x := setUp(t, func(_ context.Context, batch []item) ([]byte, error) {
		var failed []string
		for _, it := range batch {
			tried[it.key]++
			if it.attempt != tried[it.key] {
				t.Errorf("receive count of %s is %d at attempt %d", it.key, it.attempt, tried[it.key])
			}
			if it.attempt > 1 && len(batch) > 1 {
				t.Errorf("attempt %d of %s was not alone", it.attempt, it.key)
			}
			if strings.HasPrefix(it.key, "bad") && tried[it.key] < 3 {
				failed = append(failed, it.id)
			}
		}
		return failuresOf(failed...)
	})
	x.send("good", "bad1", "bad2")
	if dead := x.drain(); len(dead) != 0 {
		t.Errorf("dead letters: %+v", dead)
	}
	if tried["good"] != 1 || tried["bad1"] != 3 || tried["bad2"] != 3 {
		t.Errorf("attempts: %v", tried)
	}
}

func TestRun_ComesAgainOnlyWhenTheStoreHasSettled(t *testing.T) {
	settled := make(chan struct{})
	var first atomic.Bool
	x := setUp(t, func(_ context.Context, batch []item) ([]byte, error) {
		if first.CompareAndSwap(false, true) {
			return failuresOf(batch[0].id)
		}
		select {
		case <-settled:
		default:
			t.Error("delivered again while a write of the first attempt was under way")
		}
		return failuresOf()
	})
	x.o.Settled = func(ctx context.Context) error {
		select {
		case <-time.After(200 * time.Millisecond): // ten times the backoff
			close(settled)
		case <-ctx.Done():
		}
		return ctx.Err()
	}
	x.send("a")
	if dead := x.drain(); len(dead) != 0 || len(x.f.seen()) != 2 {
		t.Errorf("dead letters %v, invocations %v", dead, x.f.seen())
	}
}

func TestRun_WhatFailsForGoodIsADeadLetter(t *testing.T) {
	killed := &pool.KilledError{Reason: "signal: killed"}
	tests := []struct {
		name     string
		answer   func([]item) ([]byte, error)
		reason   string
		attempts int
	}{
		{
			"reported as failed",
			func(b []item) ([]byte, error) { return failuresOf(b[0].id) },
			"failed 3 times, at last: the function reported it as failed; its log says why", 3,
		},
		{
			"error",
			func([]item) ([]byte, error) { return nil, &lambdaapi.FunctionError{Type: "E", Message: "no"} },
			"failed 3 times, at last: function error E: no", 3,
		},
		{"kills the process", func([]item) ([]byte, error) { return nil, killed }, "killed the function twice: signal: killed", 2},
		{"no JSON", func([]item) ([]byte, error) { return []byte("{"), nil }, "failed 3 times, at last: the function's answer is not JSON", 3},
		{
			"failures of nobody",
			func([]item) ([]byte, error) { return failuresOf("x") },
			`failed 3 times, at last: the function's batchItemFailures name "x", which is not of the batch`, 3,
		},
		{
			"failures of another shape",
			func([]item) ([]byte, error) { return []byte(`{"batchItemFailures":"all"}`), nil },
			"failed 3 times, at last: the function's batchItemFailures: json", 3,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := setUp(t, func(_ context.Context, b []item) ([]byte, error) { return tt.answer(b) })
			x.send("poison")
			dead := x.drain()
			if len(dead) != 1 || !strings.HasPrefix(dead[0].Reason, tt.reason) || dead[0].Attempts != tt.attempts {
				t.Fatalf("dead letters %+v; want %q after %d attempts", dead, tt.reason, tt.attempts)
			}
			d, err := event.Decode(dead[0].Body)
			if err != nil || d.Items[0].Events[0].Key != "poison" {
				t.Errorf("the letter's event is %s, %v", dead[0].Body, err)
			}
		})
	}
}

func TestRun_OneThatKillsTakesNoOtherWithIt(t *testing.T) {
	x := setUp(t, func(_ context.Context, batch []item) ([]byte, error) {
		for _, it := range batch {
			if it.key == "poison" {
				return nil, &pool.KilledError{Reason: "signal: killed"}
			}
		}
		return ok()
	})
	x.send("a", "b", "poison", "c")
	dead := x.drain()
	if len(dead) != 1 || !strings.Contains(string(dead[0].Body), "poison") {
		t.Errorf("dead letters: %+v", dead)
	}
}

func TestRun_FunctionThatDoesNotStartCostsNoAttempt(t *testing.T) {
	n := 0
	x := setUp(t, func(context.Context, []item) ([]byte, error) {
		if n++; n <= 10 {
			return nil, &pool.StartError{Err: errors.New("no configuration")}
		}
		return ok()
	})
	x.send("a")
	if dead := x.drain(); len(dead) != 0 || n != 11 {
		t.Errorf("after %d calls dead letters: %+v", n, dead)
	}
}

func TestRun_HidesMessagesForAsLongAsTheyAreWorkedOn(t *testing.T) {
	x := setUp(t, nil)
	const visibility = 400 * time.Millisecond
	x.openQueue(visibility)
	x.o.Workers = 2
	x.f.answer = func(context.Context, []item) ([]byte, error) {
		time.Sleep(3 * visibility)
		return ok()
	}
	x.send("a")
	x.drain()
	if n := len(x.f.seen()); n != 1 {
		t.Errorf("%d invocations at once for one event", n)
	}
}

func TestRun_DrainsWhatHasBegunAndGivesBackTheRest(t *testing.T) {
	begun := make(chan struct{})
	finish := make(chan struct{})
	x := setUp(t, func(context.Context, []item) ([]byte, error) {
		begun <- struct{}{}
		<-finish
		return ok()
	})
	x.o.Batch = 1
	x.send("a", "b")
	stop := x.start()
	<-begun
	stopped := make(chan struct{})
	go func() {
		stop()
		close(stopped)
	}()
	select {
	case <-stopped:
		t.Fatal("it stopped while an invocation was under way")
	case <-time.After(100 * time.Millisecond):
	}
	close(finish)
	<-stopped
	x.until("one event is left", func(s queue.Stats) bool { return s.Pending+uint64(s.InFlight) == 1 })
}

func TestRun_PlainS3EventsOneByOne(t *testing.T) {
	var answers []string
	x := setUp(t, func(_ context.Context, batch []item) ([]byte, error) {
		for _, it := range batch {
			answers = append(answers, it.key+" "+it.id)
		}
		return []byte(`"whatever"`), nil
	})
	x.o.Form = dispatch.FormS3
	x.send("a", "b", "c")
	if dead := x.drain(); len(dead) != 0 || len(x.f.seen()) != 3 {
		t.Errorf("dead letters %+v, batches %q", dead, x.f.seen())
	}
	if answers[0] != "a " {
		t.Errorf("a plain event has no message: %q", answers)
	}
}

func TestRun_SharesTheWorkAmongWorkers(t *testing.T) {
	x := setUp(t, func(context.Context, []item) ([]byte, error) {
		time.Sleep(20 * time.Millisecond)
		return ok()
	})
	x.o.Workers = 4
	for i := range 8 {
		x.send(fmt.Sprint(i))
	}
	x.drain()
	for _, b := range x.f.seen() {
		if len(b) > 2 {
			t.Errorf("one of 4 workers took %d of 8 events", len(b))
		}
	}
}
