package machine

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// ProcessTime is the CPU time that a process has used, of all its threads, to the nanosecond.
// The clock's number is that of clock_getcpuclockid: ~pid << 3 | CPUCLOCK_SCHED.
func ProcessTime(pid int) (time.Duration, error) {
	const perProcessSched = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|perProcessSched), &t); err != nil {
		return 0, fmt.Errorf("CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}
