package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pixmill/internal/config"
)

// runExplain runs the command in the folder of its test data.
func runExplain(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Chdir(filepath.Join("testdata", "explain-event"))
	var out, errs bytes.Buffer
	args = append([]string{"explain-event"}, args...)
	code = Main(t.Context(), nil, args, strings.NewReader(stdin), &out, &errs, func(string) string { return "" })
	return code, out.String(), errs.String()
}

// UPDATE_GOLDEN=1 writes the files anew; look at the difference before it is kept.
func TestExplainEvent_Text(t *testing.T) {
	for _, name := range []string{"s3", "skipped", "sqs", "fifo", "hostile"} {
		t.Run(name, func(t *testing.T) {
			code, got, stderr := runExplain(t, "", name+".json")
			if code != exitOK || stderr != "" {
				t.Fatalf("exit code %d, standard error %q", code, stderr)
			}
			golden := name + ".golden"
			if os.Getenv("UPDATE_GOLDEN") != "" {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestExplainEvent_JSON(t *testing.T) {
	code, got, stderr := runExplain(t, "", "sqs.json", "--json")
	if code != exitOK {
		t.Fatalf("exit code %d, standard error %q", code, stderr)
	}
	var r explanation
	dec := json.NewDecoder(strings.NewReader(got))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		t.Fatalf("%v in\n%s", err, got)
	}
	if r.File != "sqs.json" || r.Config != config.DefaultFile || r.Envelope != "sqs" || len(r.Items) != 4 {
		t.Fatalf("got %+v; want four items of sqs.json", r)
	}
	ev := r.Items[0].Events[0]
	if ev.Key != "originals/avatars/ann.png" || ev.Rule == nil || ev.Rule.Match != "avatars/**" || r.Items[0].Attempt != 3 {
		t.Errorf("event is %+v; want the rule of avatars", ev)
	}
	var keys []string
	for _, o := range ev.Output.Writes {
		keys = append(keys, o.Key)
	}
	want := "avatars/ann.png/avatar.webp avatars/ann.png/avatar@2x.webp avatars/ann.png/manifest.json"
	if strings.Join(keys, " ") != want {
		t.Errorf("writes %q, want %q", keys, want)
	}
	if !strings.Contains(r.Items[1].Error, "not JSON") || r.Items[2].Ignored[0].Reason != "test-event" {
		t.Errorf("items are %+v; want an error and a test event", r.Items[1:3])
	}
	if len(r.Repeated) != 1 || r.Repeated[0].Newest != 1 {
		t.Errorf("repeated is %+v; want event 1 to be the newest", r.Repeated)
	}
}

func TestExplainEvent_StandardInputAndTheEnvironment(t *testing.T) {
	t.Chdir(t.TempDir())
	var out, errs bytes.Buffer
	stdin := strings.NewReader(`{"bucket":"photos","key":"a.jpg"}`)
	env := map[string]string{config.VarSourceBucket: "photos", config.VarConfig: `
source: {bucket: uploads}
output: {bucket: variants, prefix: made/}
rules: [{match: "**", presets: [one]}]
presets:
  one: [{name: small, width: 100, format: png}]
`}
	code := Main(t.Context(), nil, []string{"explain-event", "-"}, stdin, &out, &errs, func(name string) string { return env[name] })
	want := `standard input: direct invocation, 1 event; rules of PIXMILL_CONFIG

  1. a.jpg
     bucket     photos
     event      direct
     rule       "**": one
     output     made/a.jpg/ in bucket variants
     writes     small.png      100 px wide
                manifest.json
`
	if code != exitOK || out.String() != want {
		t.Errorf("exit code %d, got\n%s%s\nwant\n%s", code, &out, &errs, want)
	}
}

func TestExplainEvent_SizeOnlyWhereTheEventHasOne(t *testing.T) {
	for object, want := range map[string]bool{`{"key":"a.jpg"}`: false, `{"key":"a.jpg","size":7}`: true} {
		t.Run(object, func(t *testing.T) {
			payload := `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"uploads"},"object":` + object + `}}]}`
			code, stdout, stderr := runExplain(t, payload, "-")
			if code != exitOK || strings.Contains(stdout, "size       7 bytes\n") != want || strings.Contains(stdout, "size  ") != want {
				t.Errorf("exit code %d, got\n%s%s", code, stdout, stderr)
			}
		})
	}
}

func TestExplainEvent_BadInput(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, []byte("sauce: {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		stdin string
		args  []string
		code  int
		want  []string
	}{
		{"no file", "", []string{"missing.json"}, exitFailed, []string{"missing.json", "no such file"}},
		{"a folder", "", []string{"."}, exitFailed, []string{".: ", "is a directory"}},
		{"no event", "", []string{"pixmill.yaml"}, exitFailed, []string{"pixmill.yaml: ", "bytes that are not JSON"}},
		{"another event", `{"detail-type":"x"}`, []string{"-"}, exitFailed, []string{"standard input: decode event: looked for ", `saw an object with "detail-type"`}},
		{"too large", strings.Repeat(" ", 9<<20), []string{"-"}, exitFailed, []string{"over the limit of 8388608 bytes"}},
		{"no argument", "", nil, exitUsage, []string{"takes one file, or - for standard input"}},
		{"configuration that is missing", "", []string{"s3.json", "--config", "other.yaml"}, exitUsage, []string{"other.yaml", "no such file"}},
		{"configuration that is wrong", "", []string{"s3.json", "--config", broken}, exitUsage, []string{broken + ":1:1", "sauce"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := runExplain(t, tt.stdin, tt.args...)
			if code != tt.code || stdout != "" {
				t.Errorf("exit code %d, want %d; standard output %q", code, tt.code, stdout)
			}
			for _, want := range tt.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("standard error is %q, want %q in it", stderr, want)
				}
			}
		})
	}
}

func TestNewest_WhereSequencersDoNotSay(t *testing.T) {
	at := func(sequencers ...string) (int, string) {
		var events []explainedEvent
		for i, s := range sequencers {
			events = append(events, explainedEvent{Number: i + 1, Sequencer: s})
		}
		return newest(events)
	}
	if n, why := at("A1", "B1", "A2"); n != 2 {
		t.Errorf("newest is %d, %s; want 2", n, why)
	}
	if n, why := at("A1", "A1", "B1"); n != 3 {
		t.Errorf("newest is %d, %s; want 3", n, why)
	}
	if n, why := at("B1", "A1", "B1"); n != 0 || !strings.Contains(why, "twice") {
		t.Errorf("newest is %d, %s; want none", n, why)
	}
	if n, why := at("B1", ""); n != 0 || !strings.Contains(why, "sequencer is empty") {
		t.Errorf("newest is %d, %s; want none", n, why)
	}
}

func TestBytesShown(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 1: "1 byte", 999: "999 bytes", 1000: "1,000 bytes", 1234567: "1,234,567 bytes", -1000: "-1,000 bytes"} {
		if got := bytesShown(n); got != want {
			t.Errorf("bytesShown(%d) = %q, want %q", n, got, want)
		}
	}
}
