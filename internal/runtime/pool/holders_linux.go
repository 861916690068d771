package pool

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// killHolders kills every other process that has the guard's file open: only
// function processes inherit it.
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
		pid, err := strconv.Atoi(strings.Split(link, "/")[2])
		if err == nil && pid != os.Getpid() {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by now
		}
	}
}
