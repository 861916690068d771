package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// revisionsChange replaces a revision by another under load, and lets two serve.
func revisionsChange(s *site) {
	s.scale("min-scale", "1", "max-scale", "3")
	first := s.serve()
	s.wantAll([]answer{s.putAndPost(s.t.Context(), doneKey)}, 1)
	s.link.slow(60 * time.Millisecond)
	var second string
	s.step("a new revision", func(s *site) {
		quick := s.beginWith(s.repeat, 2, 10_000)
		l := s.begin(4, 400)
		l.untilAnswered(10)
		s.overlay.Config = s.config(2)
		second = s.serve()
		l.untilAnswered(30)
		s.wantAll(quick.end(), 20)
		answers := l.end()
		s.wantAll(answers, 40)
		if by := s.made(answers); by[1] == 0 || by[2] == 0 {
			s.t.Errorf("images by revision of the configuration: %v, want some of 1 and some of 2", by)
		}
		if by := s.made(s.begin(1, 5).wait()); by[2] != 5 {
			s.t.Errorf("images by revision of the configuration: %v, want 5 of 2 after the update", by)
		}
	})
	s.step("80 and 20 in a hundred", func(s *site) {
		l := s.begin(4, 500)
		l.untilAnswered(5)
		s.split(first, 80, second, 20)
		s.wantAll(l.end(), 5)
		const all = 150
		answers := s.begin(4, all).wait()
		s.wantAll(answers, all)
		by := s.made(answers)
		s.t.Logf("images by revision of the configuration: %v", by)
		// 30 are expected of the second; four standard deviations of 4.9 are the bounds.
		if by[1]+by[2] != all || by[2] < 10 || by[2] > 50 {
			s.t.Errorf("images by revision of the configuration: %v, want about 120 of 1 and 30 of 2", by)
		}
	})
	s.step("a request to a tag", func(s *site) {
		for revision, tag := range map[int]string{1: tagA, 2: tagB} {
			tagged := *s
			tagged.url = "http://" + s.world.cluster.Host(tag+"-pixmill", s.ns.Name) + "/"
			if by := s.made(tagged.begin(1, 2).wait()); by[revision] != 2 {
				s.t.Errorf("images by revision of the configuration: %v, want 2 of %d, which has the tag %s", by, revision, tag)
			}
		}
	})
	s.wantExact()
}

// The tags of two revisions that serve together: each has a host name of its own.
const tagA, tagB = "stable", "next"

// split divides the requests between two revisions, gives each a tag, and waits until
// that is so.
func (s *site) split(a string, percentA int, b string, percentB int) {
	s.t.Helper()
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"traffic": []map[string]any{
		{"revisionName": a, "percent": percentA, "tag": tagA},
		{"revisionName": b, "percent": percentB, "tag": tagB},
	}}})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.ns.Run(s.t.Context(), "patch", "ksvc", "pixmill", "--type", "merge", "-p", string(patch)); err != nil {
		s.t.Fatal(err)
	}
	s.untilTraffic(map[string]int{a: percentA, b: percentB})
}

// untilTraffic waits until the service says that its traffic goes as given.
func (s *site) untilTraffic(want map[string]int) {
	s.t.Helper()
	s.until("the traffic is divided", func(context.Context) string {
		k := s.service()
		for _, part := range k.Status.Traffic {
			if want[part.RevisionName] != part.Percent || len(k.Status.Traffic) != len(want) || !k.ready() {
				return fmt.Sprintf("it is %+v", k.Status)
			}
		}
		return ""
	})
}

// made counts images by the revision of the configuration in their manifests.
func (s *site) made(answers []answer) map[int]int {
	s.t.Helper()
	found := map[int]int{}
	for _, a := range answers {
		m, err := s.manifest(a.key)
		if err != nil {
			s.t.Errorf("%s: %v", a.key, err)
			continue
		}
		found[m.Revision]++
	}
	return found
}
