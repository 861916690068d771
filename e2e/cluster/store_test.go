package cluster

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// answerLimit is how long the function may take to say that its store does not
// answer: 30 seconds for a call to it, and a little for the way.
const answerLimit = 35 * time.Second

// storeIsAway takes the store away from a pod, in two ways, and gives it back.
func storeIsAway(s *site) {
	s.scale("min-scale", "1", "max-scale", "1")
	s.serve()
	s.step("before", func(s *site) { s.wantAll(s.begin(2, 6).wait(), 6) })
	for _, away := range []struct {
		name  string
		state linkState
	}{{"connections are reset", broken}, {"it says nothing", silent}} {
		s.step(away.name, func(s *site) {
			s.link.set(away.state)
			answers := s.begin(2, 2).wait() // as many as a pod handles at a time: others wait for these
			for _, a := range answers {
				if wait, err := strconv.Atoi(a.retryAfter); a.status != http.StatusServiceUnavailable || err != nil || wait < 1 || a.took > answerLimit {
					s.t.Errorf("want 503 with Retry-After within %v: %v", answerLimit, a)
				}
			}
			s.t.Logf("refused after %v", slowest(answers).Round(time.Millisecond))
			s.wantReady()
			s.link.set(open)
			s.again(s.post, answers)
		})
	}
	for _, p := range s.pods() {
		if p.Restarts > 0 {
			s.t.Errorf("%s was restarted %d times: its store is no reason", p.Name, p.Restarts)
		}
	}
	s.wantExact()
}

// wantReady checks that the pod is ready, and that the function says so itself.
func (s *site) wantReady() {
	s.t.Helper()
	if all := s.pods(); len(all) != 1 || !all[0].Ready {
		s.t.Errorf("pods are %+v, want one that is ready", all)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+"health/readiness", http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if text, err := io.ReadAll(res.Body); res.StatusCode != http.StatusOK || err != nil {
		s.t.Errorf("readiness: %s, %s (%v)", res.Status, fmt.Sprintf("%q", text), err)
	}
}
