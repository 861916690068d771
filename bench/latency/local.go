package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"pixmill/bench/program"
)

// startTimeout is how long pixmill may take until it says its endpoint.
const startTimeout = 30 * time.Second

// local is a pixmill that was started for this measurement.
type local struct {
	cmd *exec.Cmd
	dir string
}

// startLocal builds pixmill if need be, starts it in a folder of its own, and
// sets the endpoint and the process id in s.
func startLocal(ctx context.Context, s *settings) (_ *local, err error) {
	dir, err := os.MkdirTemp("", "pixmill-latency-")
	if err != nil {
		return nil, err
	}
	l := &local{dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	if s.binary == "" {
		s.binary = filepath.Join(dir, "pixmill")
		if err := program.Build(ctx, s.binary, "pixmill/functions/pixmill"); err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, s.binary, "run", "--data", filepath.Join(dir, "data"), "--listen", "127.0.0.1:0", "--concurrency", "1")
	cmd.Env = append(os.Environ(), "PIXMILL_ACCESS_KEY_ID="+s.accessKey, "PIXMILL_SECRET_ACCESS_KEY="+s.secretKey)
	cmd.Stderr = io.Discard // a line for each source
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	start := cmd.Start
	if s.apart {
		start = func() error { return startApart(cmd) }
	}
	if err := start(); err != nil {
		return nil, err
	}
	l.cmd, s.pid = cmd, cmd.Process.Pid
	s.endpoint, err = endpoint(ctx, out)
	return l, err
}

// endpoint reads the URL from what pixmill says at its start, and then goes on
// reading so that pixmill never waits for this program.
func endpoint(ctx context.Context, out io.Reader) (string, error) {
	found := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if url, ok := strings.CutPrefix(strings.TrimSpace(lines.Text()), "S3 endpoint"); ok {
				found <- strings.TrimSpace(url)
			}
		}
		close(found)
	}()
	select {
	case url, ok := <-found:
		if !ok {
			return "", errors.New("pixmill ended without an endpoint")
		}
		return url, nil
	case <-time.After(startTimeout):
		return "", fmt.Errorf("pixmill said no endpoint within %v", startTimeout)
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// close ends pixmill as Ctrl-C would and removes its folder.
func (l *local) close() error {
	var err error
	if l.cmd != nil {
		err = errors.Join(l.cmd.Process.Signal(syscall.SIGINT), l.cmd.Wait())
	}
	return errors.Join(err, os.RemoveAll(l.dir))
}
