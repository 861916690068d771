package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"pixmill/bench/machine"
)

// busyTime is the CPU time that was taken on some cores since the machine began: by
// whatever ran on them, and by other machines on the same hardware.
func busyTime(cores []int) (busy time.Duration, err error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, fmt.Errorf("this benchmark needs Linux: %w", err)
	}
	found := 0
	for line := range strings.Lines(string(text)) {
		name, t, err := machine.ParseTimes(line)
		number, ok := strings.CutPrefix(name, "cpu")
		core, notCore := strconv.Atoi(number)
		if !ok || notCore != nil || !slices.Contains(cores, core) {
			continue
		}
		if err != nil {
			return 0, err
		}
		found++
		busy += t.Busy
	}
	if found != len(cores) {
		return 0, fmt.Errorf("/proc/stat has %d of the cores %v", found, cores)
	}
	return busy, nil
}
