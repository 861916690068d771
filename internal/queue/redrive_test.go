package queue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pixmill/internal/queue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// drawer is dead letters in memory, with SQS's rules: a received letter is hidden
// until it is released or the time goes by, and any step can be the last one.
type drawer struct {
	dead   []queue.Letter
	hidden map[string]bool
	sent   map[string]int // the queue: how often each ID was returned

	steps  int  // so far
	dies   int  // the step at which the process ends; 0: never
	effect bool // that step takes effect, only its answer is lost
	after  func(queue.Letter)
}

var errDead = errors.New("the process has ended")

// step reports whether an operation takes effect and what it answers.
func (d *drawer) step(ctx context.Context) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	d.steps++
	switch {
	case d.dies == 0 || d.steps < d.dies:
		return true, nil
	case d.steps == d.dies:
		return d.effect, errDead
	}
	return false, errDead
}

func (d *drawer) Receive(ctx context.Context) ([]queue.Letter, error) {
	works, err := d.step(ctx)
	if !works {
		return nil, err
	}
	var letters []queue.Letter
	for _, l := range d.dead {
		if !d.hidden[l.ID] && len(letters) < 2 {
			d.hidden[l.ID] = true
			letters = append(letters, l)
		}
	}
	if err != nil {
		return nil, err
	}
	return letters, nil
}

func (d *drawer) Return(ctx context.Context, l queue.Letter) error {
	works, err := d.step(ctx)
	if works {
		d.sent[l.ID]++
		if d.after != nil {
			d.after(l)
		}
	}
	return err
}

func (d *drawer) Delete(ctx context.Context, l queue.Letter) error {
	works, err := d.step(ctx)
	if works {
		d.dead = slices.DeleteFunc(d.dead, func(o queue.Letter) bool { return o.ID == l.ID })
	}
	return err
}

func (d *drawer) Release(ctx context.Context, letters []queue.Letter) error {
	works, err := d.step(ctx)
	for _, l := range letters {
		if works {
			delete(d.hidden, l.ID)
		}
	}
	return err
}

var begun = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func newDrawer(keys ...string) *drawer {
	d := &drawer{hidden: map[string]bool{}, sent: map[string]int{}}
	for i, key := range keys {
		d.dead = append(d.dead, queue.Letter{
			ID: fmt.Sprintf("m%d", i), Body: fmt.Appendf(nil, `{"bucket":"uploads","key":%q}`, key), Sent: begun.Add(-time.Hour),
		})
	}
	return d
}

func options(move bool) queue.Options {
	return queue.Options{Move: move, Now: func() time.Time { return begun }}
}

func ignore(queue.Letter, queue.Fate) {}

// TestRedrive_NothingIsLostWhereverItEnds ends the process at every step, with the
// step done and with it not done, and then runs once more.
func TestRedrive_NothingIsLostWhereverItEnds(t *testing.T) {
	keys := []string{"a", "b", "c", "d", "e"}
	whole := newDrawer(keys...)
	if _, err := queue.Redrive(t.Context(), whole, options(true), ignore); err != nil {
		t.Fatal(err)
	}
	for dies := 1; dies <= whole.steps; dies++ {
		for _, effect := range []bool{false, true} {
			d := newDrawer(keys...)
			d.dies, d.effect = dies, effect
			if _, err := queue.Redrive(t.Context(), d, options(true), ignore); !errors.Is(err, errDead) {
				t.Fatalf("step %d: error %v", dies, err)
			}
			for _, id := range []string{"m0", "m1", "m2", "m3", "m4"} {
				if d.sent[id] == 0 && !slices.ContainsFunc(d.dead, func(l queue.Letter) bool { return l.ID == id }) {
					t.Fatalf("ended at step %d (done: %t): %s is neither sent nor a dead letter", dies, effect, id)
				}
			}
			d.dies, d.steps, d.hidden = 0, 0, map[string]bool{} // some minutes later
			if _, err := queue.Redrive(t.Context(), d, options(true), ignore); err != nil {
				t.Fatal(err)
			}
			twice := 0
			for _, n := range d.sent {
				twice += n - 1
			}
			if len(d.sent) != len(keys) || len(d.dead) != 0 || twice > 1 {
				t.Errorf("ended at step %d (done: %t) and run again: sent %v, left %d; want each sent, at most one of them twice, none left",
					dies, effect, d.sent, len(d.dead))
			}
		}
	}
}

