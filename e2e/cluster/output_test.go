package cluster

import (
	"fmt"

	"pixmill/internal/blob"
	"pixmill/internal/manifest"
)

// wantExact checks that the output is exactly what the sources ask for: a manifest of
// each source, both variants as it says, and nothing else.
func (s *site) wantExact() map[string]*manifest.Manifest {
	s.t.Helper()
	found := map[string]*manifest.Manifest{}
	sources, left := s.list(s.uploads), s.list(s.results)
	lost := 0
	for key, etag := range sources {
		m, problem := s.account(left, key, etag)
		if problem != "" {
			if lost++; lost <= 5 {
				s.t.Errorf("%s: %s", key, problem)
			}
			continue
		}
		found[key] = m
	}
	if lost > 0 || len(left) > 0 || len(sources) == 0 {
		s.t.Errorf("of %d sources %d are not done; %d objects in the output that nobody asks for", len(sources), lost, len(left))
	}
	return found
}

// account takes off the list what a source's manifest accounts for.
func (s *site) account(list map[string]string, key, etag string) (m *manifest.Manifest, problem string) {
	m, err := s.manifest(key)
	if err != nil {
		return nil, err.Error()
	}
	delete(list, key+"/"+manifest.Name)
	if m.Source.ETag != etag || m.Status != manifest.StatusRejected && len(m.Variants) != 2 {
		return nil, fmt.Sprintf("it has ETag %s; its manifest: %+v", etag, m)
	}
	for _, v := range m.Variants {
		if v.Status != manifest.StatusOK || list[v.Key] != v.ETag {
			return nil, fmt.Sprintf("variant %s is listed with ETag %q; its manifest: %+v", v.Name, list[v.Key], m)
		}
		delete(list, v.Key)
	}
	return m, ""
}

// manifest returns a source's.
func (s *site) manifest(key string) (*manifest.Manifest, error) {
	doc, _, err := s.results.Get(s.t.Context(), key+"/"+manifest.Name, 0)
	if err != nil {
		return nil, err
	}
	return manifest.Parse(doc)
}

// list returns the ETags of a bucket's objects by key.
func (s *site) list(b *blob.Bucket) map[string]string {
	s.t.Helper()
	etags := map[string]string{}
	for e, err := range b.List(s.t.Context(), blob.ListOptions{}) {
		if err != nil {
			s.t.Fatal(err)
		}
		etags[e.Key] = e.ETag
	}
	return etags
}
