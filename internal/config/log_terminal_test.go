package config_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"pixmill/internal/config"
)

func TestTerminalLog_ShowsWhatIsReadAtAGlance(t *testing.T) {
	for name, c := range map[string]struct {
		log  func(*slog.Logger)
		want string
	}{
		"a source as a function reports it": {
			func(l *slog.Logger) {
				l.With("request_id", "fe24f483").Info("source", "bucket", "uploads", "attempt", 1.0, "puts", 6.0, "deletes", 0.0,
					"duration_ms", 766.095, "messages", 1.0, "passes", 2.0, "result", "written", "sequencer", "01", "key", "a/b.jpg")
			},
			"INFO  source key=a/b.jpg result=written puts=6 duration_ms=766.1\n",
		},
		"a second attempt": {
			func(l *slog.Logger) { l.Warn("source", "attempt", 2, "key", "sea side.jpg", "reason", `not "this"`) },
			"WARN  source key=\"sea side.jpg\" reason=\"not \\\"this\\\"\" attempt=2\n",
		},
		"a duration": {
			func(l *slog.Logger) { l.Info("recheck done", "took", 266797664*time.Nanosecond, "queued", 0) },
			"INFO  recheck done took=266.8ms queued=0\n",
		},
		"what would move the cursor": {
			func(l *slog.Logger) { l.Error("\x1b[2J", "error", errors.New("a\nb"), "k", "\x07", "\x1b[1m", 1) },
			"ERROR \"\\x1b[2J\" error=\"a\\nb\" k=\"\\a\" \"\\x1b[1m\"=1\n",
		},
		"groups": {
			func(l *slog.Logger) {
				l.WithGroup("g").With("a", 1).Info("m", slog.Group("h", slog.Int("b", 2)), slog.Group("", slog.Int("c", 3)))
			},
			"INFO  m g.a=1 g.h.b=2 g.c=3\n",
		},
		"a long value": {
			func(l *slog.Logger) { l.Info("m", "event", strings.Repeat("ü", 500)) },
			fmt.Sprintf("INFO  m event=\"%s… (100 characters more)\"\n", strings.Repeat("ü", 400)),
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			c.log(config.Log{}.Logger(&out, config.FormatTerminal))
			if _, got, _ := strings.Cut(out.String(), " "); got != c.want {
				t.Errorf("got  %s want %s", got, c.want)
			}
		})
	}
}

func TestTerminalLog_BeginsWithTheTimeOfDay(t *testing.T) {
	var out bytes.Buffer
	config.Log{}.Logger(&out, config.FormatTerminal).Info("m")
	word, _, _ := strings.Cut(out.String(), " ")
	if _, err := time.Parse(time.TimeOnly, word); err != nil {
		t.Errorf("the line is %q: %v", &out, err)
	}
}

// A function's output and its errors are logged by several goroutines.
func TestTerminalLog_OneLoggerForMany(t *testing.T) {
	var out bytes.Buffer
	log := config.Log{}.Logger(&out, config.FormatTerminal).With("z", 1, "key", "a") // to be put in order
	var many sync.WaitGroup
	for range 4 {
		many.Go(func() { log.Info("m") })
	}
	many.Wait()
	if n := strings.Count(out.String(), " m key=a z=1\n"); n != 4 {
		t.Errorf("%d of 4 lines are whole:\n%s", n, &out)
	}
}

// A Handler has rules of its own, which the standard library tests.
func TestTerminalLog_IsAHandler(t *testing.T) {
	var out bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		out.Reset()
		return config.Log{}.Logger(&out, config.FormatTerminal).Handler()
	}, func(t *testing.T) map[string]any { return parseLine(t, out.String()) })
}

// parseLine reads a line whose values have no spaces.
func parseLine(t *testing.T, line string) map[string]any {
	t.Helper()
	words := strings.Fields(line)
	record := map[string]any{}
	if len(words) > 0 && strings.Count(words[0], ":") == 2 {
		record[slog.TimeKey], words = words[0], words[1:]
	}
	if len(words) < 2 {
		t.Fatalf("the line is %q", line)
	}
	record[slog.LevelKey], record[slog.MessageKey] = words[0], words[1]
	for _, word := range words[2:] {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			continue // of the message
		}
		at := record
		for head, rest, more := strings.Cut(name, "."); more; head, rest, more = strings.Cut(name, ".") {
			inner, _ := at[head].(map[string]any)
			if inner == nil {
				inner = map[string]any{}
				at[head] = inner
			}
			at, name = inner, rest
		}
		at[name] = value
	}
	return record
}
