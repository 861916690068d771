package handler_test

import (
	"context"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"pixmill/internal/blob"
	"pixmill/internal/handler"
	"pixmill/internal/imaging"
	"pixmill/internal/manifest"
	"pixmill/internal/preset"
)

// checkOutput holds every object in the output bucket to the reference.
func (w *world) checkOutput(rt *rapid.T) {
	got := w.snapshot()
	for _, key := range keys {
		w.checkSource(rt, key, got)
	}
	if len(got) > 0 {
		rt.Fatalf("orphans: %v", slices.Sorted(maps.Keys(got)))
	}
}

// checkSource takes the objects of one source key out of got.
func (w *world) checkSource(rt *rapid.T, key string, got map[string]string) {
	src, attrs, _ := blob.NewBucket("sources", w.source).Get(context.Background(), key, 0)
	rule, folder := rules[key], w.config.Folder(key)
	if attrs == nil || rule == "" || attrs.Metadata["pixmill-generated"] != "" {
		return
	}
	m := takeManifest(rt, folder, got)
	if m.Source.Key != key || m.Source.ETag != attrs.ETag || m.Source.VersionID != attrs.VersionID || m.PresetHash != rule {
		rt.Fatalf("manifest of %q is of %+v, want ETag %s version %s", key, m.Source, attrs.ETag, attrs.VersionID)
	}
	want := reference(string(src), attrs.Metadata[handler.MetaFocal], w.config.Match(key))
	if (want == nil) != (m.Status == manifest.StatusRejected) {
		rt.Fatalf("%q is %q with status %s (%s)", key, src, m.Status, m.Reason)
	}
	if p := m.Placeholder; want != nil && (p == nil || p.BlurHash != toyPlaceholder(string(src), largestOf(w.config.Match(key)))) {
		rt.Fatalf("the placeholder of %q is %+v, want the one of %q from %d", key, p, src, largestOf(w.config.Match(key)))
	}
	for name, content := range want {
		if content == nil {
			continue
		}
		object := folder + name + ".png"
		if got[object] != string(content) {
			rt.Fatalf("%s is %q, want %q", object, got[object], content)
		}
		delete(got, object)
	}
	checkEntries(rt, m, want)
}

// reference is what should be made of a source, by variant name: nil contents for
// a variant that cannot be made, a nil map for a source that is rejected.
func reference(src, focal string, rule *preset.Rule) map[string][]byte {
	image := strings.HasPrefix(src, "img:") || strings.HasPrefix(src, "half:")
	if !image || len(src) > toyLimit || focal == "left" {
		return nil
	}
	want := map[string][]byte{}
	for _, v := range rule.Variants {
		s := v.Spec
		if focal != "" {
			s.Focal = &imaging.Point{X: 0.25, Y: 0.75}
		}
		want[v.Name] = toyVariant(src, s, largestOf(rule))
		if s.Width == halfWidth && strings.HasPrefix(src, "half:") {
			want[v.Name] = nil
		}
	}
	return want
}

// largestOf is the width of the largest variant of a rule.
func largestOf(rule *preset.Rule) (width int) {
	for _, v := range rule.Variants {
		width = max(width, v.Spec.Width)
	}
	return width
}

func takeManifest(rt *rapid.T, folder string, got map[string]string) *manifest.Manifest {
	key := folder + manifest.Name
	m, err := manifest.Parse([]byte(got[key]))
	if err != nil {
		rt.Fatalf("%s: %v", key, err)
	}
	delete(got, key)
	return m
}

// checkEntries holds the manifest's entries to the reference.
func checkEntries(rt *rapid.T, m *manifest.Manifest, want map[string][]byte) {
	if len(m.Variants) != len(want) {
		rt.Fatalf("manifest of %q has %d variants, want %d", m.Source.Key, len(m.Variants), len(want))
	}
	for _, v := range m.Variants {
		content, asked := want[v.Name]
		if ok := v.Status == manifest.StatusOK; !asked || ok != (content != nil) || ok && v.Bytes != int64(len(content)) {
			rt.Fatalf("manifest of %q says of %s: %+v", m.Source.Key, v.Name, v)
		}
	}
}
