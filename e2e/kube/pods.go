package kube

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Pod is one that is not about to end.
type Pod struct {
	Name       string
	IP         string
	Ready      bool
	Created    time.Time
	Restarts   int      // of the first container
	Container  string   // the first container's id as the runtime knows it
	LastExit   LastExit // of the first container, if it was restarted
	Owner      string   // of the label pod-template-hash or serving.knative.dev/revision
	Containers []string // their names
}

// LastExit is how a container ended the last time.
type LastExit struct {
	Reason   string // "OOMKilled", "Error"
	ExitCode int
}

// pod is what is read of a pod's JSON.
type pod struct {
	Metadata struct {
		Name              string
		CreationTimestamp time.Time
		DeletionTimestamp *time.Time
		Labels            map[string]string
	}
	Spec struct {
		Containers []struct{ Name string }
	}
	Status struct {
		Phase             string
		PodIP             string
		Conditions        []struct{ Type, Status string }
		ContainerStatuses []struct {
			Name, ContainerID string
			RestartCount      int
			LastState         struct{ Terminated *LastExit }
		}
	}
}

// podList is what kubectl prints of pods, and what the API says of them.
type podList struct{ Items []pod }

// Pods returns the pods that have a label and neither are about to end nor have ended,
// oldest first. Those that were told to end take no new requests, but may still drain
// for half a minute; those that have ended, as an evicted one has, stay in the list.
func (k Kubectl) Pods(ctx context.Context, selector string) ([]Pod, error) {
	var list podList
	err := k.JSON(ctx, &list, "get", "pods", "-l", selector)
	return list.pods(), err
}

// Pods returns the same for a namespace.
func (a *API) Pods(ctx context.Context, namespace, selector string) ([]Pod, error) {
	var list podList
	err := a.JSON(ctx, &list, "/api/v1/namespaces/"+namespace+"/pods?labelSelector="+url.QueryEscape(selector))
	return list.pods(), err
}

func (l podList) pods() []Pod {
	var found []Pod
	for _, p := range l.Items {
		if p.Metadata.DeletionTimestamp == nil && p.Status.Phase != "Succeeded" && p.Status.Phase != "Failed" {
			found = append(found, p.pod())
		}
	}
	slices.SortFunc(found, func(a, b Pod) int { return a.Created.Compare(b.Created) })
	return found
}

// Ready returns how many of the pods are ready.
func Ready(pods []Pod) int {
	n := 0
	for _, p := range pods {
		if p.Ready {
			n++
		}
	}
	return n
}

func (p *pod) pod() Pod {
	found := Pod{
		Name: p.Metadata.Name, IP: p.Status.PodIP, Created: p.Metadata.CreationTimestamp,
		Owner: p.Metadata.Labels["serving.knative.dev/revision"],
	}
	if found.Owner == "" {
		found.Owner = p.Metadata.Labels["pod-template-hash"]
	}
	for _, c := range p.Spec.Containers {
		found.Containers = append(found.Containers, c.Name)
	}
	for _, c := range p.Status.Conditions {
		if c.Type == "Ready" {
			found.Ready = c.Status == "True"
		}
	}
	for _, c := range p.Status.ContainerStatuses {
		if c.Name != found.Containers[0] {
			continue
		}
		_, found.Container, _ = strings.Cut(c.ContainerID, "://")
		found.Restarts = c.RestartCount
		if c.LastState.Terminated != nil {
			found.LastExit = *c.LastState.Terminated
		}
	}
	return found
}
