package config

import (
	"cmp"
	"io"
	"log/slog"
)

// Formats of a log.
const (
	FormatJSON     = "json"
	FormatText     = "text"
	FormatTerminal = "terminal" // short, for somebody who is watching
)

// Log says what is logged, and how.
type Log struct {
	Level  slog.Level
	Format string // one of the formats; empty where nobody chose
}

// Logger returns a logger to w, in the standard format where nobody chose another.
func (l Log) Logger(w io.Writer, standard string) *slog.Logger {
	opts := &slog.HandlerOptions{Level: l.Level}
	switch cmp.Or(l.Format, standard) {
	case FormatTerminal:
		return slog.New(newTerminalHandler(w, l.Level))
	case FormatText:
		return slog.New(slog.NewTextHandler(w, opts))
	}
	return slog.New(slog.NewJSONHandler(w, opts))
}
