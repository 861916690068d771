package lambdafn

import "testing"

func TestLog_RejectedSourceIsAWarning(t *testing.T) {
	for key, want := range map[string]string{"fine": "INFO", "notimage": "WARN", "transient": "WARN", "misconfigured": "ERROR"} {
		f := newFixture()
		if _, err := f.Invoke(t.Context(), batchOf(t, message{id: "m", keys: []string{key}})); err != nil {
			t.Fatal(err)
		}
		if lines := f.lines(t, "source"); len(lines) != 1 || lines[0]["level"] != want {
			t.Errorf("%s: the log is %s; want one line at %s", key, f.log, want)
		}
	}
}
