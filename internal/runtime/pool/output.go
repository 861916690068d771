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
	rest   []byte // of a line whose end has not come
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

// emit logs a line. A record of log/slog's JSON handler keeps its level, its
// message and its attributes; every other line is the message.
func (w *lineWriter) emit(line []byte) {
	line = bytes.TrimRight(line, "\r")
	if len(line) == 0 {
		return
	}
	level, message, attrs := slog.LevelInfo, string(line), []slog.Attr{slog.String("stream", w.stream)}
	var record map[string]any
	if line[0] == '{' && json.Unmarshal(line, &record) == nil {
		text, isText := record[slog.MessageKey].(string)
		name, isLevel := record[slog.LevelKey].(string)
		if isText && isLevel && level.UnmarshalText([]byte(name)) == nil {
			message = text
			attrs = attributes(record)
		}
	}
	w.log.LogAttrs(context.Background(), level, message, attrs...)
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
