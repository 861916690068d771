package handler

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"pixmill/internal/blob"
	"pixmill/internal/fault"
	"pixmill/internal/imaging"
	"pixmill/internal/manifest"
	"pixmill/internal/preset"
)

// decision is what a pass found out: the document to be written, and what it
// has stored on the way.
type decision struct {
	doc    *manifest.Manifest
	stored []string // keys of variants that this pass wrote
	memory bool     // something was refused for want of memory
}

// decide finds or makes every variant. What stands already and is of this source
// is kept; the source is read only if something is missing.
func (inv *invocation) decide(ctx context.Context, l *look) (*decision, error) {
	d := &decision{doc: inv.document(l)}
	focal, err := FocalPoint(l.source.Metadata)
	switch {
	case err != nil:
		return d.reject(err), nil
	case l.source.Size == 0:
		return d.reject(errors.New("the object is empty: 0 bytes")), nil
	}
	old := inv.usable(l, d.doc.Source.Identity)
	if old != nil && old.Status == manifest.StatusRejected && old.PresetHash == l.rule.Hash {
		d.memory = old.Capability == inv.memory
		return d.reject(errors.New(old.Reason)), nil
	}
	kept, err := inv.keep(ctx, l, old)
	if err != nil {
		return nil, err
	}
	d.memory = old != nil && old.Capability == inv.memory
	if old != nil && old.Status != manifest.StatusRejected && len(kept) == len(l.rule.Variants) {
		d.doc.Source.Image, d.doc.Placeholder, d.doc.Timings = old.Source.Image, old.Placeholder, old.Timings
		return d.with(l.rule, kept), nil
	}
	return inv.make(ctx, l, d, kept, focal)
}

// document starts the manifest of what was looked at.
func (inv *invocation) document(l *look) *manifest.Manifest {
	return &manifest.Manifest{
		Schema: manifest.SchemaVersion,
		Status: manifest.StatusOK,
		Source: manifest.Source{
			Bucket:    inv.cfg.Source.Name(),
			Key:       inv.ev.Key,
			Identity:  Identity(l.source),
			ETag:      l.source.ETag,
			VersionID: l.source.VersionID,
			Sequencer: inv.ev.Sequencer,
			Bytes:     l.source.Size,
		},
		Revision:   inv.cfg.Presets.Revision,
		PresetHash: l.rule.Hash,
		Variants:   []manifest.Variant{},
		Pixmill:    inv.cfg.Version,
	}
}

// complete fills in what depends on all the rest.
func (inv *invocation) complete(d *decision) {
	m := d.doc
	switch {
	case m.Status == manifest.StatusOK:
	case d.memory:
		m.Capability = inv.memory
	default:
		m.Capability = inv.capability
	}
	if m.Status != manifest.StatusRejected {
		m.HTML = manifest.BuildHTML(m.Source, m.Variants)
	}
	now := inv.cfg.Now()
	m.Timings.Written = now.UTC()
	m.Timings.TotalMS = milliseconds(now.Sub(inv.start))
}

// reject makes the decision a recorded refusal without variants.
func (d *decision) reject(err error) *decision {
	d.memory = d.memory || wantsMemory(err)
	d.doc.Status, d.doc.Reason = manifest.StatusRejected, reason(err)
	return d
}

// with enters the variants in the rule's order.
func (d *decision) with(rule *preset.Rule, variants map[string]manifest.Variant) *decision {
	for _, v := range rule.Variants {
		made := variants[v.Name]
		if made.Status != manifest.StatusOK {
			d.doc.Status = manifest.StatusPartial
		}
		d.doc.Variants = append(d.doc.Variants, made)
	}
	return d
}

// usable returns the manifest looked at if it speaks of this source and its
// failures hold for this build, else nil.
func (inv *invocation) usable(l *look, id string) *manifest.Manifest {
	if m := l.manifest; m != nil && m.Source.Identity == id && inv.failuresHold(m) {
		return m
	}
	return nil
}

