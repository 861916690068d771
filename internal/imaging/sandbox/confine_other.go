//go:build !linux

package sandbox

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

func self() string {
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

func keepFilesToItself() {}

func childAttributes() *syscall.SysProcAttr { return nil }

// confine bounds the processor time. Other systems than Linux have no limit that
// holds for memory, and no filter of system calls that a program sets for itself.
func confine(limits Limits) error {
	seconds := uint64(limits.CPU.Seconds())
	return unix.Setrlimit(unix.RLIMIT_CPU, &unix.Rlimit{Cur: seconds, Max: seconds + 1})
}
