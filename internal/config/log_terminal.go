package config

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxShown is where a value is cut on a terminal, in characters.
const maxShown = 400

// unshown are the attributes that FormatTerminal leaves out: they are for
// looking something up in a log that was kept.
var unshown = []string{"request_id", "message_id", "sequencer", "version_id", "bucket", "passes"}

// usual are values that say nothing when they are this.
var usual = map[string]string{"attempt": "1", "messages": "1", "puts": "0", "deletes": "0"}

// first are the attributes that come before all others, in this order.
var first = []string{"key", "result", "reason", "error"}

// terminalHandler writes for somebody who is watching: the time of day, the
// level, the message, and what is worth reading at a glance.
type terminalHandler struct {
	level  slog.Leveler
	mu     *sync.Mutex // of w
	w      io.Writer
	attrs  []slog.Attr // of With, their keys complete
	prefix string      // of WithGroup: "a.b."
}

func newTerminalHandler(w io.Writer, level slog.Leveler) *terminalHandler {
	return &terminalHandler{level: level, mu: &sync.Mutex{}, w: w}
}

// Enabled implements slog.Handler.
func (h *terminalHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level.Level() }

// WithAttrs implements slog.Handler.
func (h *terminalHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	next.attrs = slices.Clip(h.attrs)
	for _, a := range attrs {
		next.attrs = flatten(next.attrs, h.prefix, a)
	}
	return &next
}

// WithGroup implements slog.Handler.
func (h *terminalHandler) WithGroup(name string) slog.Handler {
	next := *h
	next.prefix += name + "."
	return &next
}

// Handle implements slog.Handler.
func (h *terminalHandler) Handle(_ context.Context, r slog.Record) error {
	attrs := slices.Clone(h.attrs) // which others have, too, and are put in order here
	r.Attrs(func(a slog.Attr) bool {
		attrs = flatten(attrs, h.prefix, a)
		return true
	})
	slices.SortStableFunc(attrs, func(a, b slog.Attr) int { return rank(a.Key) - rank(b.Key) })

	var line bytes.Buffer
	if !r.Time.IsZero() {
		line.WriteString(r.Time.Format(time.TimeOnly) + " ")
	}
	fmt.Fprintf(&line, "%-5s %s", r.Level, harmless(r.Message))
	for _, a := range attrs {
		value := shortValue(a.Value)
		if slices.Contains(unshown, a.Key) || usual[a.Key] == value {
			continue
		}
		fmt.Fprintf(&line, " %s=%s", oneWord(a.Key), oneWord(value))
	}
	line.WriteByte('\n')
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := h.w.Write(line.Bytes())
	return err
}

// flatten appends a, or what is in the group a.
func flatten(attrs []slog.Attr, prefix string, a slog.Attr) []slog.Attr {
	a.Value = a.Value.Resolve()
	if a.Value.Kind() != slog.KindGroup {
		if a.Equal(slog.Attr{}) {
			return attrs
		}
		return append(attrs, slog.Attr{Key: prefix + a.Key, Value: a.Value})
	}
	if a.Key != "" {
		prefix += a.Key + "."
	}
	for _, inner := range a.Value.Group() {
		attrs = flatten(attrs, prefix, inner)
	}
	return attrs
}

func rank(key string) int {
	if i := slices.Index(first, key); i >= 0 {
		return i
	}
	return len(first)
}

// shortValue rounds what is measured to what can be read at a glance.
func shortValue(v slog.Value) string {
	switch v.Kind() {
	case slog.KindDuration:
		d := v.Duration()
		if d > time.Second {
			return d.Round(10 * time.Millisecond).String()
		}
		return d.Round(10 * time.Microsecond).String()
	case slog.KindFloat64:
		return strconv.FormatFloat(math.Round(v.Float64()*10)/10, 'f', -1, 64)
	}
	s := v.String()
	if n := utf8.RuneCountInString(s); n > maxShown {
		return string([]rune(s)[:maxShown]) + fmt.Sprintf("… (%d characters more)", n-maxShown)
	}
	return s
}

// oneWord quotes a value that a reader could not tell from what is around it.
func oneWord(s string) string {
	if s == "" || strings.ContainsAny(s, " =\"") || harmless(s) != s {
		return strconv.Quote(s)
	}
	return s
}

// harmless quotes a text that would do something to a terminal: a function may
// print anything.
func harmless(s string) string {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}
