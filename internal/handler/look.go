package handler

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"pixmill/internal/blob"
	"pixmill/internal/fault"
	"pixmill/internal/manifest"
	"pixmill/internal/preset"
)

// look is what one pass found.
type look struct {
	rule         *preset.Rule          // nil: no rule matches
	source       *blob.Attrs           // nil: gone, or not asked for since no rule matches
	manifest     *manifest.Manifest    // nil: none, or one that cannot be read
	manifestETag string                // empty: no manifest object
	entries      map[string]blob.Entry // every object directly under the folder, by key
}

// nothingBecause says why the source asks for no output, or returns "".
func (l *look) nothingBecause() string {
	switch {
	case l.rule == nil:
		return "no rule matches the key"
	case l.source == nil:
		return "there is no such source object"
	case l.source.Metadata[metaMarker] != "":
		return "the source object was written by Pixmill"
	}
	return ""
}

// look reads the source's attributes, the manifest and the listing at once. The
// three need no order: what matters is that all come after this invocation's
// last write.
func (inv *invocation) look(ctx context.Context) (*look, error) {
	l := &look{rule: inv.cfg.Presets.Match(inv.ev.Key), entries: map[string]blob.Entry{}}
	g, ctx := errgroup.WithContext(ctx)
	if l.rule != nil {
		g.Go(func() (err error) {
			l.source, err = inv.lookAtSource(ctx)
			return err
		})
	}
	g.Go(func() error { return inv.lookAtManifest(ctx, l) })
	g.Go(func() error { return inv.lookAtOutput(ctx, l) })
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("look: %w", err)
	}
	return l, nil
}

// lookAtSource returns nil for a source that is gone. HEAD's 404 may be a
// missing bucket, which must never delete anything: only GET's NoSuchKey counts.
func (inv *invocation) lookAtSource(ctx context.Context) (*blob.Attrs, error) {
	a, err := inv.cfg.Source.Head(ctx, inv.ev.Key)
	if err == nil || blob.CodeOf(err) != blob.CodeNotFound && blob.CodeOf(err) != blob.CodeNoSuchKey {
		return a, err
	}
	_, a, err = inv.cfg.Source.Get(ctx, inv.ev.Key, 1)
	if a != nil { // it came back in between, whether or not it was read whole
		return a, nil
	}
	if blob.CodeOf(err) == blob.CodeNoSuchKey {
		return nil, nil
	}
	return nil, err
}

func (inv *invocation) lookAtManifest(ctx context.Context, l *look) error {
	data, a, err := inv.cfg.Output.Get(ctx, inv.manifestKey(), maxManifestBytes)
	if blob.CodeOf(err) == blob.CodeNoSuchKey {
		return nil
	}
	if _, over := errors.AsType[*fault.LimitError](err); err != nil && !over {
		return err
	}
	l.manifestETag = a.ETag
	if m, err := manifest.Parse(data); err == nil {
		l.manifest = m // else somebody else's document, which is replaced
	}
	return nil
}

func (inv *invocation) lookAtOutput(ctx context.Context, l *look) error {
	for e, err := range inv.cfg.Output.List(ctx, blob.ListOptions{Prefix: inv.folder, Delimiter: "/"}) {
		if err != nil {
			return err
		}
		if !strings.HasPrefix(e.Key, inv.folder) {
			return fault.New(fault.Misconfigured, "list", inv.folder, fmt.Errorf("the store answered with key %q, which is outside the prefix", e.Key))
		}
		if !e.IsPrefix {
			l.entries[e.Key] = e
		}
	}
	return nil
}

// agrees reports whether the output is exactly what the source asks for.
func (inv *invocation) agrees(l *look) bool {
	if l.nothingBecause() != "" {
		return len(l.entries) == 0
	}
	m := l.manifest
	if m == nil || m.Source.Identity != Identity(l.source) || m.Source.VersionID != l.source.VersionID ||
		m.PresetHash != l.rule.Hash || !inv.failuresHold(m) {
		return false
	}
	wanted, ok := inv.wantedEntries(l)
	return ok && len(l.entries) == wanted
}

// failuresHold reports whether what a manifest records as impossible is
// impossible for this build, too.
func (inv *invocation) failuresHold(m *manifest.Manifest) bool {
	return m.Status == manifest.StatusOK || m.Capability == inv.capability || m.Capability == inv.memory
}

// wantedEntries returns how many objects should stand in the folder, and whether
// the manifest and each variant that it calls ok does, with the ETag it records.
func (inv *invocation) wantedEntries(l *look) (int, bool) {
	if _, listed := l.entries[inv.manifestKey()]; !listed {
		return 0, false
	}
	n := 1
	if l.manifest.Status == manifest.StatusRejected {
		return n, true
	}
	if len(l.manifest.Variants) != len(l.rule.Variants) {
		return 0, false
	}
	recorded := byName(l.manifest)
	for _, asked := range l.rule.Variants {
		v, known := recorded[asked.Name]
		if !known || v.Hash != asked.Hash {
			return 0, false
		}
		if v.Status != manifest.StatusOK {
			continue
		}
		if !inv.stands(l, v) {
			return 0, false
		}
		n++
	}
	return n, true
}

// byName returns a manifest's variants by name; m may be nil.
func byName(m *manifest.Manifest) map[string]manifest.Variant {
	if m == nil {
		return nil
	}
	variants := make(map[string]manifest.Variant, len(m.Variants))
	for _, v := range m.Variants {
		variants[v.Name] = v
	}
	return variants
}

// stands reports whether the listing shows a variant as the manifest records it.
func (inv *invocation) stands(l *look, v manifest.Variant) bool {
	e, listed := l.entries[v.Key]
	return listed && e.ETag == v.ETag
}
