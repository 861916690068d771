// Package handler makes the output of one source object agree with what the
// source is now. It is level-triggered: an event only says which object may have
// changed; Handle looks at the source and at the output, acts on the difference,
// and looks again until a look finds agreement. Duplicate, late and reordered
// events therefore end in the same state. docs/architecture.md has the argument,
// docs/adr/0002-reconcile-until-a-clean-look.md what was measured of it.
//
// The package knows no transport, no queue and no image library.
package handler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pixmill/internal/blob"
	"pixmill/internal/event"
	"pixmill/internal/fault"
	"pixmill/internal/imaging"
	"pixmill/internal/manifest"
	"pixmill/internal/preset"
)

// maxPasses bounds the looks of one invocation. Two are usual (act, agree);
// more are needed only when something else writes at the same time, and then
// the queue's redelivery is the better place to wait.
const maxPasses = 5

// Config is what a Handler works with. Every field is required but Presets'
// optional parts, Jitter and Notify.
type Config struct {
	Source  *blob.Bucket
	Output  *blob.Bucket
	Presets *preset.Config
	Engine  imaging.Engine
	Version string                                // of the program, for the manifest
	Now     func() time.Time                      // the clock
	Jitter  func(max time.Duration) time.Duration // a random duration below max; nil: no pause between passes

	// Notify sends a completion event, and returns when it is safe with whoever
	// passes it on. Nil: none is sent, which costs nothing.
	Notify func(context.Context, Completion) error
}

// Handler reconciles outputs with sources. It may be used concurrently.
type Handler struct {
	cfg Config

	// What a recorded failure depends on, as hashes: the capability, and for
	// one for want of memory also the budget.
	capability, memory string

	sources *room
}

// New returns a Handler.
func New(cfg Config) *Handler {
	c := cfg.Engine.Capability()
	return &Handler{
		cfg:        cfg,
		capability: capabilityHash(c, 0),
		memory:     capabilityHash(c, c.Limits.Memory),
		sources:    newRoom(c.Limits.Memory),
	}
}

// Result says in one word what an invocation did.
type Result string

const (
	ResultUnchanged Result = "unchanged" // the first look found agreement, with variants or a recorded rejection
	ResultNothing   Result = "nothing"   // nothing is wanted and nothing was there
	ResultWritten   Result = "written"
	ResultRejected  Result = "rejected" // the source was refused and the manifest, or the error, says why
	ResultDeleted   Result = "deleted"
)

// Outcome is what Handle did, for logs, metrics and answers.
type Outcome struct {
	Key         string
	Result      Result
	Reason      string // why nothing is wanted, or why the source was rejected
	Detail      string // for a log: what the imaging library said of what failed
	ManifestKey string // empty where the output is nothing
	Manifest    *manifest.Manifest
	Passes      int // looks
	Puts        int // objects written, the manifest included
	Deletes     int // objects deleted
}

// note keeps what a library said of a failure of a variant, or of the source where
// variant is empty. It is no part of the manifest: it differs between libraries.
func (o *Outcome) note(variant string, err error) {
	said := imaging.LibraryDetail(err)
	if said == "" {
		return
	}
	if variant != "" {
		said = variant + ": " + said
	}
	if o.Detail != "" {
		said = o.Detail + "; " + said
	}
	o.Detail = said
}

// errLookAgain ends a pass whose look turned out to be old.
var errLookAgain = errors.New("the objects changed while they were looked at")

// Handle makes the output agree with the source that ev names, and returns nil
// only after a look that found agreement and, where there is a Notify, after the
// completion event of that look was sent. When it returns, all its requests and
// goroutines have ended. The error is Transient (redeliver) or Misconfigured
// (buckets, permissions; nothing was deleted); what is wrong with a source or a
// variant is recorded in the manifest and is no error. Only a source whose manifest
// would have too long a key is Rejected with an error.
func (h *Handler) Handle(ctx context.Context, ev event.ObjectEvent) (Outcome, error) {
	inv := &invocation{
		Handler: h,
		ev:      ev,
		folder:  h.cfg.Presets.Folder(ev.Key),
		start:   h.cfg.Now(),
		out:     Outcome{Key: ev.Key},
	}
	if refused, err := inv.refuse(ctx); refused || err != nil {
		return inv.out, err
	}
	err := inv.reconcile(ctx)
	return inv.out, unrecordable(err)
}

