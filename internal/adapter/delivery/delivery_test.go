package delivery

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"pixmill/internal/event"
	"pixmill/internal/fault"
	"pixmill/internal/handler"
)

// asked is a handler that fails for the keys in it, and remembers all keys.
type asked struct {
	fails map[string]fault.Kind
	keys  []string
}

func (a *asked) Handle(_ context.Context, ev event.ObjectEvent) (handler.Outcome, error) {
	a.keys = append(a.keys, ev.Key)
	if k, ok := a.fails[ev.Key]; ok {
		return handler.Outcome{}, fault.New(k, "handle", ev.Key, errors.New("as the table says"))
	}
	return handler.Outcome{Key: ev.Key, Result: handler.ResultWritten}, nil
}

func of(keys ...string) event.Item {
	var it event.Item
	for _, k := range keys {
		it.Events = append(it.Events, event.ObjectEvent{Bucket: "b", Key: k})
	}
	return it
}

// What the two adapters ask of it in every envelope is in their own tests.
func TestHandle_TheTableSaysWhatFailsAnItem(t *testing.T) {
	for _, tt := range []struct {
		fails bool
		errs  int
	}{{true, 2}, {false, 1}} {
		h := &asked{fails: map[string]fault.Kind{"lost": fault.Transient, "bad": fault.Permanent}}
		r := Handle(t.Context(), Options{
			Handler: h, Log: slog.New(slog.DiscardHandler), Now: time.Now,
			Fails: func(k fault.Kind) bool { return tt.fails || k != fault.Permanent },
		}, event.Delivery{Items: []event.Item{of("a", "lost", "a"), of("a", "bad")}})
		if want := []string{"a", "lost", "bad"}; !slices.Equal(h.keys, want) || len(r.Sources) != 3 {
			t.Errorf("handled %q, want each of %q once", h.keys, want)
		}
		if got := r.Errs(); len(got) != tt.errs || !r.Verdicts[0].Failed() || r.Verdicts[1].Failed() != tt.fails {
			t.Errorf("permanent fails: %v; verdicts are %+v", tt.fails, r.Verdicts)
		}
	}
}
