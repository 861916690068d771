package dispatch_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pixmill/internal/event"
	"pixmill/internal/outputtest"
	"pixmill/internal/runtime/dispatch"
	"pixmill/internal/runtime/httpfn"
	"pixmill/internal/runtime/pool"
	"pixmill/internal/runtime/queue"
)

// alone is the function when it has one event to itself.
type alone struct {
	t      *testing.T
	answer func(key string) error
	keys   []string
}

func (a *alone) Invoke(_ context.Context, payload []byte) (pool.Answer, error) {
	d, err := event.Decode(payload)
	if err != nil {
		a.t.Error(err)
	}
	key := d.Items[0].Events[0].Key
	a.keys = append(a.keys, key)
	return pool.Answer{}, a.answer(key)
}

// setUpRemote is a dispatcher before an HTTP function.
func setUpRemote(t *testing.T, answer func(key string) error) (*fixture, *alone) {
	t.Helper()
	x := setUp(t, func(_ context.Context, b []item) ([]byte, error) { return nil, answer(b[0].key) })
	a := &alone{t: t, answer: answer}
	x.o.Form, x.o.Alone = dispatch.FormS3, a
	return x, a
}

// logs keeps what the dispatcher says.
func (x *fixture) logs() *outputtest.Buffer {
	log := &outputtest.Buffer{}
	x.o.Log = slog.New(slog.NewTextHandler(log, nil))
	return log
}

func TestRun_RemoteOutcomes(t *testing.T) {
	for _, tt := range []struct {
		outcome httpfn.Outcome
		reason  string
		sent    int // with others beside it
		alone   int
	}{
		{httpfn.Rejected, "422", 1, 0},
		{httpfn.Failed, "failed 3 times, at last: 422", 3, 0},
		{httpfn.Broken, "failed 3 times, at last: 422", 1, 2},
	} {
		x, a := setUpRemote(t, func(key string) error {
			if key == "good" {
				return nil
			}
			return &httpfn.Error{Outcome: tt.outcome, Reason: "422"}
		})
		x.send("bad", "good")
		dead := x.drain()
		if len(dead) != 1 || dead[0].Reason != tt.reason || !strings.Contains(string(dead[0].Body), "bad") {
			t.Errorf("outcome %d: dead letters %+v, want %q", tt.outcome, dead, tt.reason)
		}
		if len(x.f.seen()) != tt.sent+1 || len(a.keys) != tt.alone {
			t.Errorf("outcome %d: sent %q, alone %q; want %d and %d times", tt.outcome, x.f.seen(), a.keys, tt.sent, tt.alone)
		}
	}
}

func TestRun_EventThatEndsARemoteFunctionIsTriedAloneAndTakesNoOtherWithIt(t *testing.T) {
	var broken []string
	x, a := setUpRemote(t, func(key string) error {
		if len(broken) < 3 { // what is beside the bad one breaks off with it
			broken = append(broken, key)
			return &httpfn.Error{Outcome: httpfn.Broken, Reason: "EOF"}
		}
		return nil
	})
	a.answer = func(key string) error {
		if key == "bad" {
			return &httpfn.Error{Outcome: httpfn.BrokenAlone, Reason: "EOF"}
		}
		return nil
	}
	x.send("a", "bad", "b", "c")
	dead := x.drain()
	if len(dead) != 1 || dead[0].Reason != "killed the function twice: EOF" || !strings.Contains(string(dead[0].Body), "bad") {
		t.Errorf("dead letters %+v", dead)
	}
	slices.Sort(a.keys)
	if want := []string{"a", "b", "bad", "bad"}; !slices.Equal(a.keys, want) {
		t.Errorf("tried alone: %q, want %q", a.keys, want)
	}
}

func TestRun_RemoteFunctionThatIsAwayOrFullCostsNoAttempt(t *testing.T) {
	for name, outcome := range map[string]httpfn.Outcome{"away": httpfn.Away, "not now": httpfn.Later, "full": httpfn.Full} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			x, _ := setUpRemote(t, func(string) error {
				if calls++; calls <= manyRestarts {
					return &httpfn.Error{Outcome: outcome, Reason: "not now"}
				}
				return nil
			})
			x.o.Backoff = func(int) time.Duration { return time.Millisecond }
			x.o.RestartBackoff = x.o.Backoff
			x.send("a")
			if dead := x.drain(); len(dead) != 0 || calls != manyRestarts+1 {
				t.Errorf("after %d calls dead letters: %+v", calls, dead)
			}
		})
	}
}

func TestRun_RemoteFunctionThatTakesNoEventForADayIsNotAskedForever(t *testing.T) {
	for every, calls := range map[time.Duration]int{
		time.Hour:      26, // at the first answer nothing has passed
		10 * time.Hour: 21, // it was away in between
	} {
		now := time.Now()
		x, _ := setUpRemote(t, func(string) error {
			now = now.Add(every)
			return &httpfn.Error{Outcome: httpfn.Later, Reason: "429"}
		})
		x.o.Now = func() time.Time { return now }
		x.o.Backoff = func(int) time.Duration { return time.Millisecond }
		x.send("a")
		dead := x.drain()
		if want := "was not taken for 24h0m0s, at last: 429"; len(dead) != 1 || dead[0].Reason != want || len(x.f.seen()) != calls {
			t.Errorf("every %v: dead letters %+v after %d calls, want %q after %d", every, dead, len(x.f.seen()), want, calls)
		}
	}
}