// Agrees looks once and reports whether the output of a source key is what it
// should be. It writes nothing.
func (h *Handler) Agrees(ctx context.Context, key string) (bool, error) {
	inv := &invocation{
		Handler: h,
		ev:      event.ObjectEvent{Bucket: h.cfg.Source.Name(), Key: key},
		folder:  h.cfg.Presets.Folder(key),
	}
	if refused, err := inv.refuse(ctx); refused || err != nil {
		return err == nil, err
	}
	l, err := inv.look(ctx)
	if err != nil {
		return false, err
	}
	return inv.agrees(l), nil
}

// unrecordable turns what only a manifest could have taken in (permanent,
// rejected) into an error that reaches the dead-letter queue.
func unrecordable(err error) error {
	switch fault.KindOf(err) {
	case fault.Permanent, fault.Rejected:
		return fault.New(fault.Misconfigured, "record the outcome", "", err)
	}
	return err
}

// invocation is the state of one Handle.
type invocation struct {
	*Handler
	ev     event.ObjectEvent
	folder string // prefix in the output bucket that belongs to the source; ends in "/"
	start  time.Time
	out    Outcome
}

// refuse answers events that are not about a source of this configuration, or about
// one that cannot have any output.
func (inv *invocation) refuse(ctx context.Context) (bool, error) {
	bucket, source, output := inv.ev.Bucket, inv.cfg.Source.Name(), inv.cfg.Output.Name()
	switch {
	case bucket == output && bucket != source:
		// Refused and acknowledged: an error would only bring it back.
		inv.nothing("the event is from the output bucket: the trigger must watch the source bucket only")
		return true, nil
	case bucket != source:
		return false, fault.New(fault.Misconfigured, "handle", inv.ev.Key,
			fmt.Errorf("the event is from bucket %q, the configured source is %q", bucket, source))
	case !preset.ValidKey(inv.ev.Key):
		inv.nothing("the key ends in / or has an empty, . or .. segment")
		return true, nil
	case !inv.cfg.Presets.InSource(inv.ev.Key):
		inv.nothing(fmt.Sprintf("the key is outside the source prefix %q", inv.cfg.Presets.Source.Prefix))
		return true, nil
	}
	return inv.refuseLongKey(ctx)
}

func (inv *invocation) nothing(reason string) {
	inv.out.Result, inv.out.Reason = ResultNothing, reason
}

// reconcile is the loop: look, agree or act, look again.
func (inv *invocation) reconcile(ctx context.Context) error {
	for {
		l, err := inv.look(ctx)
		if err != nil {
			return err
		}
		inv.out.Passes++
		if inv.agrees(l) {
			inv.conclude(l)
			return inv.announce(ctx, l)
		}
		if inv.out.Passes == maxPasses {
			return fault.New(fault.Transient, "reconcile", inv.ev.Key, fmt.Errorf("no agreement after %d looks", maxPasses))
		}
		if m := l.manifest; m != nil && m.Revision > inv.cfg.Presets.Revision {
			return fault.New(fault.Transient, "reconcile", inv.ev.Key,
				fmt.Errorf("the manifest is of revision %d, this configuration of %d", m.Revision, inv.cfg.Presets.Revision))
		}
		if err := inv.pause(ctx); err != nil {
			return err
		}
		if err := inv.act(ctx, l); err != nil && !errors.Is(err, errLookAgain) {
			return err
		}
	}
}

// pause waits a random moment before every act but the first, so that two
// invocations that keep meeting part.
func (inv *invocation) pause(ctx context.Context) error {
	if inv.out.Passes < 2 || inv.cfg.Jitter == nil {
		return nil
	}
	timer := time.NewTimer(inv.cfg.Jitter(100 * time.Millisecond << inv.out.Passes))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fault.New(fault.Transient, "reconcile", inv.ev.Key, ctx.Err())
	}
}

// conclude fills in the outcome of an invocation whose last look found agreement.
func (inv *invocation) conclude(l *look) {
	o := &inv.out
	wrote := o.Puts+o.Deletes > 0
	if reason := l.nothingBecause(); reason != "" {
		inv.nothing(reason)
		if wrote {
			o.Result = ResultDeleted
		}
		return
	}
	o.Manifest, o.ManifestKey, o.Reason = l.manifest, inv.manifestKey(), l.manifest.Reason
	switch {
	case !wrote:
		o.Result = ResultUnchanged
	case l.manifest.Status == manifest.StatusRejected:
		o.Result = ResultRejected
	default:
		o.Result = ResultWritten
	}
}
