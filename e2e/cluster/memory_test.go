package cluster

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"pixmill/e2e/kube"
	"pixmill/internal/manifest"
)

// In a pod with 256 MiB the engine has 192 for pictures. An interlaced PNG with 16 bits
// in four channels has to be held as a whole: one of largePixels takes 128 MB, so that
// two together are more than the pod has, and one of hugePixels never fits.
const (
	podMemory   = "256Mi"
	largePixels = 4000 // on each side
	hugePixels  = 5200
)

// memoryRunsOut sends more than fits into one pod's memory at once.
func memoryRunsOut(s *site) {
	s.scale("min-scale", "1", "max-scale", "1")
	s.overlay.Limits["memory"] = podMemory
	// Without Knative's own limit, and with few places, the function has to refuse what is too much.
	s.overlay.Patches = []kube.Patch{{Kind: "Service", Ops: []kube.Op{kube.Set("/spec/template/spec/containerConcurrency", 0)}}}
	s.overlay.Env["PIXMILL_SLOTS"] = "2"
	s.serve()
	s.step("one that never fits", func(s *site) {
		s.put("huge.png", interlaced(hugePixels))
		if a := s.post(s.t.Context(), "huge.png"); !a.ok() {
			s.t.Errorf("it is to be rejected and done: %v", a)
		}
		m, err := s.manifest("huge.png")
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Logf("rejected: %s", m.Reason)
		if m.Status != manifest.StatusRejected || !strings.Contains(m.Reason, "estimated memory is") || !strings.Contains(m.Reason, "over the limit of") {
			s.t.Errorf("manifest is %+v, want it rejected with the numbers", m)
		}
	})
	s.step("sixteen large ones at once", func(s *site) {
		const images = 16
		large := interlaced(largePixels)
		var clients sync.WaitGroup
		var refused atomic.Int64
		for i := range images {
			key := fmt.Sprintf("large-%02d.png", i)
			s.put(key, large)
			clients.Go(func() { refused.Add(s.persist(key)) })
		}
		clients.Wait()
		if refused.Load() == 0 {
			s.t.Error("no request was refused: there were too few")
		}
	})
	for _, p := range s.pods() {
		if p.Restarts > 0 {
			s.t.Errorf("%s was restarted %d times, the last time for %+v", p.Name, p.Restarts, p.LastExit)
		}
	}
	s.wantExact()
}

// persist sends a request until it is done, as long as the answer says to try again. It
// returns how often that was.
func (s *site) persist(key string) (refused int64) {
	for end := time.Now().Add(patience); ; refused++ {
		a := s.post(s.t.Context(), key)
		if a.ok() {
			s.t.Logf("%s: done after %v, refused %d times before", key, a.took.Round(time.Millisecond), refused)
			return refused
		}
		pause, err := strconv.Atoi(a.retryAfter)
		if a.status != http.StatusServiceUnavailable || err != nil || time.Now().After(end) {
			s.t.Errorf("want it done, or 503 with Retry-After: %v", a)
			return refused
		}
		select {
		case <-time.After(time.Duration(pause) * time.Second):
		case <-s.t.Context().Done():
			return refused
		}
	}
}

func (s *site) put(key string, body []byte) {
	s.t.Helper()
	if _, err := s.uploads.Put(s.t.Context(), key, body, nil); err != nil {
		s.t.Fatal(err)
	}
}