func TestRun_RemoteFunctionSaysWhenToComeAgain(t *testing.T) {
	for _, outcome := range []httpfn.Outcome{httpfn.Failed, httpfn.Later} {
		var calls []time.Time
		x, _ := setUpRemote(t, func(string) error {
			if calls = append(calls, time.Now()); len(calls) == 1 {
				return &httpfn.Error{Outcome: outcome, Reason: "503", Wait: 300 * time.Millisecond}
			}
			return nil
		})
		x.send("a")
		x.drain()
		if len(calls) != 2 || calls[1].Sub(calls[0]) < 300*time.Millisecond {
			t.Errorf("outcome %d: called at %v, want 300 ms between", outcome, calls)
		}
	}
}

func TestRun_EventThatAProxyCouldNotBringCostsNoAttempt(t *testing.T) {
	calls := 0
	x, a := setUpRemote(t, func(string) error {
		if calls++; calls <= 10 {
			return &httpfn.Error{Outcome: httpfn.Unreached, Reason: "no healthy upstream"}
		}
		return nil
	})
	x.o.Backoff = func(int) time.Duration { return time.Millisecond }
	x.o.MaxAttempts = 1
	x.send("a")
	if dead := x.drain(); len(dead) != 0 || calls != 11 || len(a.keys) != 0 {
		t.Errorf("after %d calls, %d alone, dead letters: %+v", calls, len(a.keys), dead)
	}
}

// Others are done long before a minute has passed.
func TestRun_EventThatThereWasNoRoomForComesAgainSoon(t *testing.T) {
	for outcome, want := range map[httpfn.Outcome]string{httpfn.Full: "delay=10s", httpfn.Later: "delay=1m0s"} {
		x, _ := setUpRemote(t, func(string) error { return &httpfn.Error{Outcome: outcome, Reason: "503"} })
		x.o.Backoff = func(int) time.Duration { return time.Minute }
		log := x.logs()
		x.send("a")
		stop := x.start()
		x.until("it was sent", func(queue.Stats) bool { return strings.Contains(log.String(), "event not taken") })
		stop()
		if !strings.Contains(log.String(), want) {
			t.Errorf("outcome %d: want %s:\n%s", outcome, want, log)
		}
	}
}

// A proxy before the function says so, while a look finds it each time.
func TestRun_EventThatNeverReachesTheFunctionIsNotSentForever(t *testing.T) {
	unreached := func(string) error {
		return &httpfn.Error{Outcome: httpfn.Unreached, Reason: "no healthy upstream"}
	}
	x, a := setUpRemote(t, func(key string) error {
		if key == "good" {
			return nil
		}
		return unreached(key)
	})
	a.answer = unreached
	x.o.Backoff = func(int) time.Duration { return time.Millisecond }
	x.o.MaxAttempts = 5
	x.send("bad", "good")
	dead := x.drain()
	if len(dead) != 1 || dead[0].Reason != "killed the function twice: no healthy upstream" || !strings.Contains(string(dead[0].Body), "bad") {
		t.Errorf("dead letters %+v", dead)
	}
	// Ten for nothing, one attempt with others beside it, and two alone.
	if sent := len(x.f.seen()) - 1; sent != 11 || len(a.keys) != 2 {
		t.Errorf("sent %d times and alone %d times, want 11 and 2", sent, len(a.keys))
	}
}

func TestRun_AbsenceOfTheFunctionIsToldOnceByAllWorkers(t *testing.T) {
	calls := 0
	x, _ := setUpRemote(t, func(string) error {
		if calls++; calls <= 8 {
			return &httpfn.Error{Outcome: httpfn.Away, Reason: fmt.Sprintf("read tcp 127.0.0.1:%d: connection reset by peer", 40000+calls)}
		}
		return nil
	})
	log := x.logs()
	x.send("a")
	x.drain()
	for text, want := range map[string]int{"there is no function to call": 1, "the function answers again": 1} {
		if n := strings.Count(log.String(), text); n != want {
			t.Errorf("%q was told %d times:\n%s", text, n, log)
		}
	}
}

func TestRun_EndOfAnAbsenceIsToldWithHowLongItWasAndWhatWaited(t *testing.T) {
	var mu sync.Mutex
	now, away := time.Now(), true
	x, _ := setUpRemote(t, func(string) error {
		mu.Lock()
		defer mu.Unlock()
		if away {
			return &httpfn.Error{Outcome: httpfn.Away, Reason: "connection refused"}
		}
		return &httpfn.Error{Outcome: httpfn.Rejected, Reason: "422"} // which is an answer, too
	})
	x.o.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	x.o.Workers = 3
	log := x.logs()
	x.send("a", "b", "c", "d")
	stop := x.start()
	defer stop()
	x.until("all workers wait", func(queue.Stats) bool { return len(x.f.seen()) >= 6 })
	mu.Lock()
	now, away = now.Add(90*time.Second), false
	mu.Unlock()
	x.until("the queue is empty", func(s queue.Stats) bool { return s.Idle() })
	if text := log.String(); strings.Count(text, `msg="the function answers again" away=1m30s events_waited=3`) != 1 || strings.Count(text, "answers again") != 1 {
		t.Errorf("want it once, after 1m30s, with three events:\n%s", text)
	}
}

// Nobody knows that of a request that broke off, and of none was told that it was away.
func TestRun_FunctionThatWasNotMissedIsNotSaidToBeBack(t *testing.T) {
	x, _ := setUpRemote(t, func(string) error { return nil })
	log := x.logs()
	x.send("a", "b")
	x.drain()
	if strings.Contains(log.String(), "again") {
		t.Error(log.String())
	}
}
