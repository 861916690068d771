package handler

import (
	"context"
	"time"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
	"pixmill/internal/manifest"
)

// CompletionSchema is the version of Completion that this package makes. Changes
// are additive, as the manifest's are.
const CompletionSchema = 1

// StatusAbsent is the status of a completion event for a key that asks for no
// output, and has none now: whether there was some before, nobody knows any more.
const StatusAbsent manifest.Status = "absent"

// Completion is the event that an invocation sends when it has found that the
// output of a source agrees with it. docs/events.md is its documentation.
type Completion struct {
	Schema int `json:"schema"`
	// ID is the same for every event that tells of the same manifest, or that a
	// deletion delivered twice led to, so that consumers can drop repeats.
	ID     string          `json:"id"`
	Time   time.Time       `json:"time"`
	Status manifest.Status `json:"status"`           // "ok", "partial", "rejected" or "absent"
	Reason string          `json:"reason,omitempty"` // of "rejected" and "absent"
	Source CompletedSource `json:"source"`
	Output CompletedOutput `json:"output"`
	// Revision is the configuration's, where it has one.
	Revision   int    `json:"revision,omitempty"`
	PresetHash string `json:"presetHash,omitempty"` // of the manifest; absent where Status is "absent"
	// Variants are those that are there. They may be left out of an event that
	// would be too large; VariantsOmitted then says how many, and the manifest has them.
	Variants        []CompletedVariant `json:"variants"`
	VariantsOmitted int                `json:"variantsOmitted,omitempty"`
	Pixmill         string             `json:"pixmill"` // version of the program
}

// CompletedSource is the source as the manifest has it; of one that is absent
// only bucket and key are known.
type CompletedSource struct {
	Bucket    string `json:"bucket"`
	Key       string `json:"key"`
	Identity  string `json:"identity,omitempty"`
	ETag      string `json:"etag,omitempty"`
	VersionID string `json:"versionId,omitempty"`
}

// CompletedOutput is where the results are.
type CompletedOutput struct {
	Bucket       string `json:"bucket"`
	Folder       string `json:"folder"`                // what the keys of all results begin with; ends in a slash
	ManifestKey  string `json:"manifestKey,omitempty"` // absent where Status is "absent"
	ManifestETag string `json:"manifestEtag,omitempty"`
}

// CompletedVariant is one object that is there.
type CompletedVariant struct {
	Name        string         `json:"name"`
	Key         string         `json:"key"`
	ContentType string         `json:"contentType"`
	Format      imaging.Format `json:"format"`
	Width       int            `json:"width"`  // px
	Height      int            `json:"height"` // px of one frame
	Bytes       int64          `json:"bytes"`
	ETag        string         `json:"etag"`
}

// announce sends the completion event of a look that found agreement. It comes
// after that look, so what it tells of is there; and before the acknowledgement,
// so that the event of an invocation that could not send it, or that ended before
// it did, is delivered again, and its look finds agreement and sends. Hence every
// look that finds agreement sends, whether it wrote something or not.
func (inv *invocation) announce(ctx context.Context, l *look) error {
	if inv.cfg.Notify == nil {
		return nil
	}
	err := inv.cfg.Notify(ctx, inv.completion(l))
	if err == nil {
		return nil
	}
	kind := fault.Transient
	if fault.KindOf(err) == fault.Misconfigured {
		kind = fault.Misconfigured
	}
	return fault.New(kind, "send the completion event", inv.ev.Key, err)
}

func (inv *invocation) completion(l *look) Completion {
	c := Completion{
		Schema:   CompletionSchema,
		Time:     inv.cfg.Now().UTC(),
		Source:   CompletedSource{Bucket: inv.cfg.Source.Name(), Key: inv.ev.Key},
		Output:   CompletedOutput{Bucket: inv.cfg.Output.Name(), Folder: inv.folder},
		Revision: inv.cfg.Presets.Revision,
		Variants: []CompletedVariant{},
		Pixmill:  inv.cfg.Version,
	}
	if reason := l.nothingBecause(); reason != "" {
		c.Status, c.Reason = StatusAbsent, reason
		c.ID = inv.absentID()
		return c
	}
	m := l.manifest
	c.Status, c.Reason, c.Revision, c.PresetHash = m.Status, m.Reason, m.Revision, m.PresetHash
	c.Source.Identity, c.Source.ETag, c.Source.VersionID = m.Source.Identity, m.Source.ETag, m.Source.VersionID
	c.Output.ManifestKey, c.Output.ManifestETag = inv.manifestKey(), l.manifestETag
	for _, v := range m.Variants {
		if v.Status == manifest.StatusOK {
			c.Variants = append(c.Variants, CompletedVariant{
				Name: v.Name, Key: v.Key, ContentType: v.ContentType, Format: v.Format,
				Width: v.Width, Height: v.Height, Bytes: v.Bytes, ETag: v.ETag,
			})
		}
	}
	c.ID = shortHash("completion v1", c.Source.Bucket, c.Source.Key, m.Source.Identity, m.PresetHash, l.manifestETag)
	return c
}

// absentID makes the id from what the event says of itself: there is no manifest
// that would tell one deletion from the next, and a delivery that comes again
// says the same. One that says nothing, as a direct invocation, gets an id of its
// own: a repeat that is not known as one costs less than a deletion that is dropped.
func (inv *invocation) absentID() string {
	ev, when := inv.ev, inv.ev.Time
	if when.IsZero() && ev.Sequencer == "" {
		when = inv.start
	}
	return shortHash("completion v1 absent", ev.Bucket, ev.Key, ev.Sequencer, ev.VersionID, when.UTC().Format(time.RFC3339Nano))
}
