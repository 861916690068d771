package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"

	"pixmill/load/jtl"
)

// phase is one run of JMeter.
type phase struct {
	from, to time.Time
	fault    time.Time // zero: none
	samples  []jtl.Sample
	moments  []moment // of the pods; also those before and after
	shares   shares
}

// all sums up the whole phase.
func (p phase) all() jtl.Summary { return jtl.Summarise(p.samples, p.from, p.to) }

// rise puts a load on a place to which clients join in, step by step.
func (l *lab) rise(ctx context.Context, p *place) (phase, error) {
	s := l.settings
	duration := s.Step * time.Duration(len(s.Steps))
	before := machineNow()
	g, err := l.start(ctx, p, "rising", s.Steps, s.Step, duration)
	if err != nil {
		return phase{}, err
	}
	return finish(g, before, duration)
}

// killAfter is the part of the constant load after which a pod is killed: what comes
// then needs more time.
const killAfter = 0.4

// holdAndKill puts a constant load on a place, and kills a pod in the middle of it.
func (l *lab) holdAndKill(ctx context.Context, p *place) (phase, []served, error) {
	s := l.settings
	before := machineNow()
	g, err := l.start(ctx, p, "constant", []int{s.Clients}, s.Hold, s.Hold)
	if err != nil {
		return phase{}, nil, err
	}
	fault, spread, err := l.disturb(ctx, p, g)
	ph, waitErr := finish(g, before, s.Hold)
	ph.fault = fault
	if err == nil {
		err = waitErr
	}
	return ph, spread, err
}

// disturb kills a pod, after it has asked who served how much until then.
func (l *lab) disturb(ctx context.Context, p *place, g *generator) (fault time.Time, spread []served, err error) {
	if err := g.begun(ctx); err != nil {
		return fault, nil, err
	}
	began := time.Now()
	wait := time.NewTimer(time.Duration(killAfter * float64(l.settings.Hold)))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
		return fault, nil, ctx.Err()
	}
	if spread, err = p.served(ctx, began); err != nil {
		return fault, nil, err
	}
	fault = time.Now()
	name, err := p.kill(ctx)
	say("%s: killed %s", p.form.Name, name)
	return fault, spread, err
}

// finish waits for JMeter. The phase begins with its first request.
func finish(g *generator, before machineTimes, duration time.Duration) (phase, error) {
	samples, took, err := g.wait()
	if err != nil {
		return phase{}, err
	}
	ph := phase{samples: samples, from: samples[0].Start}
	for _, s := range samples {
		if s.Start.Before(ph.from) {
			ph.from = s.Start
		}
	}
	ph.to = ph.from.Add(duration)
	ph.shares = since(before, took)
	return ph, nil
}

// served is how many images one pod answered.
type served struct {
	Pod    string
	Images int
}

// served reads the functions' logs, which have a line for each request.
func (p *place) served(ctx context.Context, since time.Time) ([]served, error) {
	pods, err := p.Pods(ctx, selector)
	if err != nil {
		return nil, err
	}
	var all []served
	for _, pod := range pods {
		if !pod.Ready {
			continue
		}
		text, err := p.Run(ctx, "logs", pod.Name, "-c", pod.Containers[0], "--since-time", since.UTC().Format(time.RFC3339))
		if err != nil {
			return nil, err
		}
		all = append(all, served{pod.Name, imagesIn(text)})
	}
	slices.SortFunc(all, func(a, b served) int { return b.Images - a.Images })
	return all, nil
}

// imagesIn counts the images that a function's log says were made.
func imagesIn(log []byte) int {
	n := 0
	for lines := bufio.NewScanner(bytes.NewReader(log)); lines.Scan(); {
		var line struct {
			Msg    string
			Status int
		}
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "request" && line.Status/100 == 2 {
			n++
		}
	}
	return n
}
