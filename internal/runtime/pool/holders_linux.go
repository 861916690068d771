package pool

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// killHolders kills the function processes that hold the guard's lock, and what
// they started. Others may have the file open, to back it up or to look at it,
// or even lock it, and are none of ours.
func killHolders(path string) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return
	}
	links, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return
	}
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil || target != path {
			continue
		}
		parts := strings.Split(link, "/") // "", "proc", PID, "fd", FD
		pid, err := strconv.Atoi(parts[2])
		if err == nil && pid != os.Getpid() && holdsLock(parts[2], parts[4]) && isFunction(parts[2]) {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by now
		}
	}
}

// holdsLock reports whether a lock of flock(2) belongs to an open file, as it
// does to all that inherited it.
//
// https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html
func holdsLock(pid, fd string) bool {
	info, err := os.ReadFile("/proc/" + pid + "/fdinfo/" + fd)
	if err != nil {
		return false // it has ended
	}
	for line := range bytes.Lines(info) {
		if bytes.HasPrefix(line, []byte("lock:")) && bytes.Contains(line, []byte(" FLOCK ")) {
			return true
		}
	}
	return false
}

// isFunction looks for what Options.environment gives each process.
func isFunction(pid string) bool {
	env, err := os.ReadFile("/proc/" + pid + "/environ")
	return err == nil && bytes.Contains(append([]byte{0}, env...), []byte("\x00"+apiVariable+"="))
}
