package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// processesOf returns the ids of the processes that run a deployment's function:
// they have the marker in their environment. Zombies have none.
func processesOf(deployment string) ([]int, error) {
	return processesWith([]byte(marker + "=" + deployment + "\x00"))
}

func processesWith(text []byte) ([]int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return nil, err
	}
	var ids []int
	for _, f := range files {
		environ, err := os.ReadFile(f)
		if err != nil || !bytes.Contains(environ, text) {
			continue // gone, or somebody else's
		}
		id, err := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// needsProcesses skips a scenario that has to signal processes where it cannot:
// those of containers are root's, and those of a node that is another machine are not here.
func (s *stage) needsProcesses() {
	s.t.Helper()
	host := os.Getenv(varHost)
	d, pods := s.target.(*pod)
	if os.Geteuid() != 0 && (pods || host != "" && host != loopback) {
		s.t.Skip("the function runs in a container: only root can signal its processes")
	}
	if !pods {
		return
	}
	here, err := d.nodesAreHere(s.ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	if !here {
		s.t.Skip("the nodes are other machines, as with Minikube's drivers that make a virtual one: their processes cannot be signalled from here")
	}
}

// signal sends a signal to every process of the deployment's function.
func (s *stage) signal(sig syscall.Signal) {
	s.t.Helper()
	ids, err := s.target.processes()
	if err != nil {
		s.t.Fatal(err)
	}
	if len(ids) == 0 {
		s.t.Fatalf("%s has no process of the function that this test can see in /proc", s.place)
	}
	for _, id := range ids {
		if err := syscall.Kill(id, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			s.t.Fatalf("signal %v to process %d: %v", sig, id, err)
		}
	}
}
