package dispatch

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"pixmill/internal/runtime/httpfn"
	"pixmill/internal/runtime/pool"
	"pixmill/internal/runtime/queue"
)

// tellAgain is how long the absence of the function is no news.
const tellAgain = 10 * time.Second

// absence is that of the function, which all workers find out one after the other and
// of which people are told once: when it begins, and when it has ended.
type absence struct {
	mu      sync.Mutex
	since   time.Time           // zero: it is there, as far as is known
	told    time.Time           // when it was told last
	waiting map[string]struct{} // the messages that could not be worked on
	untold  bool                // of what is told, the end is still to be told
}

// begin keeps that messages found no function, and reports whether that is news: in the
// workers' reasons, ports differ, and in what way it is not there.
func (a *absence) begin(now time.Time, messages []*queue.Message) (news bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.since.IsZero() {
		a.since, a.waiting = now, map[string]struct{}{}
	}
	for _, m := range messages {
		a.waiting[m.ID] = struct{}{}
	}
	if now.Sub(a.told) < tellAgain {
		return false
	}
	a.told, a.untold = now, true
	return true
}

// end returns how long the absence was that now ends, and how many messages waited for
// that; false, if there was none that was told.
func (a *absence) end(now time.Time) (took time.Duration, waited int, news bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.since.IsZero() {
		return 0, 0, false
	}
	took, waited, news = now.Sub(a.since), len(a.waiting), a.untold
	a.since, a.waiting, a.untold = time.Time{}, nil, false
	return took, waited, news
}

// tellAbsent tells that there is no function.
func (d *Dispatcher) tellAbsent(ctx context.Context, messages []*queue.Message, err error, n int, pause time.Duration) {
	level := slog.LevelDebug
	if d.absent.begin(d.Now(), messages) {
		level = slog.LevelError
	}
	d.Log.Log(ctx, level, "there is no function to call", "error", err, "failures", n, "next_try", pause)
}

// tellBack tells that there is a function again.
func (d *Dispatcher) tellBack(ctx context.Context) {
	if took, waited, news := d.absent.end(d.Now()); news {
		d.Log.InfoContext(ctx, "the function answers again", "away", took.Round(time.Millisecond), "events_waited", waited)
	}
}

// notThere reports whether there was no function to begin anything.
func notThere(err error) bool {
	if _, ok := errors.AsType[*pool.StartError](err); ok {
		return true
	}
	remote, ok := errors.AsType[*httpfn.Error](err)
	return ok && remote.Outcome == httpfn.Away
}

// isThere reports whether there was a function, whatever came of it. The opposite of
// notThere it is not: of a request that broke off nobody knows.
func isThere(err error) bool {
	if err == nil {
		return true
	}
	if _, ok := errors.AsType[*pool.KilledError](err); ok {
		return true
	}
	remote, ok := errors.AsType[*httpfn.Error](err)
	return ok && remote.Answered()
}
