package runtime_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	goruntime "runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixmill/internal/blob"
	"pixmill/internal/runtime"
	"pixmill/internal/runtime/queue"
)

// The longest that an output may take to agree after a kill: an event that was
// being worked on is delivered again at once or, should the queue miss that
// moment, when its visibility ends; and then the work has to be done.
var (
	killTimeout   = 20 * time.Second // of an invocation; it makes the visibility
	killConverges = runtime.VisibilityOf(killTimeout) + time.Minute
)

// TestKill_NothingIsLost is R2: the runtime is killed with kill -9 at a random
// moment under puts, overwrites and deletes from eight clients, and started
// again on the same directory, round after round. Then: no function process of
// a killed runtime lives, every change that was answered stands, and after the
// queue has drained every output is exactly what its source asks for.
//
// PIXMILL_LONG=1 makes it 50 rounds of 1,000 changes.
func TestKill_NothingIsLost(t *testing.T) {
	killRounds(t, 3, func(*ledger, string) bool { return true })
}

// TestKill_EventsAloneLoseNoAnsweredChange is the same without the recheck at
// the start, which would make good what the queue has lost. Only a change that
// no client was answered may then be without its event.
func TestKill_EventsAloneLoseNoAnsweredChange(t *testing.T) {
	killRounds(t, 3, (*ledger).knows, "--recheck=false")
}

// killRounds leaves out of the comparison the keys for which counts is false.
func killRounds(t *testing.T, rounds int, counts func(*ledger, string) bool, args ...string) {
	t.Helper()
	if goruntime.GOOS != "linux" {
		t.Skip("parent-death signals are Linux's")
	}
	args = append(args, "--timeout", killTimeout.String())
	changes := 120
	if os.Getenv("PIXMILL_LONG") != "" {
		rounds, changes = 50, 1000
	}
	data := t.TempDir()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	l := &ledger{t: t, counts: counts, answered: map[string]string{}}
	for round := range rounds {
		b := runBinary(t, data, args...)
		l.wantStanding(b)
		functions := l.change(b, rng.Uint64(), changes, rng.IntN(changes), time.Duration(rng.IntN(20))*time.Millisecond)
		if round%3 == 2 { // also in the middle of a start
			early := startBinary(t, data, args...)
			time.Sleep(time.Duration(rng.IntN(300)) * time.Millisecond)
			functions = append(functions, early.functions()...)
			early.kill()
		}
		next := runBinary(t, data, args...)
		for _, pid := range functions {
			if alive(pid) {
				t.Fatalf("round %d: function process %d of a killed runtime lives", round, pid)
			}
		}
		if round%10 == 9 {
			l.wantConverged(next)
		}
		next.kill()
	}
	b := runBinary(t, data, args...)
	l.wantConverged(b)
	if code := b.interrupt(); code != 0 {
		t.Errorf("exit code %d after Ctrl-C", code)
	}
	wantNoDeadLetters(t, data)
}

// ledger knows what the clients were answered.
type ledger struct {
	t      *testing.T
	counts func(l *ledger, key string) bool

	mu sync.Mutex
	// answered has the ETag of each key whose last change was answered; empty: it
	// was deleted. A key whose last change was not is not in it: either state is right.
	answered map[string]string
}

// keysOf gives each client keys of its own, so that the order of changes to a key is known.
func keyOf(client, n int) string { return fmt.Sprintf("in/%d/photo %d.jpg", client, n) }

const (
	clients       = 8
	keysPerClient = 15
)

// change makes changes from all clients at once and kills the program after the
// one that has the number kill has begun. It returns the function processes that
// ran just before.
func (l *ledger) change(b *binary, seed uint64, changes, kill int, late time.Duration) []int {
	var begun atomic.Int64
	reached := make(chan struct{})
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for client := range clients {
		rng := rand.New(rand.NewPCG(seed, uint64(client)))
		wg.Go(func() {
			for ctx.Err() == nil {
				n := begun.Add(1)
				if n == int64(kill)+1 {
					close(reached)
				}
				if n > int64(changes) {
					return
				}
				l.one(ctx, b.store.Bucket("uploads"), keyOf(client, rng.IntN(keysPerClient)), rng.IntN(1000))
			}
		})
	}
	<-reached
	time.Sleep(late)
	functions := b.functions()
	b.kill()
	stop()
	wg.Wait()
	return functions
}

// one makes one change: of ten, two deletes, one text and seven pictures.
func (l *ledger) one(ctx context.Context, source *blob.Bucket, key string, n int) {
	l.mu.Lock()
	delete(l.answered, key)
	l.mu.Unlock()
	etag := ""
	var err error
	switch {
	case n%10 < 2:
		err = source.Delete(ctx, key)
	default:
		body := picture(n)
		if n%10 == 2 {
			body = fmt.Appendf(nil, "no picture %d", n)
		}
		var a *blob.Attrs
		if a, err = source.Put(ctx, key, body, nil); err == nil {
			etag = a.ETag
		}
	}
	if err == nil {
		l.mu.Lock()
		l.answered[key] = etag
		l.mu.Unlock()
	}
}

// wantStanding checks that what was answered is in the store.
func (l *ledger) wantStanding(b *binary) {
	l.t.Helper()
	etags := list(l.t, b.store.Bucket("uploads"), "in/")
	for key, want := range l.answered {
		if etags[key] != want {
			l.t.Errorf("%s has ETag %q, the client was answered %q", key, etags[key], want)
		}
	}
}

// knows reports whether the last change of a key was answered.
func (l *ledger) knows(key string) bool {
	_, ok := l.answered[key]
	return ok
}

// wantConverged checks that the outputs become what the sources ask for, without
// any further event from outside.
func (l *ledger) wantConverged(b *binary) {
	l.t.Helper()
	l.wantStanding(b)
	var problems map[string]string
	begin := time.Now()
	for ; time.Since(begin) < killConverges; time.Sleep(50 * time.Millisecond) {
		var n int
		problems, n = disagreements(l.t, b.store.Bucket("uploads"), b.store.Bucket("variants"))
		left := len(problems)
		maps.DeleteFunc(problems, func(key, _ string) bool { return !l.counts(l, key) })
		if len(problems) == 0 {
			l.t.Logf("%d sources agree after %v, %d that were not answered do not", n-left, time.Since(begin), left)
			return
		}
	}
	l.t.Fatalf("not converged after %v: %v", killConverges, problems)
}

// wantNoDeadLetters looks into the queue of a runtime that has ended.
func wantNoDeadLetters(t *testing.T, data string) {
	t.Helper()
	q, err := queue.Open(t.Context(), queue.Options{Dir: filepath.Join(data, "queue"), Visibility: time.Minute, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	if s, err := q.Stats(t.Context()); err != nil || s.Dead != 0 {
		letters, _ := q.Letters(t.Context(), 3)
		t.Errorf("queue: %+v, %v; letters: %+v", s, err, letters)
	}
}
