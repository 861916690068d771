package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"pixmill/bench/machine"
	"pixmill/bench/stand"
)

// function is what renders: one process or several beside each other, or a pod.
type function interface {
	// send has a source rendered, and returns an error if that was not done.
	send(ctx context.Context, key string) error
	// cpu is the CPU time that it has used so far.
	cpu(ctx context.Context) (time.Duration, error)
	close() error
}

// process is the HTTP function on this machine, kept to some of its cores.
type process struct {
	cmd    *exec.Cmd
	url    string
	client *http.Client
	ended  chan struct{}
}

// startProcess starts the function on some cores, as many as it then takes its quota
// to be, and returns when it listens.
func startProcess(ctx context.Context, path string, cores []int, s *stand.Stand) (*process, error) {
	list := strings.Trim(strings.ReplaceAll(fmt.Sprint(cores), " ", ","), "[]")
	p := &process{
		cmd:    exec.CommandContext(ctx, "taskset", "-c", list, path),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: patience},
		ended:  make(chan struct{}),
	}
	p.cmd.Env = append(s.Endpoint().Environment(), "LISTEN_ADDRESS=127.0.0.1:0")
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = patience
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	address, said := make(chan string, 1), new(strings.Builder)
	go func() {
		defer close(p.ended)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			var l struct{ Msg, Address string }
			if json.Unmarshal(lines.Bytes(), &l) == nil && l.Msg == "listening" {
				address <- l.Address
			} else if len(address) == 0 {
				said.WriteString(lines.Text() + "\n")
			}
		}
	}()
	select {
	case a := <-address:
		p.url = "http://" + a
		return p, nil
	case <-p.ended:
		return nil, fmt.Errorf("the function ended: %w: %s", p.cmd.Wait(), said)
	}
}

func (p *process) send(ctx context.Context, key string) error {
	return stand.Make(ctx, p.client, p.url, key)
}

func (p *process) cpu(context.Context) (time.Duration, error) {
	return machine.ProcessTime(p.cmd.Process.Pid)
}

func (p *process) close() error {
	p.client.CloseIdleConnections()
	err := p.cmd.Process.Signal(os.Interrupt)
	<-p.ended
	return errors.Join(err, p.cmd.Wait())
}

// beside is several processes, to which requests go in turns.
type beside struct {
	processes []*process
	turn      chan *process // the processes, each as often as it may have requests
}

// startBeside starts one process on each core.
func startBeside(ctx context.Context, path string, cores []int, s *stand.Stand) (_ *beside, err error) {
	b := &beside{turn: make(chan *process, len(cores)*perCore)}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	for _, core := range cores {
		p, err := startProcess(ctx, path, []int{core}, s)
		if err != nil {
			return nil, err
		}
		b.processes = append(b.processes, p)
	}
	for range perCore {
		for _, p := range b.processes {
			b.turn <- p
		}
	}
	return b, nil
}

func (b *beside) send(ctx context.Context, key string) error {
	p := <-b.turn
	defer func() { b.turn <- p }()
	return p.send(ctx, key)
}

func (b *beside) cpu(ctx context.Context) (sum time.Duration, _ error) {
	for _, p := range b.processes {
		t, err := p.cpu(ctx)
		if err != nil {
			return 0, err
		}
		sum += t
	}
	return sum, nil
}

func (b *beside) close() error {
	var errs []error
	for _, p := range b.processes {
		errs = append(errs, p.close())
	}
	return errors.Join(errs...)
}
