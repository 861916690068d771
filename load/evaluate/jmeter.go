package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"pixmill/load/jtl"
)

// generator is a JMeter that runs.
type generator struct {
	cmd  *exec.Cmd
	jtl  string
	text strings.Builder // what it says
}

// start runs the plan against a place. The steps are clients in all.
func (l *lab) start(ctx context.Context, p *place, name string, steps []int, step, duration time.Duration) (*generator, error) {
	host, port, err := net.SplitHostPort(p.address)
	if err != nil {
		return nil, err
	}
	g := &generator{jtl: filepath.Join(l.settings.out, p.form.slug+"-"+name+".jtl")}
	if err := os.Remove(g.jtl); err != nil && !errors.Is(err, fs.ErrNotExist) { // JMeter would append to it
		return nil, err
	}
	args := []string{"-t", filepath.Join(l.settings.root, "load", "pixmill.jmx"), "-l", g.jtl}
	properties := map[string]string{
		"host": host, "port": port, "host.header": p.host, "run": p.form.slug + "/" + name,
		// A service spreads connections: with one for all requests of a client, a new pod gets none.
		"keepalive":    strconv.FormatBool(p.form.knative),
		"step.seconds": seconds(step), "duration": seconds(duration),
	}
	before := 0
	for i := range 5 {
		joining := 0
		if i < len(steps) {
			joining, before = steps[i]-before, steps[i]
		}
		properties[fmt.Sprintf("step%d", i+1)] = strconv.Itoa(joining)
	}
	for name, value := range properties {
		args = append(args, "-J"+name+"="+value)
	}
	slices.Sort(args[4:])
	g.cmd = exec.CommandContext(ctx, filepath.Join(l.settings.root, "load", "jmeter.sh"), args...)
	g.cmd.Env = append(os.Environ(), "JMETER_LOG="+strings.TrimSuffix(g.jtl, ".jtl")+".log")
	g.cmd.Stdout, g.cmd.Stderr = &g.text, &g.text
	return g, g.cmd.Start()
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// begun waits until the first answer is written.
func (g *generator) begun(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		if text, err := os.ReadFile(g.jtl); err == nil && strings.Count(string(text), "\n") > 1 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("JMeter has no answer yet: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// wait returns what JMeter wrote, and the CPU time that it took.
func (g *generator) wait() ([]jtl.Sample, time.Duration, error) {
	if err := g.cmd.Wait(); err != nil {
		return nil, 0, fmt.Errorf("JMeter: %w\n%s", err, g.text.String())
	}
	file, err := os.Open(g.jtl)
	if err != nil {
		return nil, 0, fmt.Errorf("JMeter wrote nothing: %w\n%s", err, g.text.String())
	}
	defer file.Close() // it was only read
	samples, err := jtl.Read(file)
	if err == nil && len(samples) == 0 {
		err = errors.New("no request")
	}
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w\n%s", g.jtl, err, g.text.String())
	}
	state := g.cmd.ProcessState
	return samples, state.UserTime() + state.SystemTime(), nil
}
