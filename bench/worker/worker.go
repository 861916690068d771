// Package worker is one side of the benchmark: a child process with one engine
// that renders what its parent asks for and says what it cost. Each engine has a
// process of its own, because bimg changes libvips for its whole process.
package worker

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"pixmill/internal/imaging"
)

// Request is one line to a worker.
type Request struct {
	Photo string         `json:"photo"` // a file
	Specs []imaging.Spec `json:"specs"`
	Keep  bool           `json:"keep"` // send the variants' bytes back
}

// Reply is one line from a worker.
type Reply struct {
	Error    string        `json:"error,omitempty"`
	CPU      time.Duration `json:"cpu"`     // user and system time of the process during the rendering
	Wall     time.Duration `json:"wall"`    // of the rendering
	PeakRSS  int64         `json:"peakRss"` // bytes, of the process so far
	Version  string        `json:"version"` // of libvips
	Variants []Variant     `json:"variants"`
}

// Variant is one result.
type Variant struct {
	Bytes int    `json:"bytes"`
	Data  []byte `json:"data,omitempty"`
}

// Render makes specs from src.
type Render func(src []byte, specs []imaging.Spec) ([]imaging.Encoded, error)

// Serve answers requests from in until it ends. Reading the photograph and
// answering are outside of what is measured.
func Serve(in io.Reader, out io.Writer, version string, render Render) error {
	lines := bufio.NewReader(in)
	answers := json.NewEncoder(out)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var request Request
		if err := json.Unmarshal(line, &request); err != nil {
			return err
		}
		reply, err := measure(request, render)
		if err != nil {
			reply.Error = err.Error()
		}
		reply.Version = version
		if err := answers.Encode(reply); err != nil {
			return err
		}
	}
}

func measure(request Request, render Render) (Reply, error) {
	src, err := os.ReadFile(request.Photo)
	if err != nil {
		return Reply{}, err
	}
	cpu, err := cpuTime()
	if err != nil {
		return Reply{}, err
	}
	start := time.Now()
	out, err := render(src, request.Specs)
	reply := Reply{Wall: time.Since(start)}
	if err != nil {
		return reply, err
	}
	after, err := cpuTime()
	if err != nil {
		return reply, err
	}
	reply.CPU = after - cpu
	for i, v := range out {
		if v.Err != nil {
			return reply, fmt.Errorf("variant %d: %w", i, v.Err)
		}
		kept := Variant{Bytes: len(v.Data)}
		if request.Keep {
			kept.Data = v.Data
		}
		reply.Variants = append(reply.Variants, kept)
	}
	reply.PeakRSS, err = peakRSS()
	return reply, err
}

// cpuTime is what all threads of this process have used.
func cpuTime() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}

// peakRSS is the high-water mark of this process's resident memory. Getrusage's
// would be the parent's until this process has outgrown it.
func peakRSS() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, rest, found := strings.Cut(string(status), "VmHWM:")
	var kilobytes int64
	if _, err := fmt.Sscan(rest, &kilobytes); err != nil || !found {
		return 0, fmt.Errorf("no VmHWM in /proc/self/status: %w", err)
	}
	return kilobytes << 10, nil
}
