package dispatch_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"pixmill/internal/event"
	"pixmill/internal/outputtest"
	"pixmill/internal/runtime/dispatch"
	"pixmill/internal/runtime/httpfn"
	"pixmill/internal/runtime/pool"
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
	for name, outcome := range map[string]httpfn.Outcome{"away": httpfn.Away, "full": httpfn.Later} {
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

func TestRun_AbsenceOfTheFunctionIsToldOnceByAllWorkers(t *testing.T) {
	calls := 0
	x, _ := setUpRemote(t, func(string) error {
		if calls++; calls <= 8 {
			return &httpfn.Error{Outcome: httpfn.Away, Reason: fmt.Sprintf("read tcp 127.0.0.1:%d: connection reset by peer", 40000+calls)}
		}
		return nil
	})
	var log outputtest.Buffer
	x.o.Log = slog.New(slog.NewTextHandler(&log, nil))
	x.send("a")
	x.drain()
	if n := strings.Count(log.String(), "there is no function to call"); n != 1 {
		t.Errorf("it was told %d times:\n%s", n, &log)
	}
}
