package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"pixmill/bench/worker"
)

// build compiles the two workers into dir.
func build(ctx context.Context, dir string) error {
	for name, tags := range map[string]string{"vipsworker": "", "bimgworker": "bimg"} {
		cmd := exec.CommandContext(ctx, "go", "build", "-tags", tags, "-o", filepath.Join(dir, name), "pixmill/bench/"+name)
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("building %s: %w", name, err)
		}
	}
	return nil
}

// engine is a running worker.
type engine struct {
	name  string
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Reader
}

// start starts a worker that computes with so many threads.
func start(ctx context.Context, dir, name string, threads int) (*engine, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(dir, name+"worker"))
	// One thread of libvips for each operation on both sides, which is bimg's own
	// setting; how many operations run at once is Go's affair.
	cmd.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", threads), "VIPS_CONCURRENCY=1", "VIPS_WARNING=0")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &engine{name: name, cmd: cmd, in: in, lines: bufio.NewReader(out)}, nil
}

// withPair runs do with both engines on one thread each, and ends them.
func withPair(ctx context.Context, dir string, do func(ours, theirs *engine) error) (err error) {
	ours, err := start(ctx, dir, "vips", 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ours.close()) }()
	theirs, err := start(ctx, dir, "bimg", 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, theirs.close()) }()
	return do(ours, theirs)
}

// do sends one request and waits for the answer.
func (e *engine) do(r worker.Request) (worker.Reply, error) {
	var reply worker.Reply
	if err := json.NewEncoder(e.in).Encode(r); err != nil {
		return reply, fmt.Errorf("%s: %w", e.name, err)
	}
	line, err := e.lines.ReadBytes('\n')
	if err != nil {
		return reply, fmt.Errorf("%s: %w", e.name, err)
	}
	if err := json.Unmarshal(line, &reply); err != nil {
		return reply, fmt.Errorf("%s: %w", e.name, err)
	}
	if reply.Error != "" {
		return reply, fmt.Errorf("%s: %s: %s", e.name, r.Photo, reply.Error)
	}
	return reply, nil
}

// close ends the worker and waits for it.
func (e *engine) close() error { return errors.Join(e.in.Close(), e.cmd.Wait()) }
