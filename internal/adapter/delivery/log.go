package delivery

import (
	"context"
	"log/slog"

	"pixmill/internal/event"
	"pixmill/internal/fault"
	"pixmill/internal/handler"
)

// Results that only the log has, beside the handler's own.
const (
	resultFailed   handler.Result = "failed"
	resultNotBegun handler.Result = "not-begun"
)

// logSource writes the one line that each source gets.
func (b *batch) logSource(ctx context.Context, s *Source) {
	o, ev := s.Outcome, s.Event
	level, kind, reason := slog.LevelInfo, "", o.Reason
	if o.Result == handler.ResultRejected {
		level = slog.LevelWarn // somebody waits for variants that there will not be
	}
	if s.Err != nil {
		k := fault.KindOf(s.Err)
		level, kind, reason = levelOf(k), k.String(), s.Err.Error()
		if o.Result != resultNotBegun {
			o.Result = resultFailed
		}
	}
	attrs := []slog.Attr{
		slog.String("bucket", ev.Bucket),
		slog.String("key", ev.Key),
		slog.String("event", string(ev.Op)),
		slog.String("result", string(o.Result)),
		slog.Int("passes", o.Passes),
		slog.Int("puts", o.Puts),
		slog.Int("deletes", o.Deletes),
		slog.Float64("duration_ms", float64(s.Elapsed.Microseconds())/1000),
		slog.Int("messages", s.messages),
		slog.Int("attempt", s.attempt),
	}
	for _, a := range []slog.Attr{ // what there is of them
		slog.String("kind", kind),
		slog.String("reason", reason),
		slog.String("detail", o.Detail),
		slog.String("sequencer", ev.Sequencer),
		slog.String("version_id", ev.VersionID),
	} {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	b.Log.LogAttrs(ctx, level, "source", attrs...)
}

// levelOf is a warning for what mends itself, an error for what somebody must mend.
func levelOf(k fault.Kind) slog.Level {
	if k == fault.Transient {
		return slog.LevelWarn
	}
	return slog.LevelError
}

func (b *batch) logIgnored(ctx context.Context, it event.Item) {
	for _, ig := range it.Ignored {
		b.Log.InfoContext(ctx, "event ignored", "reason", ig.Reason, "detail", ig.Detail, "message_id", it.MessageID)
	}
}