// keep returns, by name, the variants that need not be made again: those that a
// usable manifest records and the listing shows (or records as impossible), and
// those whose objects say that they were made from this source for this preset
// by an invocation that was cut off.
func (inv *invocation) keep(ctx context.Context, l *look, old *manifest.Manifest) (map[string]manifest.Variant, error) {
	kept := map[string]manifest.Variant{}
	recorded := byName(old)
	for _, asked := range l.rule.Variants {
		v, known := recorded[asked.Name]
		if known && v.Hash == asked.Hash && (v.Status != manifest.StatusOK || inv.stands(l, v)) {
			kept[asked.Name] = v
			continue
		}
		found, err := inv.find(ctx, l, asked)
		if err != nil {
			return nil, err
		}
		if found != nil {
			kept[asked.Name] = *found
		}
	}
	return kept, nil
}

// find looks for a finished object of a variant among what the listing shows,
// whatever its format; nil if there is none.
func (inv *invocation) find(ctx context.Context, l *look, asked preset.Variant) (*manifest.Variant, error) {
	for _, key := range slices.Sorted(maps.Keys(l.entries)) {
		name := strings.TrimPrefix(key, inv.folder)
		if strings.TrimSuffix(name, path.Ext(name)) != asked.Name || key == inv.manifestKey() {
			continue
		}
		a, err := inv.cfg.Output.Head(ctx, key)
		if code := blob.CodeOf(err); err != nil && (code == blob.CodeNotFound || code == blob.CodeNoSuchKey) {
			continue // deleted since the listing
		}
		if err != nil {
			return nil, fmt.Errorf("keep variant: %w", err)
		}
		if a.Metadata[metaIdentity] == Identity(l.source) && a.Metadata[metaVariant] == asked.Hash {
			return fromMetadata(asked, a), nil
		}
	}
	return nil, nil
}

// fromMetadata reads back what variantMetadata wrote.
func fromMetadata(asked preset.Variant, a *blob.Attrs) *manifest.Variant {
	number := func(name string) int {
		n, _ := strconv.Atoi(a.Metadata[name]) // absent: 0
		return n
	}
	return &manifest.Variant{
		Name:        asked.Name,
		Hash:        asked.Hash,
		Status:      manifest.StatusOK,
		Key:         a.Key,
		ContentType: a.ContentType,
		Format:      imaging.Format(strings.TrimPrefix(a.ContentType, "image/")),
		Width:       number(metaWidth),
		Height:      number(metaHeight),
		Frames:      number(metaFrames),
		Quality:     number(metaQuality),
		Bytes:       a.Size,
		ETag:        a.ETag,
		SHA256:      a.Metadata[metaSHA256],
	}
}

func variantMetadata(id, hash, sha string, out imaging.Encoded) map[string]string {
	meta := map[string]string{
		metaMarker:   "variant",
		metaIdentity: id,
		metaVariant:  hash,
		metaSHA256:   sha,
		metaWidth:    strconv.Itoa(out.Width),
		metaHeight:   strconv.Itoa(out.Height),
	}
	if out.Frames > 1 {
		meta[metaFrames] = strconv.Itoa(out.Frames)
	}
	if out.Quality > 0 {
		meta[metaQuality] = strconv.Itoa(out.Quality)
	}
	return meta
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// fetch reads the source. The identity of these bytes counts: if it is not the
// one looked at, the look is old.
func (inv *invocation) fetch(ctx context.Context, l *look) ([]byte, error) {
	src, a, err := inv.cfg.Source.Get(ctx, inv.ev.Key, inv.limits().SourceBytes)
	if a != nil && (Identity(a) != Identity(l.source) || a.VersionID != l.source.VersionID) {
		return nil, errLookAgain
	}
	if err != nil && blob.CodeOf(err) == blob.CodeNoSuchKey {
		return nil, errLookAgain
	}
	return src, err
}

func (inv *invocation) limits() imaging.Limits { return inv.cfg.Engine.Capability().Limits }

// failed is the entry of a variant that cannot be made.
func failed(asked preset.Variant, err error) manifest.Variant {
	return manifest.Variant{Name: asked.Name, Hash: asked.Hash, Status: manifest.StatusFailed, Reason: reason(err)}
}

// wantsMemory reports whether an error says that the memory budget is too small.
func wantsMemory(err error) bool {
	limit, ok := errors.AsType[*fault.LimitError](err)
	return ok && limit.Field == imaging.FieldMemory
}

// lasting reports whether an error would come again for the same bytes.
func lasting(err error) bool {
	kind := fault.KindOf(err)
	return err != nil && (kind == fault.Permanent || kind == fault.Rejected)
}