func TestRedrive_LookedAtLettersAreThereAgain(t *testing.T) {
	d := newDrawer("a", "b", "c")
	var seen []string
	s, err := queue.Redrive(t.Context(), d, options(false), func(l queue.Letter, f queue.Fate) {
		seen = append(seen, l.ID+" "+string(f))
	})
	if err != nil || s != (queue.Summary{Kept: 3}) || len(d.hidden) != 0 || len(d.sent) != 0 {
		t.Errorf("summary %+v, error %v, hidden %v, sent %v", s, err, d.hidden, d.sent)
	}
	if want := []string{"m0 kept", "m1 kept", "m2 kept"}; !slices.Equal(seen, want) {
		t.Errorf("told of %v, want %v", seen, want)
	}
}

func TestRedrive_MovesWhatMatchesAndNoMoreThanMax(t *testing.T) {
	d := newDrawer("a/1", "b/1", "a/2", "a/3", "b/2")
	o := options(true)
	o.Match = func(l queue.Letter) bool { return strings.HasPrefix(l.Keys()[0], "a/") }
	o.Max = 2
	s, err := queue.Redrive(t.Context(), d, o, ignore)
	if err != nil || s.Moved != 2 || d.sent["m0"] != 1 || d.sent["m2"] != 1 || len(d.sent) != 2 {
		t.Errorf("summary %+v, error %v, sent %v; want m0 and m2", s, err, d.sent)
	}
	if len(d.hidden) != 2 || len(d.dead) != 3 { // the moved ones are hidden for good
		t.Errorf("hidden %v, left %d", d.hidden, len(d.dead))
	}
}

// TestRedrive_CtrlCFinishesTheLetterInHand: the context ends between send and delete.
func TestRedrive_CtrlCFinishesTheLetterInHand(t *testing.T) {
	d := newDrawer("a", "b", "c")
	ctx, stop := context.WithCancel(t.Context())
	d.after = func(queue.Letter) { stop() }
	s, err := queue.Redrive(ctx, d, options(true), ignore)
	if !errors.Is(err, context.Canceled) || s.Moved != 1 || len(d.dead) != 2 || len(d.sent) != 1 {
		t.Errorf("summary %+v, error %v, left %d, sent %v; want the first moved", s, err, len(d.dead), d.sent)
	}
	if d.hidden["m1"] || d.hidden["m2"] {
		t.Errorf("hidden: %v; want the others given back", d.hidden)
	}
}

// TestRedrive_WhatFailsAgainIsNotMovedForEver: an event that is back among the dead
// letters while Redrive runs stays there.
func TestRedrive_WhatFailsAgainIsNotMovedForEver(t *testing.T) {
	d := newDrawer("poison")
	d.after = func(l queue.Letter) {
		d.dead = append(d.dead, queue.Letter{ID: l.ID + "+", Body: l.Body, Sent: begun.Add(time.Second)})
	}
	s, err := queue.Redrive(t.Context(), d, options(true), ignore)
	if err != nil || s != (queue.Summary{Moved: 1, New: 1}) || len(d.dead) != 1 {
		t.Errorf("summary %+v, error %v, left %d", s, err, len(d.dead))
	}
}

// TestRedrive_AShortHidingTimeEndsTheWalk: every letter comes again at once.
func TestRedrive_AShortHidingTimeEndsTheWalk(t *testing.T) {
	d := newDrawer("a", "b")
	s, err := queue.Redrive(t.Context(), forgetful{d}, options(false), ignore)
	if err != nil || s.Kept != 2 {
		t.Errorf("summary %+v, error %v", s, err)
	}
}

