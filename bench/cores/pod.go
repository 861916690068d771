package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"pixmill/bench/pods"
	"pixmill/e2e/kube"
)

// pod is the function in the one pod of a Knative Service.
type pod struct {
	*pods.Service
	place *pods.Place
}

// measurePods deploys a Service with one pod for each quota, and measures in turns.
func measurePods(ctx context.Context, s settings, photo []byte) (_ map[kind][]series, err error) {
	place, err := pods.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	img, err := place.ReadImage(s.image, "pixmill")
	if err != nil {
		return nil, err
	}
	if _, err := place.Load(ctx, img); err != nil {
		return nil, err
	}
	keys, err := place.Put(ctx, "cores", photo, keysFor(s.count))
	if err != nil {
		return nil, err
	}
	kinds := []kind{oneCore, twoCores}
	deployed := map[kind]*pod{}
	for _, k := range kinds {
		cores := len(k.cores())
		service, err := place.Pixmill(ctx, "cores", img.Name, kube.Overlay{
			Annotations: map[string]string{"autoscaling.knative.dev/min-scale": "1", "autoscaling.knative.dev/max-scale": "1"},
			Requests:    map[string]string{"cpu": "100m", "memory": "256Mi"},
			Limits:      map[string]string{"cpu": strconv.Itoa(cores), "memory": "1Gi"},
		})
		if err != nil {
			return nil, err
		}
		deployed[k] = &pod{Service: service, place: place}
	}
	all := map[kind][]series{}
	for range s.rounds {
		for _, k := range kinds {
			p := deployed[k]
			one, err := measure(ctx, p, place.Stand, keys, s.count, len(k.cores()), allCores())
			if err != nil {
				return nil, p.Explain(ctx, err)
			}
			all[k] = append(all[k], one)
		}
	}
	return all, nil
}

// allCores are those on which pods run: a quota is a share of time, not a core.
func allCores() []int {
	cores := make([]int, runtime.NumCPU())
	for i := range cores {
		cores[i] = i
	}
	return cores
}

func (p *pod) send(ctx context.Context, key string) error { return p.Make(ctx, key) }

func (p *pod) close() error { return nil } // it goes with its place

// cpu asks the kubelet, until what it knows is newer than the question. What
// the queue-proxy takes is not the function's.
func (p *pod) cpu(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	node, err := p.place.Run(ctx, "get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")
	if err != nil {
		return 0, err
	}
	for asked := time.Now(); ; {
		text, err := p.place.Run(ctx, "get", "--raw", "/api/v1/nodes/"+string(node)+"/proxy/stats/summary")
		if err != nil {
			return 0, err
		}
		used, at, err := usage(text, p.Name)
		if err != nil {
			return 0, err
		}
		if at.After(asked) {
			return used, nil
		}
		if err := pods.Sleep(ctx, time.Second); err != nil {
			return 0, fmt.Errorf("the kubelet knows the CPU time of %v only: %w", at, err)
		}
	}
}

// usage finds the function's CPU time in what a kubelet sums up.
func usage(summary []byte, namespace string) (used time.Duration, at time.Time, err error) {
	var s struct {
		Pods []struct {
			PodRef     struct{ Namespace string }
			Containers []struct {
				Name string
				CPU  struct {
					Time                 time.Time
					UsageCoreNanoSeconds int64
				}
			}
		}
	}
	if err := json.Unmarshal(summary, &s); err != nil {
		return 0, at, err
	}
	for _, p := range s.Pods {
		for _, c := range p.Containers {
			if p.PodRef.Namespace == namespace && c.Name != "queue-proxy" {
				return time.Duration(c.CPU.UsageCoreNanoSeconds), c.CPU.Time, nil
			}
		}
	}
	return 0, at, fmt.Errorf("the kubelet knows no container in %s: %w", namespace, os.ErrNotExist)
}
