package machine

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Times are what a processor, or all of them together, has done since the machine began.
type Times struct {
	Busy  time.Duration // for whatever ran on it, and for other machines on the same hardware
	Total time.Duration // idle time, and waiting for disks, too
}

// tick is the unit in which Linux counts them.
const tick = time.Second / 100

// ParseTimes reads a line of Linux's /proc/stat, and returns its first word as well:
// "cpu" stands for all processors, "cpu3" for one. Other lines have no times: an error.
func ParseTimes(line string) (name string, t Times, err error) {
	// name user nice system idle iowait irq softirq steal, then guests, who are in user and nice already
	const idle, iowait, steal = 4, 5, 8
	fields := strings.Fields(line)
	if len(fields) <= steal || !strings.HasPrefix(fields[0], "cpu") {
		return strings.Join(fields[:min(len(fields), 1)], ""), t, fmt.Errorf("/proc/stat says %q, which has no times of a processor", line)
	}
	for i := 1; i <= steal; i++ {
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return fields[0], Times{}, fmt.Errorf("/proc/stat says %q: %w", line, err)
		}
		d := time.Duration(n) * tick
		t.Total += d
		if i != idle && i != iowait {
			t.Busy += d
		}
	}
	return fields[0], t, nil
}
