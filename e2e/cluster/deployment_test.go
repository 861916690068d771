package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"pixmill/e2e/kube"
)

// The replicas of the Deployment: the shipped minimum, and what a small node holds.
const (
	leastReplicas = 3
	mostReplicas  = 5
)

// replicasChange is the Deployment: its pods are replaced, deleted, evicted and more
// are started on processor time, under load.
func replicasChange(s *site) {
	s.overlay.Patches = []kube.Patch{
		{Kind: "Service", Ops: []kube.Op{kube.Set("/spec/type", "NodePort")}},
		{Kind: "HorizontalPodAutoscaler", Ops: []kube.Op{
			kube.Set("/spec/maxReplicas", mostReplicas),
			kube.Set("/spec/behavior/scaleDown", map[string]any{
				"stabilizationWindowSeconds": 5, // in place of five minutes
				"policies":                   []any{map[string]any{"type": "Pods", "value": 4, "periodSeconds": 5}},
			}),
		}},
	}
	s.overlay.Requests["cpu"] = "40m" // of which the shipped share is what scales
	s.apply()
	s.untilPods(leastReplicas, leastReplicas)
	s.nodePort()
	s.link.slow(60 * time.Millisecond)
	s.step("the disruption budget", (*site).evictTwo)
	s.untilPods(leastReplicas, mostReplicas)
	s.wantAll([]answer{s.putAndPost(s.t.Context(), doneKey)}, 1)
	s.step("a pod is deleted", func(s *site) { s.deleteUnderLoad(s.putAndPost) })
	s.untilPods(leastReplicas, mostReplicas)
	s.step("all pods are deleted with long requests in them", (*site).deleteAll)
	s.untilPods(leastReplicas, mostReplicas)
	s.step("a new template", func(s *site) {
		quick := s.beginWith(s.repeat, 4, 10_000)
		l := s.begin(3, 500)
		l.untilAnswered(10)
		s.overlay.Config = s.config(2)
		s.apply()
		if err := s.ns.Rollout(s.t.Context(), patience, "pixmill"); err != nil {
			s.t.Fatal(err)
		}
		l.untilAnswered(20)
		s.wantAll(quick.end(), 100)
		answers := l.end()
		s.wantAll(answers, 40)
		if by := s.made(answers); by[1] == 0 || by[2] == 0 {
			s.t.Errorf("images by revision of the configuration: %v, want some of 1 and some of 2", by)
		}
	})
	s.untilPods(leastReplicas, leastReplicas)
	s.step("more on processor time, and back", (*site).scaleOnCPU)
	s.wantExact()
}

// scaleOnCPU makes the pods busy until there are more of them, and then less so.
func (s *site) scaleOnCPU() {
	s.link.slow(0)
	w := s.watch()
	busy := s.begin(4, 3000)
	s.t.Logf("more pods after %v", s.untilPods(leastReplicas+1, mostReplicas).Round(time.Second))
	busy.untilAnswered(10)
	s.wantAll(busy.end(), 20)
	s.link.slow(100 * time.Millisecond)
	idle := s.begin(1, 500)
	s.t.Logf("back after %v", s.untilPods(leastReplicas, leastReplicas).Round(time.Second))
	idle.untilAnswered(2)
	s.wantAll(idle.end(), 5)
	if most := w.end(); most > mostReplicas {
		s.t.Errorf("there were up to %d pods, want %d at most", most, mostReplicas)
	}
}

// evictTwo asks for two evictions one after the other, as draining a node does: the
// second is refused, since one pod fewer than there should be is what the budget allows.
func (s *site) evictTwo() {
	var names []string
	for _, p := range s.pods() {
		names = append(names, p.Name)
	}
	if err := s.evict(names[0]); err != nil {
		s.t.Fatalf("the first eviction was refused: %v", err)
	}
	err := s.evict(names[1])
	if err == nil || !strings.Contains(err.Error(), "disruption budget") {
		s.t.Errorf("the second eviction: %v, want it refused by the disruption budget", err)
	}
	s.until("another pod takes the place", func(context.Context) string {
		now := s.pods()
		if slices.ContainsFunc(now, func(p kube.Pod) bool { return p.Name == names[0] }) || kube.Ready(now) < leastReplicas {
			return fmt.Sprintf("%+v", now)
		}
		return ""
	})
}

// evict uses the eviction API.
func (s *site) evict(pod string) error {
	body, err := json.Marshal(map[string]any{
		"apiVersion": "policy/v1", "kind": "Eviction",
		"metadata": map[string]string{"name": pod, "namespace": s.ns.Name},
	})
	if err != nil {
		return err
	}
	_, err = s.ns.RunWith(s.t.Context(), body, "create", "-f", "-", "--raw",
		"/api/v1/namespaces/"+s.ns.Name+"/pods/"+pod+"/eviction")
	return err
}
