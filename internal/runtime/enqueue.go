package runtime

import (
	"context"
	"log/slog"

	"pixmill/internal/event"
	"pixmill/internal/fault"
	"pixmill/internal/runtime/store"
)

// enqueue makes an event of a change, if it is one of a source. When it returns
// nil the event is in the queue.
func (r *Runtime) enqueue(ctx context.Context, c store.Change) error {
	if c.Bucket != r.opts.Presets.Source.Bucket || !r.opts.Presets.InSource(c.Key) {
		return nil
	}
	body, err := event.MarshalS3(event.S3Record{
		ObjectEvent: event.ObjectEvent{
			Bucket: c.Bucket, Key: c.Key, Name: c.Name, Time: c.Time,
			Size: c.Size, ETag: c.ETag, VersionID: c.VersionID, Sequencer: c.Sequencer,
		},
		ConfigurationID: "pixmill",
		PrincipalID:     "pixmill",
		SourceIP:        "127.0.0.1",
		RequestID:       c.Sequencer,
	})
	if err != nil && fault.KindOf(err) == fault.Rejected {
		r.opts.Log.LogAttrs(ctx, slog.LevelWarn, "key ignored: no event can carry it", slog.String("key", c.Key), slog.Any("error", err))
		return nil
	}
	if err != nil {
		return err
	}
	if err := r.queue.Send(ctx, body); err != nil {
		return err
	}
	r.news.add(c.Key)
	return nil
}
