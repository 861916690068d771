package pool

import (
	"os/exec"
	"runtime"
	"sync"
)

// spawner starts all processes from one operating system thread that lives until
// close: on Linux a child's parent-death signal is sent when the thread that
// started it ends, and Go ends threads as it likes.
type spawner struct {
	requests chan spawnRequest
	done     chan struct{}
	once     sync.Once
}

type spawnRequest struct {
	cmd    *exec.Cmd
	result chan<- error
}

func newSpawner() *spawner {
	s := &spawner{requests: make(chan spawnRequest), done: make(chan struct{})}
	go s.run()
	return s
}

func (s *spawner) run() {
	defer close(s.done)
	runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
	for r := range s.requests {
		r.result <- r.cmd.Start()
	}
}

func (s *spawner) start(cmd *exec.Cmd) error {
	result := make(chan error, 1)
	s.requests <- spawnRequest{cmd, result}
	return <-result
}

// close is called when all processes have ended and none is started any more.
func (s *spawner) close() {
	s.once.Do(func() { close(s.requests) })
	<-s.done
}
