package config_test

import (
	"context"
	"log/slog"
	"time"
)

// withoutTime drops the time of records, which no test can know.
type withoutTime struct{ slog.Handler }

func (h withoutTime) Handle(ctx context.Context, r slog.Record) error {
	r.Time = time.Time{}
	return h.Handler.Handle(ctx, r)
}
