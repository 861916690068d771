package pool

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
)

// maxLine is where a longer line of output is broken, in bytes.
const maxLine = 64 << 10

// lineWriter logs each line as one record. Only one goroutine of os/exec writes.
type lineWriter struct {
	log    *slog.Logger
	stream string
	heard  func(requestID, complaint string) // of warnings, errors, and plain lines on stderr
	rest   []byte                            // of a line whose end has not come
}

// Write never fails: output is no reason to end a function.
func (w *lineWriter) Write(p []byte) (int, error) {
	n := len(p)
	for {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			break
		}
		w.emit(append(w.rest, p[:i]...))
		w.rest, p = w.rest[:0], p[i+1:]
	}
	if w.rest = append(w.rest, p...); len(w.rest) > maxLine {
		w.emit(w.rest)
		w.rest = w.rest[:0]
	}
	return n, nil
}

// flush logs what came after the last line break, once nothing more comes.
func (w *lineWriter) flush() {
	w.emit(w.rest)
	w.rest = nil
}

// emit logs a line. A record of log/slog's JSON handler keeps its level, its
// message and its attributes; every other line is the message.
func (w *lineWriter) emit(line []byte) {
	line = bytes.TrimRight(line, "\r")
	if len(line) == 0 {
		return
	}
	level, record := parseRecord(line)
	if record == nil {
		w.log.LogAttrs(context.Background(), slog.LevelInfo, string(line), slog.String("stream", w.stream))
		if w.stream == streamError {
			w.heard("", string(line))
		}
		return
	}
	w.log.LogAttrs(context.Background(), level, text(record, slog.MessageKey), attributes(record)...)
	if level >= slog.LevelWarn {
		w.heard(text(record, "request_id"), complaintOf(record))
	}
}

// parseRecord returns nil for what is no record of log/slog.
func parseRecord(line []byte) (level slog.Level, record map[string]any) {
	if line[0] != '{' || json.Unmarshal(line, &record) != nil {
		return 0, nil
	}
	_, isText := record[slog.MessageKey].(string)
	if !isText || level.UnmarshalText([]byte(text(record, slog.LevelKey))) != nil {
		return 0, nil
	}
	return level, record
}

// complaintOf is a record's message with its reason, if it has one.
func complaintOf(record map[string]any) string {
	for _, name := range []string{"reason", "error"} {
		if why := text(record, name); why != "" {
			return text(record, slog.MessageKey) + ": " + why
		}
	}
	return text(record, slog.MessageKey)
}

func text(record map[string]any, name string) string {
	s, _ := record[name].(string)
	return s
}

func attributes(record map[string]any) []slog.Attr {
	var attrs []slog.Attr
	for _, name := range slices.Sorted(maps.Keys(record)) {
		switch name {
		case slog.MessageKey, slog.LevelKey, slog.TimeKey:
		default:
			attrs = append(attrs, slog.Any(name, record[name]))
		}
	}
	return attrs
}
