//go:build unix && !linux

package pool

import "syscall"

// processAttributes make the child the leader of a process group, out of reach
// of the terminal's Ctrl-C. There is no parent-death signal here: a child whose
// runtime dies ends when it next asks for work, and the next run waits for it.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// residentBytes is not known here: the memory limit is not enforced.
func residentBytes(int) (int64, bool) { return 0, false }
