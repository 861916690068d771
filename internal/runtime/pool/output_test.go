package pool_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"pixmill/internal/outputtest"
	"pixmill/internal/runtime/pool"
)

func TestOutput_BecomesLogRecords(t *testing.T) {
	var out outputtest.Buffer
	p := newPool(t, func(o *pool.Options) { o.Log = slog.New(slog.NewJSONHandler(&out, nil)) })
	mustAsk(t, p, order{Print: "plain words"})
	mustAsk(t, p, order{Print: `{"time":"2026-01-02T03:04:05Z","level":"WARN","msg":"key was odd","key":"a b"}`})
	eventually(t, "both lines are logged", func() bool { return strings.Contains(out.String(), "key was odd") })
	for _, want := range []string{
		`"level":"INFO","msg":"plain words","stream":"stdout"`,
		`"level":"WARN","msg":"key was odd","key":"a b"`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("log lacks %s:\n%s", want, out.String())
		}
	}
}

func TestOutput_LastWordsWithoutALineBreakAreLogged(t *testing.T) {
	var log outputtest.Buffer
	p := newPool(t, func(o *pool.Options) {
		o.Function.Command = []string{"/bin/sh", "-c", "printf 'no libvips' >&2; exit 7"}
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	_, err := ask(p, order{})
	if start := (*pool.StartError)(nil); !errors.As(err, &start) || !strings.Contains(err.Error(), "exit status 7") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(log.String(), `msg="no libvips"`) {
		t.Errorf("the log is %s", &log)
	}
}
