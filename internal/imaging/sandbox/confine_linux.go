package sandbox

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// self survives that the program's file is replaced while it runs.
func self() string { return "/proc/self/exe" }

// keepFilesToItself keeps what this process was given open by whoever started it from
// those that it starts; Go does so with its own. Kernels before 5.11 cannot.
func keepFilesToItself() {
	const first = 3 // after stdin, stdout, stderr
	_ = unix.CloseRange(first, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
}

// childAttributes lets the kernel end the process when the thread that started it
// ends, whatever that comes from.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// confine takes from this process, for good, what no job needs.
func confine(limits Limits) error {
	data, err := dataSize()
	if err != nil {
		return err
	}
	// Where memory runs out for all, this process goes first, if the kernel lets it say so.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte(strconv.Itoa(maxOOMScore)), 0)
	memory, seconds := uint64(data+limits.Memory), uint64(limits.CPU.Seconds())
	if !boundsMemory {
		memory = unix.RLIM_INFINITY
	}
	for _, l := range []struct {
		resource   int
		said, most uint64
	}{
		{unix.RLIMIT_DATA, memory, memory},
		{unix.RLIMIT_CPU, seconds, seconds + 1}, // see endAtCPULimit
		{unix.RLIMIT_CORE, 0, 0},
		{unix.RLIMIT_FSIZE, 0, 0}, // no file is written; pipes are no files
	} {
		if err := lower(l.resource, l.said, l.most); err != nil {
			return fmt.Errorf("limit %d to %d: %w", l.resource, l.most, err)
		}
	}
	return filter()
}

// lower sets a soft and a hard limit for good, unless there is a lower one already.
func lower(resource int, said, most uint64) error {
	var has unix.Rlimit
	if err := unix.Getrlimit(resource, &has); err != nil {
		return err
	}
	most = min(most, has.Max)
	return unix.Setrlimit(resource, &unix.Rlimit{Cur: min(said, most), Max: most})
}

const maxOOMScore = 1000

// dataSize is how much private writable memory this process has mapped, bytes
// (proc(5), /proc/pid/statm): what RLIMIT_DATA counts.
func dataSize() (int64, error) {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	const dataField = 5
	fields := strings.Fields(string(statm))
	if len(fields) <= dataField {
		return 0, fmt.Errorf("/proc/self/statm is %q", statm)
	}
	pages, err := strconv.ParseInt(fields[dataField], 10, 64)
	if err != nil || pages > math.MaxInt64/int64(os.Getpagesize()) {
		return 0, fmt.Errorf("/proc/self/statm is %q: %w", statm, err)
	}
	return pages * int64(os.Getpagesize()), nil
}
