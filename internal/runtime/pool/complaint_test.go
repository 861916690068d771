package pool_test

import (
	"encoding/json"
	"testing"
)

func TestAnswer_HasTheLastComplaintOfItsInvocation(t *testing.T) {
	p := newPool(t, nil)
	for _, tt := range []struct {
		name  string
		order order
		want  string
	}{
		{"a warning with a reason", order{Warn: `{"level":"WARN","msg":"source","reason":"the deadline is near"}`}, "source: the deadline is near"},
		{"nothing", order{}, ""}, // and not what the one before said
		{"an error on stdout", order{Print: `{"level":"ERROR","msg":"failed","error":"no such bucket"}`}, "failed: no such bucket"},
		{"no more than information", order{Warn: `{"level":"INFO","msg":"source","reason":"none"}`}, ""},
		{"plain words on stderr", order{Warn: "disk full"}, "disk full"},
		{"plain words on stdout", order{Print: "disk full"}, ""},
		{"a warning without words", order{Print: `{"level":"WARN","msg":""}` + "\n" + `{"level":"WARN","msg":""}`}, ""},
		{"of another invocation", order{Warn: `{"level":"WARN","msg":"late","request_id":"other"}`}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			payload, err := json.Marshal(tt.order)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := p.Invoke(t.Context(), payload)
			if err != nil {
				t.Fatal(err)
			}
			if got := answer.Complaint(t.Context()); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
