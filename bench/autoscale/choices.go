package main

import (
	"maps"
	"regexp"

	"pixmill/e2e/kube"
)

// choice is what is set differently from knative/base.
type choice struct {
	name        string
	concurrency int               // containerConcurrency; -1: as in the base
	annotations map[string]string // without their prefix
}

// choices are the base and its neighbours: each changes one thing.
var choices = []choice{
	{"as in knative/base", -1, nil},
	{"containerConcurrency 1, target 1", 1, map[string]string{"target": "1"}},
	{"containerConcurrency 2, target 2", 2, map[string]string{"target": "2"}},
	{"containerConcurrency 4, target 4", 4, map[string]string{"target": "4"}},
	{"containerConcurrency 0 (no limit), target 4", 0, map[string]string{"target": "4"}},
	{"scale-down-delay 0s", -1, map[string]string{"scale-down-delay": "0s"}},
	{"window 6s, scale-down-delay 0s", -1, map[string]string{"window": "6s", "scale-down-delay": "0s"}},
	{"scale-to-zero-pod-retention-period 2m", -1, map[string]string{"scale-to-zero-pod-retention-period": "2m"}},
	{"min-scale 1", -1, map[string]string{"min-scale": "1"}},
}

func chosen(only *regexp.Regexp) []choice {
	var found []choice
	for _, c := range choices {
		if only.MatchString(c.name) {
			found = append(found, c)
		}
	}
	return found
}

// What is the same for all: pods with half a core each, of which two cores can bear
// three, so that a further pod is worth something. They ask for little: those that are
// left over from one choice are in the way of no other.
const (
	maxScale   = "3"
	limitCPU   = "500m"
	requestCPU = "10m"
)

// overlay is a choice as what is deployed.
func (c choice) overlay() kube.Overlay {
	const prefix = "autoscaling.knative.dev/"
	o := kube.Overlay{
		Annotations: map[string]string{prefix + "max-scale": maxScale, prefix + "initial-scale": "0"},
		Requests:    map[string]string{"cpu": requestCPU, "memory": "128Mi"},
		Limits:      map[string]string{"cpu": limitCPU, "memory": "1Gi"},
	}
	for name, value := range maps.All(c.annotations) {
		o.Annotations[prefix+name] = value
	}
	if c.annotations["min-scale"] != "" {
		delete(o.Annotations, prefix+"initial-scale")
	}
	if c.concurrency >= 0 {
		o.Patches = []kube.Patch{{Kind: "Service", Ops: []kube.Op{kube.Set("/spec/template/spec/containerConcurrency", c.concurrency)}}}
	}
	return o
}
