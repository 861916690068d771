//go:build unix

package pool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"pixmill/internal/fault"
)

const (
	guardPoll     = 20 * time.Millisecond
	guardPatience = time.Second      // then what is left is killed, on Linux
	guardTimeout  = 10 * time.Second // then the start fails
)

// Guard is a lock that every function process, and whatever it starts, holds by
// inheritance for as long as it lives. After a kill -9 of the runtime the next
// run cannot pass it before the last old process has ended, so that none of them
// writes into the store of the new run.
type Guard struct{ file *os.File }

// Pass waits until no process of an earlier run is left, and holds the lock for
// the processes of this run. On Linux such processes are killed by the kernel
// with their runtime; what they started and is left after a second is killed
// here. The caller makes sure that no other runtime uses the file.
func Pass(ctx context.Context, path string) (*Guard, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fault.New(fault.Misconfigured, "open guard", path, err)
	}
	if err := passed(ctx, f, path); err != nil {
		return nil, errors.Join(fault.New(fault.Misconfigured, "pass guard", path, err), f.Close())
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH); err != nil {
		return nil, errors.Join(fault.New(fault.Misconfigured, "hold guard", path, err), f.Close())
	}
	return &Guard{file: f}, nil
}

// passed gets the lock for itself alone.
func passed(ctx context.Context, f *os.File, path string) error {
	patience, timeout := time.NewTimer(guardPatience), time.NewTimer(guardTimeout)
	defer patience.Stop()
	defer timeout.Stop()
	poll := time.NewTicker(guardPoll)
	defer poll.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return err
		}
		select {
		case <-poll.C:
		case <-patience.C:
			killHolders(path)
		case <-timeout.C:
			return fmt.Errorf("function processes of an earlier run are still there after %v: end them first (fuser %s names them)", guardTimeout, path)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Close lets go of the lock; processes that still run keep it.
func (g *Guard) Close() error { return g.file.Close() }
