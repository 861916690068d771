package fileblob

import (
	"cmp"
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// locked runs do while no other write to the directory goes on, in this
// process or in another. The lock is on the directory itself: there is no lock
// file to be seen or to be left behind. Where a network file system has no such
// locks, only this process's writes exclude each other.
func (b *bucket) locked(ctx context.Context, root *os.Root, do func() error) (err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	unlock, err := flock(root, unix.LOCK_EX)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, unlock()) }()
	if err := ctx.Err(); err != nil {
		return err // while it waited
	}
	return do()
}

// flock locks a directory, shared (LOCK_SH) or not (LOCK_EX).
func flock(root *os.Root, how int) (unlock func() error, err error) {
	dir, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	err = control(dir, func(fd int) error { return unix.Flock(fd, how) })
	if errors.Is(err, unix.EBADF) || errors.Is(err, unix.ENOLCK) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // NFS
	}
	if err != nil {
		return nil, cmp.Or(err, dir.Close())
	}
	return dir.Close, nil // the lock goes with the descriptor
}
