package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pixmill/bench/machine"
)

// children returns the process ids of pid's children: the function processes.
func children(pid int) ([]int, error) {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil, err
	}
	var all []int
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if os.IsNotExist(err) {
			continue // the thread has ended
		}
		if err != nil {
			return nil, err
		}
		for _, word := range strings.Fields(string(text)) {
			child, err := strconv.Atoi(word)
			if err != nil {
				return nil, err
			}
			all = append(all, child)
		}
	}
	return all, nil
}

// functionTime is the CPU time of all function processes of pid.
func functionTime(pid int) (time.Duration, error) {
	all, err := children(pid)
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, child := range all {
		t, err := machine.ProcessTime(child)
		if err != nil {
			return 0, err
		}
		sum += t
	}
	return sum, nil
}

// startApart starts cmd on all CPUs but the first, which its children inherit.
func startApart(cmd *exec.Cmd) error {
	started := make(chan error)
	go func() {
		// The thread is never unlocked and ends with its goroutine, its affinity too.
		runtime.LockOSThread()
		var set unix.CPUSet
		for cpu := 1; cpu < runtime.NumCPU(); cpu++ {
			set.Set(cpu)
		}
		if err := unix.SchedSetaffinity(0, &set); err != nil {
			started <- fmt.Errorf("leaving the first CPU: %w", err)
			return
		}
		started <- cmd.Start()
	}()
	return <-started
}

// moveChildren gives pid's children the first CPU, with all their threads; new
// threads inherit it.
func moveChildren(pid int) error {
	all, err := children(pid)
	if err != nil {
		return err
	}
	var first unix.CPUSet
	first.Set(0)
	for _, child := range all {
		threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", child))
		if err != nil {
			return err
		}
		for _, thread := range threads {
			id, err := strconv.Atoi(thread.Name())
			if err != nil {
				return err
			}
			if err := unix.SchedSetaffinity(id, &first); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("moving thread %d to the first CPU: %w", id, err)
			}
		}
	}
	return nil
}
