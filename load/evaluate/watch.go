package main

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"time"

	"pixmill/e2e/kube"
)

// moment is what a look at the pods found.
type moment struct {
	At    time.Time
	Ready int // pods
	Begun int // pods that are not ready yet
	usage map[string]usage
}

// usage is what one pod has used since it was made, as its kubelet says.
type usage struct {
	at     time.Time     // when it was measured; a kubelet may say the same for some seconds
	cpu    time.Duration // of all its containers
	memory int64         // bytes
}

// watch looks at the pods of a namespace every second, until its context ends.
type watch struct {
	api       *kube.API
	nodes     []string
	namespace string
	moments   []moment
	failures  int
	failed    error // why the last look that failed did
}

func (w *watch) run(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for ctx.Err() == nil {
		m, err := w.look(ctx)
		if err == nil {
			w.moments = append(w.moments, m)
		} else if ctx.Err() == nil {
			w.failures++
			w.failed = err
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

func (w *watch) look(ctx context.Context) (moment, error) {
	m := moment{At: time.Now(), usage: map[string]usage{}}
	pods, err := w.api.Pods(ctx, w.namespace, selector)
	if err != nil {
		return m, err
	}
	m.Ready = kube.Ready(pods)
	m.Begun = len(pods) - m.Ready
	for _, node := range w.nodes {
		text, err := w.api.Get(ctx, "/api/v1/nodes/"+node+"/proxy/metrics/resource")
		if err != nil {
			return m, err
		}
		if err := addUsage(m.usage, string(text), w.namespace); err != nil {
			return m, fmt.Errorf("the kubelet of %s: %w", node, err)
		}
	}
	return m, nil
}

// metric is a line such as
// container_cpu_usage_seconds_total{container="function",namespace="n",pod="p"} 1.25 1795528168773.
var metric = regexp.MustCompile(`(?m)^container_(cpu_usage_seconds_total|memory_working_set_bytes)\{container="[^"]*",namespace="([^"]*)",pod="([^"]*)"\} (\S+) (\d+)$`)

// addUsage adds what a kubelet says of a namespace's containers to their pods'.
func addUsage(to map[string]usage, text, namespace string) error {
	for _, found := range metric.FindAllStringSubmatch(text, -1) {
		if found[2] != namespace {
			continue
		}
		value, err := strconv.ParseFloat(found[4], 64)
		if err != nil {
			return err
		}
		ms, err := strconv.ParseInt(found[5], 10, 64)
		if err != nil {
			return err
		}
		u := to[found[3]]
		u.at = time.UnixMilli(ms)
		if found[1] == "memory_working_set_bytes" {
			u.memory += int64(value)
		} else {
			u.cpu += time.Duration(value * float64(time.Second))
		}
		to[found[3]] = u
	}
	return nil
}

// between are the moments from one time to another.
func between(all []moment, from, to time.Time) []moment {
	var found []moment
	for _, m := range all {
		if !m.At.Before(from) && m.At.Before(to) {
			found = append(found, m)
		}
	}
	return found
}

// cores returns how many cores the pods together used at each moment. A kubelet that
// measures less often than it is asked gives the same rate until it has measured again.
func cores(all []moment) []float64 {
	last, rate := map[string]usage{}, map[string]float64{}
	out := make([]float64, len(all))
	for i, m := range all {
		for pod, now := range m.usage {
			before, known := last[pod]
			if known && now.at.After(before.at) {
				rate[pod] = float64(now.cpu-before.cpu) / float64(now.at.Sub(before.at))
			}
			if !known || now.at.After(before.at) {
				last[pod] = now
			}
		}
		for pod := range maps.Keys(rate) {
			if _, there := m.usage[pod]; there {
				out[i] += max(rate[pod], 0)
			}
		}
	}
	return out
}

// cpuTime is what all pods used between two times, by the last measurement of each before them.
func cpuTime(all []moment, from, to time.Time) time.Duration {
	before, after := map[string]time.Duration{}, map[string]time.Duration{}
	for _, m := range all {
		for pod, u := range m.usage {
			if m.At.Before(from) {
				before[pod] = u.cpu
			}
			if m.At.Before(to) {
				after[pod] = max(after[pod], u.cpu)
			}
		}
	}
	var sum time.Duration
	for pod, cpu := range after {
		sum += cpu - before[pod]
	}
	return sum
}