// TestRedrive_LettersThatComeAgainDoNotEndTheWalk: some that were looked at are there
// again before others were.
func TestRedrive_LettersThatComeAgainDoNotEndTheWalk(t *testing.T) {
	d := newDrawer("a", "b", "c", "d", "e")
	s, err := queue.Redrive(t.Context(), &twice{drawer: d}, options(false), ignore)
	if err != nil || s.Kept != 5 {
		t.Errorf("summary %+v, error %v; want all five looked at", s, err)
	}
}

// twice gives the first letters once more before it goes on.
type twice struct {
	*drawer
	calls int
}

func (d *twice) Receive(ctx context.Context) ([]queue.Letter, error) {
	if d.calls++; d.calls == 3 {
		return d.dead[:2], nil
	}
	return d.drawer.Receive(ctx)
}

// TestRedrive_SaysThatLettersStayHidden also when Ctrl-C ended the walk.
func TestRedrive_SaysThatLettersStayHidden(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	_, err := queue.Redrive(ctx, stuck{newDrawer("a", "b", "c")}, options(false), func(queue.Letter, queue.Fate) { stop() })
	if !errors.Is(err, queue.ErrHidden) || !errors.Is(err, errDead) || !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

// stuck cannot give letters back.
type stuck struct{ *drawer }

func (stuck) Release(context.Context, []queue.Letter) error { return errDead }

type forgetful struct{ *drawer }

func (f forgetful) Receive(ctx context.Context) ([]queue.Letter, error) {
	clear(f.hidden)
	return f.drawer.Receive(ctx)
}

// later hides letters, as a move that failed does, until Receive was asked so often.
type later struct {
	*drawer
	asked, from int
}

func (d *later) Receive(ctx context.Context) ([]queue.Letter, error) {
	if d.asked++; d.asked == d.from {
		clear(d.hidden)
	}
	return d.drawer.Receive(ctx)
}

func (d *later) Count(context.Context) (int, error) { return len(d.dead), nil }

func TestRedrive_NothingReceivedIsNotNothingThere(t *testing.T) {
	for _, test := range []struct {
		name string
		move bool
		from int // the call that finds them
		want queue.Summary
	}{
		{"moved when they are back", true, 4, queue.Summary{Moved: 3}},
		{"not back in time", true, 100, queue.Summary{Moved: 1, Unseen: 2}},
		{"looked at only, without a wait", false, 4, queue.Summary{Kept: 1, Unseen: 2}},
	} {
		d := &later{newDrawer("a", "b", "c"), 0, test.from}
		d.hidden["m1"], d.hidden["m2"] = true, true
		o := options(test.move)
		o.Count, o.Expect = d.Count, 3
		if s, err := queue.Redrive(t.Context(), d, o, ignore); err != nil || s != test.want {
			t.Errorf("%s: %+v, %v; want %+v", test.name, s, err, test.want)
		}
	}
}

// A count is late: it has what was moved a moment ago, and nobody waits for that.
func TestRedrive_ALateCountFindsNothing(t *testing.T) {
	d := newDrawer("a", "b")
	o := options(true)
	o.Count, o.Expect = func(context.Context) (int, error) { return 2, nil }, 2
	if s, err := queue.Redrive(t.Context(), d, o, ignore); err != nil || s != (queue.Summary{Moved: 2}) || d.steps > 7 {
		t.Errorf("%+v, %v, after %d steps", s, err, d.steps)
	}
	o.Count = func(context.Context) (int, error) { return 0, errDead }
	if _, err := queue.Redrive(t.Context(), newDrawer("a"), o, ignore); !errors.Is(err, errDead) {
		t.Errorf("error is %v", err)
	}
}

func TestLetter_Keys(t *testing.T) {
	for body, want := range map[string][]string{
		`{"bucket":"b","key":"a b.jpg"}`: {"a b.jpg"},
		`{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"a+b.jpg"}}},` +
			`{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"c.jpg"}}}]}`: {"a b.jpg", "c.jpg"},
		`{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}`: {""},
		`hello`: {""},
	} {
		if got := (queue.Letter{Body: []byte(body)}).Keys(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}
