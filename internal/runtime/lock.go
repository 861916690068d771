package runtime

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"pixmill/internal/fault"
)

// dirLock is held by the one runtime that uses a data directory. The kernel lets
// go of it when the process ends, however it does.
type dirLock struct{ file *os.File }

// lockDir takes the lock or says who has it.
func lockDir(path string) (*dirLock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fault.New(fault.Misconfigured, "lock data directory", path, err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		holder, _ := io.ReadAll(io.LimitReader(f, 32)) // only to say more in the error
		err = &InUseError{Process: strings.TrimSpace(string(holder))}
	}
	if err == nil {
		err = stillAt(path, f)
	}
	if err == nil {
		err = errors.Join(f.Truncate(0), writePID(f))
	}
	if err != nil {
		return nil, errors.Join(fault.New(fault.Misconfigured, "lock data directory", path, err), f.Close())
	}
	return &dirLock{file: f}, nil
}

// stillAt makes sure that the locked file is the one that stands there: another
// start may have made the directory, failed, and removed it at this moment.
func stillAt(path string, f *os.File) error {
	locked, err := f.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(path)
	if err == nil && !os.SameFile(locked, named) {
		err = errors.New("another start has just replaced the directory: try again")
	}
	return err
}

func writePID(f *os.File) error {
	_, err := fmt.Fprintln(f, os.Getpid())
	return err
}

func (l *dirLock) release() error { return l.file.Close() }
