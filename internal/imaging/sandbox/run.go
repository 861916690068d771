package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Call is one job and what it is given.
type Call struct {
	Job    string
	Args   []string
	Limits Limits
	In     []byte
	Out    func(io.Reader) error // reads what the job writes, as it comes
}

// JobError is what the job itself said was wrong.
type JobError struct{ Text string }

// Error returns the job's own words.
func (e *JobError) Error() string { return e.Text }

// Errors of a job that ended without a result.
var (
	// ErrCPU: it used up its processor time.
	ErrCPU = errors.New("the sandboxed process has used up its processor time")
	// ErrMemory: it ended because it got no memory.
	ErrMemory = errors.New("the sandboxed process has used up its memory")
	// ErrCrashed: it ended by itself. Some libraries do that, too, where they get no
	// memory.
	ErrCrashed = errors.New("the sandboxed process has crashed")
	// ErrConfine: the limits could not be set, so that the job was not begun.
	ErrConfine = errors.New("a sandboxed process cannot be confined here")
)

// Run does one job and waits for its end. It ends the process when ctx does, and
// then returns ctx's error. Else the error is a *JobError, wraps one of those above,
// is what Out returned, or says that the process could not be started or was ended
// from outside.
func (p *Program) Run(ctx context.Context, call Call) error {
	// The kernel ends the process with the thread that started it: that must stay.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, p.path)
	cmd.Args = append(append([]string{marker, call.Job}, call.Limits.args()...), call.Args...)
	cmd.Env = p.env
	cmd.Stdin = bytes.NewReader(call.In)
	var problems head
	cmd.Stderr = &problems
	cmd.SysProcAttr = childAttributes()
	cmd.WaitDelay = time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("%w: %w", ErrConfine, err) // no /proc, or a file system without programs
		}
		return fmt.Errorf("start a sandboxed process: %w", err)
	}
	begun := [1]byte{}
	_, refused := io.ReadFull(out, begun[:])
	if refused == nil {
		refused = call.Out(out)
	}
	_ = out.Close() // what is written beyond that has no reader: it must not block
	short := errors.Is(refused, io.EOF) || errors.Is(refused, io.ErrUnexpectedEOF)
	if refused != nil && !short {
		_ = cmd.Process.Kill() // nobody reads any more; it may have ended already
	}
	ended := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case ended == nil && short:
		return fmt.Errorf("%w: it ended before its result did", ErrCrashed)
	case ended == nil || (refused != nil && !short):
		return refused
	}
	return verdict(ended, begun[0] == ready, call.Limits, problems.String())
}

// verdict says how a process ended that did not do its job.
func verdict(err error, begun bool, limits Limits, said string) error {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return err
	}
	switch exit.ExitCode() {
	case exitFailed:
		return &JobError{Text: said}
	case exitSetup:
		return fmt.Errorf("%w: %s", ErrConfine, said)
	case exitCPU:
		return fmt.Errorf("%w of %v", ErrCPU, limits.CPU)
	case NoMemory:
		return fmt.Errorf("%w of %d bytes", ErrMemory, limits.Memory)
	}
	if killed(exit) {
		// It was too busy to hear that its time was up.
		if exit.UserTime()+exit.SystemTime() > limits.CPU {
			return fmt.Errorf("%w of %v", ErrCPU, limits.CPU)
		}
		return fmt.Errorf("a sandboxed process was ended from outside: %w", err)
	}
	if !begun { // no threads, or no libraries: nothing was read of the input
		return fmt.Errorf("a sandboxed process did not start (%w): %s", err, strings.TrimSpace(said))
	}
	return fmt.Errorf("%w (%w): %s", ErrCrashed, err, strings.TrimSpace(said))
}

// killed is whether a process was ended by a signal of others: those of its own
// mistakes are listed.
func killed(exit *exec.ExitError) bool {
	status, ok := exit.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return false
	}
	switch status.Signal() {
	case syscall.SIGABRT, syscall.SIGBUS, syscall.SIGPIPE, syscall.SIGFPE, syscall.SIGILL, syscall.SIGSEGV, syscall.SIGSYS, syscall.SIGTRAP:
		return false
	}
	return true
}

// head keeps the beginning of what is written to it.
type head struct{ bytes.Buffer }

const headSize = 2000 // bytes

func (h *head) Write(p []byte) (int, error) {
	h.Buffer.Write(p[:min(len(p), max(0, headSize-h.Len()))])
	return len(p), nil
}
