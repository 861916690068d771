package pool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"

	"pixmill/internal/fault"
	"pixmill/internal/runtime/lambdaapi"
)

const (
	// termGrace is how long an idle process has to end after SIGTERM.
	termGrace = 500 * time.Millisecond
	// pipeGrace is how long output is read after the process has ended, should
	// something that it started keep the pipe open.
	pipeGrace = time.Second
	// memoryInterval is how often the memory of a working process is looked at.
	memoryInterval = 50 * time.Millisecond
)

// process is one process of the function. It leads a process group, so that all
// it starts ends with it.
type process struct {
	opts      *Options
	api       *lambdaapi.Server
	cmd       *exec.Cmd
	output    [2]*lineWriter // of stdout and stderr
	pid       int
	exited    chan struct{}          // closed when it has ended
	reason    atomic.Pointer[string] // why it was made to end; nil: it ended by itself
	heard     atomic.Pointer[complaint]
	idleTimer *time.Timer // owned by the pool, under its mutex
}

// startProcess starts the function and waits until it asks for work. The
// process ends when closing is closed.
func startProcess(closing <-chan struct{}, sp *spawner, o *Options) (*process, error) {
	api, err := lambdaapi.Listen()
	if err != nil {
		return nil, err
	}
	p := &process{opts: o, api: api, exited: make(chan struct{})}
	p.output = [2]*lineWriter{
		{log: o.Log, stream: streamOutput, heard: p.hear},
		{log: o.Log, stream: streamError, heard: p.hear},
	}
	p.cmd = o.command(api.Addr())
	p.cmd.Stdout, p.cmd.Stderr = p.output[0], p.output[1]
	if err := sp.start(p.cmd); err != nil {
		return nil, errors.Join(err, api.Close())
	}
	p.pid = p.cmd.Process.Pid
	go p.wait()
	go p.endWith(closing)
	if err := p.awaitReady(closing); err != nil {
		p.kill(err.Error())
		<-p.exited
		return nil, errors.Join(err, api.Close())
	}
	return p, nil
}

// wait reaps the process and what it leaves behind.
func (p *process) wait() {
	_ = p.cmd.Wait() // what is worth knowing of it is in cmd.ProcessState
	killGroup(p.pid)
	for _, w := range p.output {
		w.flush()
	}
	close(p.exited)
}

func (p *process) endWith(closing <-chan struct{}) {
	select {
	case <-closing:
		p.kill("the runtime ends")
	case <-p.exited:
	}
}

func (p *process) awaitReady(closing <-chan struct{}) error {
	timer := time.NewTimer(p.opts.InitTimeout)
	defer timer.Stop()
	memory := time.NewTicker(memoryInterval)
	defer memory.Stop()
	for {
		select {
		case <-p.api.Ready():
			return nil
		case err := <-p.api.InitError():
			return err
		case <-p.exited:
			return p.whyExited()
		case <-memory.C:
			if over := p.overMemory(); over != nil {
				return over
			}
		case <-timer.C:
			return fmt.Errorf("it did not ask for work within %v", p.opts.InitTimeout)
		case <-closing:
			return ErrClosed
		}
	}
}

// whyExited prefers what the function said at its start to its exit status.
func (p *process) whyExited() error {
	select {
	case err := <-p.api.InitError():
		return err
	default:
		return errors.New("it ended at its start: " + p.exitState())
	}
}

// invoke runs one invocation. Past its deadline and the grace, and over its
// memory, the process is killed. ctx has no end of its own.
func (p *process) invoke(ctx context.Context, payload []byte) (Answer, error) {
	deadline := p.opts.Now().Add(p.opts.Timeout)
	in, err := p.opts.invocation(deadline, payload)
	if err != nil {
		return Answer{}, err
	}
	heard := newComplaint(in.RequestID)
	p.heard.Store(heard)
	callCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		p.watch(callCtx, cancel)
	}()
	body, err := p.api.Invoke(callCtx, in)
	cancel()
	<-watched
	if err == nil || !errors.Is(err, context.Canceled) {
		return Answer{Body: body, Complaint: heard.last}, err
	}
	<-p.exited // the answer was given up because it has ended or was killed
	return Answer{}, &KilledError{Reason: p.exitState()}
}

// watch ends the invocation when the process ends, and the process when it does
// not keep to its limits. It returns when ctx ends.
func (p *process) watch(ctx context.Context, giveUp context.CancelFunc) {
	limit := time.NewTimer(p.opts.Timeout + p.opts.Grace)
	defer limit.Stop()
	memory := time.NewTicker(memoryInterval)
	defer memory.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.exited:
			giveUp()
			return
		case <-limit.C:
			p.kill(fmt.Sprintf("still working %v past its deadline of %v", p.opts.Grace, p.opts.Timeout))
		case <-memory.C:
			if err := p.overMemory(); err != nil {
				p.kill(err.Error())
			}
		}
	}
}

// overMemory returns a *fault.LimitError when the process takes more than it may.
func (p *process) overMemory() error {
	if p.opts.Memory <= 0 {
		return nil
	}
	rss, ok := residentBytes(p.pid)
	if !ok || rss <= p.opts.Memory {
		return nil
	}
	return &fault.LimitError{Field: "memory", Limit: p.opts.Memory, Value: rss, Unit: "bytes"}
}

// kill ends the process and all that it started; the first reason counts.
func (p *process) kill(reason string) {
	p.reason.CompareAndSwap(nil, &reason)
	if !p.ended() {
		killGroup(p.pid)
	}
}

// terminate lets an idle process end by itself for a moment.
func (p *process) terminate() {
	reason := "idle"
	p.reason.CompareAndSwap(nil, &reason)
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-p.exited:
	case <-time.After(termGrace):
		p.kill(reason)
	}
}

func (p *process) ended() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// exitState says how the process ended, once it has: "signal: killed (still
// working 5s past its deadline of 60s)", "exit status 1".
func (p *process) exitState() string {
	state := "unknown"
	if p.cmd.ProcessState != nil {
		state = p.cmd.ProcessState.String()
	}
	if reason := p.reason.Load(); reason != nil {
		return fmt.Sprintf("%s (%s)", state, *reason)
	}
	return state
}

// command is the function's command line with its environment.
func (o *Options) command(api string) *exec.Cmd {
	cmd := exec.Command(o.Function.Command[0], o.Function.Command[1:]...) //nolint:noctx // a context would end the process, not its group
	cmd.Dir = o.Function.Root
	cmd.Env = o.environment(api)
	cmd.WaitDelay = pipeGrace
	cmd.SysProcAttr = processAttributes()
	if o.Guard != nil {
		cmd.ExtraFiles = []*os.File{o.Guard.file}
	}
	return cmd
}
