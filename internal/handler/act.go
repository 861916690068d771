package handler

import (
	"context"
	"errors"
	"slices"

	"pixmill/internal/blob"
	"pixmill/internal/fault"
	"pixmill/internal/manifest"
)

// act makes the output what the look asks for, or returns errLookAgain when it
// finds that the look is old.
func (inv *invocation) act(ctx context.Context, l *look) error {
	if l.nothingBecause() != "" {
		return inv.clear(ctx, l)
	}
	d, err := inv.decide(ctx, l)
	if err != nil {
		return err
	}
	if err := inv.sweep(ctx, l, d); err != nil {
		return err
	}
	return inv.putManifest(ctx, l, d)
}

// clear deletes the manifest first, so that nobody reads of variants that are
// no longer there, then everything else directly under the folder.
func (inv *invocation) clear(ctx context.Context, l *look) error {
	if err := inv.delete(ctx, inv.manifestKey()); err != nil {
		return err
	}
	return inv.sweep(ctx, l, &decision{doc: &manifest.Manifest{}})
}

// sweep deletes what stands in the folder and is not part of the decision.
func (inv *invocation) sweep(ctx context.Context, l *look, d *decision) error {
	keep := map[string]bool{inv.manifestKey(): true}
	for _, v := range d.doc.Variants {
		if v.Status == manifest.StatusOK {
			keep[v.Key] = true
		}
	}
	doomed := slices.Clone(d.stored)
	for key := range l.entries {
		doomed = append(doomed, key)
	}
	slices.Sort(doomed)
	for _, key := range slices.Compact(doomed) {
		if keep[key] {
			continue
		}
		if err := inv.delete(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

func (inv *invocation) delete(ctx context.Context, key string) error {
	inv.out.Deletes++
	return inv.cfg.Output.Delete(ctx, key)
}

// putManifest writes the document last. The condition on what was looked at
// only saves work: it makes one of two invocations that meet look again at once.
func (inv *invocation) putManifest(ctx context.Context, l *look, d *decision) error {
	inv.complete(d)
	data, err := d.doc.Marshal()
	if err != nil {
		return fault.New(fault.Permanent, "write manifest", inv.ev.Key, err)
	}
	opts := blob.PutOptions{
		ContentType: "application/json",
		Metadata:    map[string]string{metaMarker: "manifest", metaIdentity: d.doc.Source.Identity},
		IfMatch:     l.manifestETag,
		IfNoneMatch: l.manifestETag == "",
	}
	_, err = inv.cfg.Output.Put(ctx, inv.manifestKey(), data, &opts)
	if blob.CodeOf(err) == blob.CodeNotImplemented { // a store without conditions: the last look is what counts
		opts.IfMatch, opts.IfNoneMatch = "", false
		_, err = inv.cfg.Output.Put(ctx, inv.manifestKey(), data, &opts)
	}
	if err == nil {
		inv.out.Puts++
		return nil
	}
	switch blob.CodeOf(err) {
	case blob.CodePreconditionFailed, blob.CodeConflict, blob.CodeNotFound, blob.CodeNoSuchKey:
		return errLookAgain
	}
	return err
}

func (inv *invocation) manifestKey() string { return inv.folder + manifest.Name }

// reason is what the manifest says of an error: the cause, without the
// operation and the key, which the document already names.
func reason(err error) string {
	for {
		f, ok := errors.AsType[*fault.Error](err)
		if !ok {
			return err.Error()
		}
		err = f.Err
	}
}
