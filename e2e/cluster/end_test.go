package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"pixmill/e2e/kube"
)

// podsEnd takes pods away under load: told to end, and killed.
func podsEnd(s *site) {
	s.scale("min-scale", "2", "max-scale", "3")
	s.serve()
	s.untilPods(2, 3)
	s.wantAll([]answer{s.putAndPost(s.t.Context(), doneKey)}, 1)
	s.link.slow(60 * time.Millisecond)
	for _, part := range []struct {
		name string
		play func(*site)
	}{
		{"a pod is deleted", func(s *site) { s.deleteUnderLoad(s.putAndPost) }},
		{"a pod is deleted during uploads", func(s *site) { s.deleteUnderLoad(s.upload) }},
		{"all pods are deleted with long requests in them", (*site).deleteAll},
		{"a process is killed", func(s *site) { s.killUnderLoad(s.putAndPost) }},
		{"a process is killed during uploads", func(s *site) { s.killUnderLoad(s.upload) }},
	} {
		s.step(part.name, part.play)
		s.untilPods(2, 3)
	}
	s.wantExact()
}

// deleteUnderLoad deletes the oldest pod while some clients send long requests and some
// quick ones. It drains: none fails.
func (s *site) deleteUnderLoad(send sender) {
	quick := s.beginWith(s.repeat, 2, 10_000)
	long := s.beginWith(send, 4, 300)
	long.untilAnswered(10)
	gone := s.pods()[0].Name
	if _, err := s.ns.Run(s.t.Context(), "delete", "pod", gone, "--wait=false"); err != nil {
		s.t.Fatal(err)
	}
	long.untilAnswered(50)
	s.wantAll(long.end(), 60)
	s.wantAll(quick.end(), 20)
	for _, p := range s.pods() {
		if p.Name == gone {
			s.t.Errorf("%s was deleted, and is there", gone)
		}
	}
}

// deleteAll deletes every pod while requests are in them that take longer than a pod may
// pause before its process is told to end.
func (s *site) deleteAll() {
	const clients = 4                               // a pod has as many slots: even if all go to one, none has to wait
	defer s.link.slow(s.link.slow(2 * time.Second)) // each request makes several to the store, one after the other
	l := s.begin(clients, clients)
	s.until("all requests wait for the store", func(context.Context) string {
		if n := s.link.waiting(); n < clients {
			return fmt.Sprintf("%d of %d do", n, clients)
		}
		return ""
	})
	if _, err := s.ns.Run(s.t.Context(), "delete", "pods", "-l", pods, "--wait=false"); err != nil {
		s.t.Fatal(err)
	}
	deleted := time.Now()
	s.wantAll(l.wait(), clients)
	const pause = 5 * time.Second // preStop's, in the Deployment
	if took := time.Since(deleted); took < pause {
		s.t.Errorf("the last answer came %v after the pods were deleted, within the pause of %v: nothing was shown", took, pause)
	}
}

// killUnderLoad kills the function's process in one pod. Requests fail that are in it, or
// come before it is up again; none is lost: sent once more, each is done.
func (s *site) killUnderLoad(send sender) {
	l := s.beginWith(send, 4, 600)
	l.untilAnswered(10)
	victim := s.pods()[0]
	pid, err := processOf(victim.Container)
	killed := time.Now() // before, since requests fail sooner than Kill returns
	if err == nil {
		err = syscall.Kill(pid, syscall.SIGKILL)
	}
	if err != nil {
		l.end()
		s.t.Skipf("the process of %s cannot be killed from here: %v", victim.Name, err)
	}
	s.untilUpAgain(victim)
	up := time.Now()
	l.untilAnswered(30)
	answers := l.end()
	bad := failed(answers)
	s.t.Logf("%d requests; %d failed within %v: %v", len(answers), len(bad), up.Sub(killed).Round(time.Millisecond), bad[:min(3, len(bad))])
	for _, a := range bad {
		if a.status != 0 && a.status < 500 || a.began.After(up) || a.began.Add(a.took).Before(killed) {
			s.t.Errorf("it has not failed with the process, or for good: %v", a)
		}
	}
	if len(bad) == len(answers) {
		s.t.Error("all requests failed: the other pod served none")
	}
	s.again(send, bad)
}

// untilUpAgain waits until a pod's container was restarted and is ready.
func (s *site) untilUpAgain(victim kube.Pod) {
	s.t.Helper()
	s.until("it is up again", func(context.Context) string {
		for _, p := range s.pods() {
			if p.Name == victim.Name && p.Ready && p.Restarts == victim.Restarts+1 {
				return ""
			}
		}
		return victim.Name + " is not"
	})
}

// processOf finds the process of a container, where the node's processes are this
// machine's too, as with Minikube's Docker driver: by its cgroup, which has the
// container's id in its name.
func processOf(container string) (int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		return 0, err
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err == nil && strings.Contains(string(text), container) { // else it has ended
			return strconv.Atoi(filepath.Base(filepath.Dir(name)))
		}
	}
	return 0, errors.New("no process has its cgroup")
}
