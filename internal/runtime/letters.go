package runtime

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"pixmill/internal/fault"
	deadletters "pixmill/internal/queue"
	"pixmill/internal/runtime/queue"
)

// receiveBatch is how many letters are in memory at once.
const receiveBatch = 100

// InUseError says which process uses a data directory.
type InUseError struct{ Process string }

func (e *InUseError) Error() string {
	return fmt.Sprintf("another pixmill (process %s) uses this data directory", e.Process)
}

// Letters are the dead letters in a data directory that no runtime uses. They
// implement queue.DeadLetters of internal/queue; what is returned is worked on
// after the next start.
type Letters struct {
	lock  *dirLock
	queue *queue.Queue
	after uint64 // the last letter that was received
}

// OpenLetters locks a data directory and opens its queue. While a runtime uses the
// directory the error says which process it is. The error is Misconfigured.
func OpenLetters(ctx context.Context, data string, log *slog.Logger) (*Letters, error) {
	dir := filepath.Join(data, "queue")
	if _, err := os.Stat(dir); err != nil { // do not make one
		return nil, fault.New(fault.Misconfigured, "open data directory", data, err)
	}
	lock, err := lockDir(filepath.Join(data, "lock"))
	if err != nil {
		return nil, err
	}
	// The visibility is the next runtime's to set.
	q, err := queue.Open(ctx, queue.Options{Dir: dir, Visibility: time.Minute, Log: log, Sync: true})
	if err != nil {
		_ = lock.release() // the other error says more
		return nil, err
	}
	return &Letters{lock: lock, queue: q}, nil
}

// Close lets go of the directory.
func (l *Letters) Close() error {
	l.queue.Close()
	return l.lock.release()
}

// Count returns how many letters there are.
func (l *Letters) Count(ctx context.Context) (int, error) {
	s, err := l.queue.Stats(ctx)
	return int(s.Dead), err
}

// Receive implements queue.DeadLetters.
func (l *Letters) Receive(ctx context.Context) ([]deadletters.Letter, error) {
	raw, err := l.queue.LettersAfter(ctx, l.after, receiveBatch)
	if err != nil {
		return nil, err
	}
	letters := make([]deadletters.Letter, len(raw))
	for i, r := range raw {
		letters[i] = deadletters.Letter{ID: r.ID, Body: r.Body, Reason: r.Reason, Attempts: r.Attempts, Sent: r.Sent, Handle: r}
		l.after = r.Seq
	}
	return letters, nil
}

// Return implements queue.DeadLetters.
func (l *Letters) Return(ctx context.Context, letter deadletters.Letter) error {
	r, _ := letter.Handle.(queue.Letter)
	return l.queue.Revive(ctx, r)
}

// Delete implements queue.DeadLetters.
func (l *Letters) Delete(ctx context.Context, letter deadletters.Letter) error {
	r, _ := letter.Handle.(queue.Letter)
	return l.queue.Forget(ctx, r)
}

// Release implements queue.DeadLetters: letters are never hidden here.
func (*Letters) Release(context.Context, []deadletters.Letter) error { return nil }
