package handler_test

import (
	"context"
	"path"

	"pgregory.net/rapid"

	"pixmill/internal/blob"
	"pixmill/internal/handler"
	"pixmill/internal/manifest"
	"pixmill/internal/preset"
)

// sent is a completion event that arrived.
type sent struct {
	at int // the effects before it
	handler.Completion
}

// notify is where the handler sends its completion events: they wait for the
// schedule as the requests to the stores do.
func (w *world) notify(ctx context.Context, c handler.Completion) error {
	return (&gate{w: w, name: "events"}).pass(ctx, "send", c.Source.Key, func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.sent = append(w.sent, sent{w.effects, c})
		w.effects++
		return nil
	})
}

// wrote notes a write to the output.
func (w *world) wrote(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written[path.Dir(key)] = w.effects
	w.effects++
}

// checkCompletions holds the events to the end state: for every source of which
// there was an event, what it is in the end was told after the last write to its
// folder; and an id stands for one state of one source.
func (w *world) checkCompletions(rt *rapid.T) {
	states := map[string]handler.Completion{}
	for _, s := range w.sent {
		first, known := states[s.ID]
		if !known {
			states[s.ID] = s.Completion
		} else if first.Source != s.Source || first.Output != s.Output || first.PresetHash != s.PresetHash || first.Status != s.Status {
			rt.Fatalf("one id for two states: %+v and %+v", first, s.Completion)
		}
	}
	for _, key := range keys {
		if w.told[key] && preset.ValidKey(key) {
			w.checkCompletion(rt, key)
		}
	}
}

func (w *world) checkCompletion(rt *rapid.T, key string) {
	want := w.finalState(rt, key)
	last, wrote := w.written[key]
	var of []sent
	for _, s := range w.sent {
		if s.Source.Key != key {
			continue
		}
		of = append(of, s)
		if wrote && s.at < last {
			continue
		}
		got := s.Completion
		if got.Status == want.Status && got.Source == want.Source && got.Output == want.Output && got.PresetHash == want.PresetHash && len(got.Variants) == len(want.Variants) {
			return
		}
	}
	rt.Fatalf("no event after the last write told that %q is %+v; sent were %+v", key, want, of)
}

// finalState is the event that a source's manifest asks for.
func (w *world) finalState(rt *rapid.T, key string) handler.Completion {
	folder := w.config.Folder(key)
	c := handler.Completion{
		Status: handler.StatusAbsent,
		Source: handler.CompletedSource{Bucket: "sources", Key: key},
		Output: handler.CompletedOutput{Bucket: "outputs", Folder: folder},
	}
	data, a, err := blob.NewBucket("outputs", w.output).Get(context.Background(), folder+manifest.Name, 0)
	if blob.CodeOf(err) == blob.CodeNoSuchKey {
		return c
	}
	m, parseErr := manifest.Parse(data)
	if err != nil || parseErr != nil {
		rt.Fatalf("manifest of %q: %v, %v", key, err, parseErr)
	}
	c.Status, c.PresetHash = m.Status, m.PresetHash
	c.Source.Identity, c.Source.ETag, c.Source.VersionID = m.Source.Identity, m.Source.ETag, m.Source.VersionID
	c.Output.ManifestKey, c.Output.ManifestETag = folder+manifest.Name, a.ETag
	for _, v := range m.Variants {
		if v.Status == manifest.StatusOK {
			c.Variants = append(c.Variants, handler.CompletedVariant{Name: v.Name})
		}
	}
	return c
}
