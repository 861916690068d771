// Package pool runs a Lambda function as child processes that speak the Runtime
// API: none until there is work, one more whenever all are busy, up to a limit,
// and none again after a while without work. A process that crashes, hangs past
// its deadline or takes too much memory is ended with everything it started, and
// replaced when there is work.
//
// The package knows nothing of queues and retries nothing that a process has
// begun.
package pool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"pixmill/internal/runtime/lambdaapi"
)

// Options describe the function and its limits. Rand, Log, Now and the fields
// with a unit are needed; Memory may be 0.
type Options struct {
	Function    Function
	Env         []string      // beside what every Lambda function gets: AWS_ENDPOINT_URL=…
	Inherit     []string      // the runtime's own environment, of which a little is passed on
	Max         int           // processes at once
	Idle        time.Duration // after this long without work a process ends
	Timeout     time.Duration // of an invocation: its deadline
	Grace       time.Duration // how long past its deadline an invocation may go on
	InitTimeout time.Duration // from the start of a process to its first request for work
	Memory      int64         // bytes of resident memory of a process; 0: no limit. Looked at every 50 ms of an invocation, on Linux.
	Guard       *Guard        // tells the next run when all processes have ended; may be nil
	Log         *slog.Logger
	Now         func() time.Time
	Rand        io.Reader // for request IDs
}

// KilledError says that a process ended, or had to be ended, with an invocation
// under way: how much of it was done is unknown.
type KilledError struct{ Reason string }

// Error is one line.
func (e *KilledError) Error() string { return "the function's process ended: " + e.Reason }

// StartError says that no process could be started; no invocation was begun.
type StartError struct{ Err error }

// Error is one line.
func (e *StartError) Error() string { return "the function did not start: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *StartError) Unwrap() error { return e.Err }

// ErrClosed is returned for what comes after Close.
var ErrClosed = errors.New("the function pool is closed")

// Pool runs processes of one function. Its methods may be called concurrently.
type Pool struct {
	opts    Options
	spawner *spawner
	closing chan struct{}  // closed by Close: every process ends
	running sync.WaitGroup // processes, and the goroutines that start them

	mu       sync.Mutex
	closed   bool
	total    int               // processes that run or are being started
	starting int               // of these: being started
	idle     []*process        // the last one was used last
	waiters  []chan<- acquired // the first has waited longest; each buffered
}

type acquired struct {
	p   *process
	err error
}

// New returns a pool without processes.
func New(o Options) *Pool {
	return &Pool{opts: o, spawner: newSpawner(), closing: make(chan struct{})}
}

// Invoke calls the function and returns its answer. Errors are a
// *lambdaapi.FunctionError or *fault.LimitError (it answered or was not asked, and lives), a
// *KilledError, a *StartError, ErrClosed, or ctx's while it waited for a
// process. What has begun goes on when ctx ends.
func (p *Pool) Invoke(ctx context.Context, payload []byte) (Answer, error) {
	const attempts = 3
	for range attempts {
		proc, err := p.acquire(ctx)
		if err != nil {
			return Answer{}, err
		}
		answer, err := proc.invoke(context.WithoutCancel(ctx), payload)
		p.release(proc)
		if !errors.Is(err, lambdaapi.ErrNotTaken) {
			return answer, err
		}
		// It had just ended: another one.
	}
	return Answer{}, &StartError{fmt.Errorf("%d processes in a row ended while they waited for work", attempts)}
}

// Stats counts processes.
type Stats struct {
	Processes int // that run or are being started
	Idle      int
}

// Stats says how many processes there are now.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Stats{Processes: p.total, Idle: len(p.idle)}
}

// Close ends every process, with what it is doing, and returns when all have
// ended. It may be called again.
func (p *Pool) Close() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.closing)
	}
	for _, w := range p.waiters {
		w <- acquired{err: ErrClosed}
	}
	p.waiters = nil
	p.mu.Unlock()
	p.running.Wait()
	p.spawner.close()
}

// acquire takes the process that was idle for the shortest time or, if all are
// busy, waits for the first of them, or for a new one if the limit allows it.
func (p *Pool) acquire(ctx context.Context) (*process, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, ErrClosed
	}
	if n := len(p.idle); n > 0 {
		proc := p.idle[n-1]
		p.idle = p.idle[:n-1]
		proc.idleTimer.Stop()
		p.mu.Unlock()
		return proc, nil
	}
	ready := make(chan acquired, 1)
	p.waiters = append(p.waiters, ready)
	p.fill()
	p.mu.Unlock()
	select {
	case a := <-ready:
		return a.p, a.err
	case <-ctx.Done():
		p.giveUp(ready)
		return nil, ctx.Err()
	}
}

// giveUp removes a waiter and passes on what it was given meanwhile.
func (p *Pool) giveUp(ready chan acquired) {
	p.mu.Lock()
	for i, w := range p.waiters {
		if w == ready {
			p.waiters = append(p.waiters[:i], p.waiters[i+1:]...)
			break
		}
	}
	p.mu.Unlock()
	select {
	case a := <-ready:
		if a.p != nil {
			p.release(a.p)
		}
	default:
	}
}

// fill starts a process for each waiter without one, as far as the limit allows. p.mu is held.
func (p *Pool) fill() {
	for !p.closed && len(p.waiters) > p.starting && p.total < p.opts.Max {
		p.total++
		p.starting++
		p.running.Go(p.start)
	}
}

// start starts a process and gives it, or the error, to whoever has waited longest.
func (p *Pool) start() {
	proc, err := startProcess(p.closing, p.spawner, &p.opts)
	p.mu.Lock()
	p.starting--
	if err != nil {
		p.total--
		if len(p.waiters) > 0 {
			p.waiters[0] <- acquired{err: &StartError{err}}
			p.waiters = p.waiters[1:]
		}
		p.fill()
		p.mu.Unlock()
		return
	}
	p.running.Go(func() { p.reap(proc) })
	p.mu.Unlock()
	p.release(proc)
}

// release gives a process to whoever has waited longest, or lets it idle.
func (p *Pool) release(proc *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case proc.ended() || p.closed:
	case len(p.waiters) > 0:
		p.waiters[0] <- acquired{p: proc}
		p.waiters = p.waiters[1:]
	default:
		p.idle = append(p.idle, proc)
		proc.idleTimer = time.AfterFunc(p.opts.Idle, func() { p.retire(proc) })
	}
}

// retire ends a process unless somebody took it in this moment.
func (p *Pool) retire(proc *process) {
	if p.removeIdle(proc) {
		proc.terminate()
	}
}

func (p *Pool) removeIdle(proc *process) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, other := range p.idle {
		if other == proc {
			proc.idleTimer.Stop()
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			return true
		}
	}
	return false
}

// reap waits for the end of a process and makes room for another one.
func (p *Pool) reap(proc *process) {
	<-proc.exited
	p.removeIdle(proc)
	p.mu.Lock()
	p.total--
	p.fill()
	p.mu.Unlock()
	if err := proc.api.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		p.opts.Log.Warn("runtime API not closed", "error", err)
	}
	p.opts.Log.Debug("function process ended", "pid", proc.pid, "state", fmt.Sprint(proc.exitState()))
}
