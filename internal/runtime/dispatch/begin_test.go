package dispatch_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"pixmill/internal/runtime/pool"
	"pixmill/internal/runtime/queue"
)

// receive takes the one message of the queue, in place of a dispatcher.
func (x *fixture) receive() *queue.Message {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.t.Context(), 5*time.Second)
	defer cancel()
	m, err := x.q.Receive(ctx)
	if err != nil {
		x.t.Fatal(err)
	}
	return m
}

// manyRestarts is more than the attempts and kills that an event may have.
const manyRestarts = 40

func TestRun_GivenBackUnbegunIsNoAttempt(t *testing.T) {
	x := setUp(t, func(context.Context, []item) ([]byte, error) { return ok() })
	x.send("a")
	for range manyRestarts {
		if err := x.receive().Retry(0); err != nil {
			t.Fatal(err)
		}
	}
	if dead := x.drain(); len(dead) != 0 || len(x.f.seen()) != 1 {
		t.Errorf("dead letters %+v, invocations %q", dead, x.f.seen())
	}
}

func TestRun_WhatTheRuntimesEndCutsShortIsNoAttempt(t *testing.T) {
	for name, cut := range map[string]error{
		"waiting for a process": context.Canceled,
		"pool closed":           pool.ErrClosed,
		"killed at the end":     &pool.KilledError{Reason: "the runtime ends"},
		"does not start":        &pool.StartError{Err: context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			begun := make(chan struct{})
			x := setUp(t, func(ctx context.Context, _ []item) ([]byte, error) {
				begun <- struct{}{}
				<-ctx.Done()
				return nil, cut
			})
			x.send("a")
			for range manyRestarts {
				stop := x.start()
				select {
				case <-begun:
				case <-time.After(10 * time.Second):
					stop()
					t.Fatal("the event was not begun again")
				}
				stop()
			}
			x.f.answer = func(context.Context, []item) ([]byte, error) { return ok() }
			if dead := x.drain(); len(dead) != 0 {
				t.Errorf("dead letters %+v", dead)
			}
		})
	}
}

func TestRun_KillWhileTheFunctionDoesNotStartIsNoAttempt(t *testing.T) {
	x := setUp(t, func(context.Context, []item) ([]byte, error) {
		return nil, &pool.StartError{Err: context.DeadlineExceeded}
	})
	waiting := make(chan struct{}, 1)
	x.o.RestartBackoff = func(int) time.Duration { waiting <- struct{}{}; return time.Hour }
	x.send("a")
	m := x.receive()
	if err := m.Retry(0); err != nil {
		t.Fatal(err)
	}
	stop := x.start()
	defer stop()
	<-waiting
	if n, err := x.q.Begin(t.Context(), m); n != 1 || err != nil { // as the next run would
		t.Errorf("%d beginnings are recorded while nothing is worked on (%v)", n-1, err)
	}
}

func TestRun_WhatKillsTheRuntimeTooOftenIsADeadLetter(t *testing.T) {
	x := setUp(t, func(context.Context, []item) ([]byte, error) { return ok() })
	x.send("poison")
	if err := x.receive().Retry(0); err != nil {
		t.Fatal(err)
	}
	m := x.receive()
	for range 23 { // 3 attempts and 20 kills
		if _, err := x.q.Begin(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Retry(0); err != nil {
		t.Fatal(err)
	}
	const want = "was begun 23 times, over several runs of the runtime that all ended before it did"
	if dead := x.drain(); len(dead) != 1 || dead[0].Reason != want || len(x.f.seen()) != 0 {
		t.Errorf("dead letters %+v, want %q; invocations %q", dead, want, x.f.seen())
	}
}

func TestRun_DeadLetterSaysWhatTheFunctionComplainedOf(t *testing.T) {
	x := setUp(t, func(_ context.Context, b []item) ([]byte, error) { return failuresOf(b[0].id) })
	said := "source: the deadline is near: 1 of 4 variants are stored, the slowest took 25s"
	x.f.complaint = func(context.Context) string { return said }
	x.send("slow")
	want := "failed 3 times, at last: the function reported it as failed and logged: " + said
	if dead := x.drain(); len(dead) != 1 || dead[0].Reason != want {
		t.Errorf("dead letters %+v, want %q", dead, want)
	}
	said = ""
	x.send("quiet")
	if dead := x.drain(); len(dead) != 2 || !strings.HasSuffix(dead[1].Reason, "its log says why") {
		t.Errorf("dead letters %+v", dead)
	}
}
