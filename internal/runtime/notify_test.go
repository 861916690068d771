package runtime

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"pixmill/internal/preset"
	"pixmill/internal/runtime/store"
)

// What a configuration says of AWS's services is not for the local store.
func TestNotify_IsOffUnlessAVariableSaysOtherwise(t *testing.T) {
	bus := preset.Notify{EventBridge: "default"}
	for _, tt := range []struct {
		name      string
		notify    preset.Notify
		env       []string
		want      string
		mentioned bool
	}{
		{"configured", bus, nil, "none", true},
		{"not configured", preset.Notify{}, nil, "none", false},
		{"a variable", bus, []string{"PIXMILL_NOTIFY=eventbridge=local"}, "eventbridge=local", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			o := Options{Presets: &preset.Config{Notify: tt.notify}, Env: tt.env, Log: slog.New(slog.NewTextHandler(&log, nil))}
			got := ""
			for _, v := range o.functionEnv(store.Endpoint{}) { // the last one counts
				if value, ok := strings.CutPrefix(v, "PIXMILL_NOTIFY="); ok {
					got = value
				}
			}
			if got != tt.want {
				t.Errorf("PIXMILL_NOTIFY is %q, want %q", got, tt.want)
			}
			o.mentionNotify(t.Context())
			if mentioned := strings.Contains(log.String(), "no completion events are sent"); mentioned != tt.mentioned {
				t.Errorf("the log is %q", &log)
			}
		})
	}
}
