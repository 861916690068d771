package handler

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"pixmill/internal/blob"
	"pixmill/internal/fault"
	"pixmill/internal/imaging"
	"pixmill/internal/manifest"
	"pixmill/internal/preset"
)

// uploads is how many finished variants may be under way to the store while
// others render. It bounds the memory that waits for the network.
const uploads = 4

// ErrNearDeadline is in the transient error of an invocation that stopped since
// it could not have finished another variant; what it finished is kept.
var ErrNearDeadline = errors.New("the deadline is near")

// make reads the source when there is room for it, renders what is not kept, and
// stores each variant as soon as it is there.
func (inv *invocation) make(ctx context.Context, l *look, d *decision, kept map[string]manifest.Variant, focal *imaging.Point) (*decision, error) {
	leave, err := inv.sources.enter(ctx, inv.ev.Key, l.source.Size)
	if err != nil {
		return nil, err
	}
	defer leave()
	fetchStart := inv.cfg.Now()
	src, err := inv.fetch(ctx, l)
	if lasting(err) {
		return d.reject(err), nil
	}
	if err != nil {
		return nil, err
	}
	renderStart := inv.cfg.Now()
	d.doc.Timings.FetchMS = milliseconds(renderStart.Sub(fetchStart))

	b := &batch{invocation: inv, id: d.doc.Source.Identity, asked: l.rule.Variants, made: kept}
	info, err := b.render(ctx, src, focal)
	d.doc.Timings.RenderMS = milliseconds(inv.cfg.Now().Sub(renderStart))
	d.stored = b.stored
	d.memory = d.memory || b.memory
	inv.out.Puts += len(b.stored)
	if lasting(err) {
		inv.out.note("", err)
		return d.reject(err), nil
	}
	if err != nil {
		return nil, err
	}
	d.doc.Source.Image, d.doc.Placeholder = &info, info.Placeholder
	return d.with(l.rule, b.made), nil
}

// batch renders and stores the variants that one pass has to make.
type batch struct {
	*invocation
	id      string           // identity of the source
	asked   []preset.Variant // all of the rule's, in the order of the specs
	todo    int              // of those that are not kept
	slowest time.Duration    // of the variants so far
	emitted int
	memory  bool // a variant was refused for want of memory

	mu     sync.Mutex
	made   map[string]manifest.Variant // by name, with what was kept
	stored []string                    // keys
}

// render returns after its last upload has ended. Its error is lasting only if
// the source itself cannot be rendered.
func (b *batch) render(ctx context.Context, src []byte, focal *imaging.Point) (imaging.Info, error) {
	b.made = maps.Clone(b.made)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(uploads)
	defer func() { _ = g.Wait() }() // also when the engine panics: no upload outlives Handle
	info, err := b.cfg.Engine.Render(gctx, src, b.request(focal), func(i int, out imaging.Encoded) error {
		return b.emit(gctx, g, b.asked[i], out)
	})
	// A failed upload cancelled the rendering: then its error is the reason.
	if uploadErr := g.Wait(); uploadErr != nil {
		return info, uploadErr
	}
	if err == nil && b.emitted != b.todo {
		return info, fmt.Errorf("render %q: the engine answered for %d of %d variants", b.ev.Key, b.emitted, b.todo)
	}
	if errors.Is(err, ErrNearDeadline) {
		err = fault.New(fault.Transient, "render", b.ev.Key,
			fmt.Errorf("%w: %d of %d variants are stored, the slowest took %v", err, len(b.stored), b.todo, b.slowest))
	}
	return info, err
}

// emit takes one variant from the engine, which never calls it concurrently.
func (b *batch) emit(ctx context.Context, g *errgroup.Group, asked preset.Variant, out imaging.Encoded) error {
	b.emitted++
	b.slowest = max(b.slowest, out.Elapsed)
	if out.Err != nil {
		if !lasting(out.Err) {
			return out.Err
		}
		b.memory = b.memory || wantsMemory(out.Err)
		b.out.note(asked.Name, out.Err)
		b.record(failed(asked, out.Err))
	} else {
		g.Go(func() error { return b.store(ctx, asked, out) })
	}
	if deadline, ok := ctx.Deadline(); ok && b.emitted < b.todo && deadline.Sub(b.cfg.Now()) < 2*b.slowest {
		return ErrNearDeadline
	}
	return nil
}

// store writes one variant. A key that no store can hold makes it a failed
// variant; every other failure is the invocation's: what is in the way now may
// be gone later.
func (b *batch) store(ctx context.Context, asked preset.Variant, out imaging.Encoded) error {
	key := b.folder + asked.FileName(out.Format)
	if err := blob.CheckKey(key); err != nil {
		b.record(failed(asked, err))
		return nil
	}
	sum := sha256.Sum256(out.Data)
	sha := hex.EncodeToString(sum[:])
	a, err := b.cfg.Output.Put(ctx, key, out.Data, &blob.PutOptions{
		ContentType: out.ContentType,
		Metadata:    variantMetadata(b.id, asked.Hash, sha, out),
	})
	if lasting(err) { // it speaks of the store, not of the source
		return fault.New(fault.Misconfigured, "store variant", key, err)
	}
	if err != nil {
		return fmt.Errorf("store variant: %w", err)
	}
	v := manifest.Variant{
		Name: asked.Name, Hash: asked.Hash, Status: manifest.StatusOK, Key: key,
		ContentType: out.ContentType, Format: out.Format, Width: out.Width, Height: out.Height,
		Quality: out.Quality, Bytes: int64(len(out.Data)), ETag: a.ETag, SHA256: sha,
	}
	if out.Frames > 1 {
		v.Frames = out.Frames
	}
	b.record(v)
	return nil
}

func (b *batch) record(v manifest.Variant) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.made[v.Name] = v
	if v.Status == manifest.StatusOK {
		b.stored = append(b.stored, v.Key)
	}
}

// request asks the engine for what is missing, and tells it of all the rest, so
// that what it makes does not depend on what is kept. A source's own focal point
// goes before the gravity that the preset names.
func (b *batch) request(focal *imaging.Point) imaging.Request {
	req := imaging.Request{Specs: make([]imaging.Spec, len(b.asked)), Kept: make([]bool, len(b.asked))}
	for i, v := range b.asked {
		req.Specs[i] = v.Spec
		if focal != nil && v.Spec.Fit == imaging.FitCover && v.Spec.Focal == nil {
			req.Specs[i].Focal = focal
		}
		if _, req.Kept[i] = b.made[v.Name]; !req.Kept[i] {
			b.todo++
		}
	}
	return req
}
