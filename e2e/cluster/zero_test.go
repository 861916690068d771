package cluster

import (
	"strconv"
	"time"
)

// mostPods is the max-scale of the scenarios: a small node holds them.
const mostPods = 3

// fromZeroAndBack scales on the concurrency of requests, with the shipped target.
func fromZeroAndBack(s *site) {
	s.scale("min-scale", "0", "max-scale", strconv.Itoa(mostPods))
	s.serve()
	s.step("one request", func(s *site) { s.wantAll(s.begin(1, 1).wait(), 1) })
	s.step("to zero, and it stays there", func(s *site) {
		s.t.Logf("no pod %v after the last request", s.untilPods(0, 0).Round(time.Second))
		const long = 15 * time.Second // more than two windows
		for end := time.Now().Add(long); time.Now().Before(end); time.Sleep(time.Second) {
			if n := len(s.pods()); n > 0 {
				s.t.Fatalf("there are %d pods again, without a request", n)
			}
		}
	})
	s.step("one request from zero", func(s *site) { s.wantAll(s.begin(1, 1).wait(), 1) })
	s.untilPods(0, 0)
	s.step("twenty at once from zero", func(s *site) {
		w := s.watch()
		l := s.begin(20, 20)
		s.wantAll(l.wait(), 20)
		if most := w.end(); most < 1 || most > mostPods {
			s.t.Errorf("there were up to %d pods, want 1 to %d", most, mostPods)
		}
	})
	s.untilPods(0, 0)
	s.step("to the most pods and back", func(s *site) {
		s.link.slow(100 * time.Millisecond)
		w := s.watch()
		l := s.begin(4*mostPods, 400)
		s.untilPods(mostPods, mostPods)
		l.untilAnswered(40)
		s.wantAll(l.end(), 40)
		one := s.begin(1, 400)
		s.t.Logf("one pod %v after there was one request at a time", s.untilPods(1, 1).Round(time.Second))
		one.untilAnswered(2)
		s.wantAll(one.end(), 5)
		if most := w.end(); most != mostPods {
			s.t.Errorf("there were up to %d pods, want %d", most, mostPods)
		}
		s.t.Logf("no pod %v after the last request", s.untilPods(0, 0).Round(time.Second))
	})
	s.wantExact()
}

// watcher looks how many pods there are.
type watcher struct {
	stop chan struct{}
	most chan int
}

// watch begins to look.
func (s *site) watch() *watcher {
	w := &watcher{stop: make(chan struct{}), most: make(chan int, 1)}
	go func() {
		most := 0
		defer func() { w.most <- most }()
		for {
			found, err := s.ns.Pods(s.t.Context(), pods)
			if err != nil {
				return // with the test; else the number that is missing shows
			}
			most = max(most, len(found))
			select {
			case <-w.stop:
				return
			case <-s.t.Context().Done():
				return
			case <-time.After(glance):
			}
		}
	}()
	return w
}

// end returns the most pods that were seen at once.
func (w *watcher) end() int {
	close(w.stop)
	return <-w.most
}
