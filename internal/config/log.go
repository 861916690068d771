package config

import (
	"cmp"
	"io"
	"log/slog"
)

// Formats of a log.
const (
	FormatJSON = "json"
	FormatText = "text"
)

// Log says what is logged, and how.
type Log struct {
	Level  slog.Level
	Format string // FormatJSON or FormatText; empty where nobody chose
}

// Logger returns a logger to w, in the standard format where nobody chose another.
func (l Log) Logger(w io.Writer, standard string) *slog.Logger {
	opts := &slog.HandlerOptions{Level: l.Level}
	if cmp.Or(l.Format, standard) == FormatText {
		return slog.New(slog.NewTextHandler(w, opts))
	}
	return slog.New(slog.NewJSONHandler(w, opts))
}
