package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tick is the unit in which Linux counts CPU time in /proc.
const tick = time.Second / 100

// busyTime is the CPU time that was taken on some cores since the machine began: by
// whatever ran on them, and by other machines on the same hardware.
func busyTime(cores []int) (busy time.Duration, err error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, fmt.Errorf("this benchmark needs Linux: %w", err)
	}
	found := 0
	for line := range strings.Lines(string(text)) {
		// cpuN user nice system idle iowait irq softirq steal, then what is in user and nice already
		fields := strings.Fields(line)
		const idle, iowait, steal = 4, 5, 8
		number, ok := strings.CutPrefix(fields[0], "cpu")
		core, err := strconv.Atoi(number)
		if !ok || err != nil || !slices.Contains(cores, core) || len(fields) <= steal {
			continue
		}
		found++
		for i := 1; i <= steal; i++ {
			n, err := strconv.ParseInt(fields[i], 10, 64)
			if err != nil {
				return 0, fmt.Errorf("/proc/stat says %q: %w", line, err)
			}
			if i != idle && i != iowait {
				busy += time.Duration(n) * tick
			}
		}
	}
	if found != len(cores) {
		return 0, fmt.Errorf("/proc/stat has %d of the cores %v", found, cores)
	}
	return busy, nil
}

// processTime is the CPU time of a process, of all its threads.
func processTime(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The second field is a name in parentheses, which may have anything in it.
	_, rest, _ := strings.Cut(string(text[bytes.LastIndexByte(text, ')')+1:]), " ")
	fields := strings.Fields(rest)
	const user, system = 11, 12 // fields 14 and 15 of proc_pid_stat(5)
	if len(fields) <= system {
		return 0, fmt.Errorf("/proc/%d/stat is %q", pid, text)
	}
	var sum time.Duration
	for _, i := range []int{user, system} {
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/%d/stat is %q: %w", pid, text, err)
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}
