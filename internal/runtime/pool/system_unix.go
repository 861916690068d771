//go:build unix

package pool

import "syscall"

// killGroup kills a process group; one that has ended is no error.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
