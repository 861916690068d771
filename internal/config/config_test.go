package config_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pixmill/internal/config"
	"pixmill/internal/fault"
	"pixmill/internal/preset"
)

const small = `source: {bucket: photos}
output: {bucket: pictures}
rules: [{match: "**", presets: [one]}]
presets:
  one: [{name: small, width: 100}]
`

// environment returns a getenv over a map.
func environment(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

// write writes small, with another bucket for its source, and returns the path.
func write(t *testing.T, dir, name, bucket string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(strings.Replace(small, "photos", bucket, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoad_TheMoreSpecialPlaceGoesFirst(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	named, variable := write(t, dir, "named.yaml", "named"), write(t, dir, "variable.yaml", "variable")
	check := func(env map[string]string, file, from, bucket string) {
		t.Helper()
		s, err := config.Load(environment(env), file)
		if err != nil {
			t.Fatal(err)
		}
		if s.From != from || s.Presets.Source.Bucket != bucket {
			t.Errorf("got bucket %q from %q, want %q from %q", s.Presets.Source.Bucket, s.From, bucket, from)
		}
	}
	check(nil, "", config.BuiltIn, "uploads")
	write(t, dir, config.DefaultFile, "default")
	check(nil, "", config.DefaultFile, "default")
	check(map[string]string{config.VarConfig: variable}, "", variable, "variable")
	check(map[string]string{config.VarConfig: small}, "", config.VarConfig, "photos")
	check(map[string]string{config.VarConfig: variable}, named, named, "named")
	check(map[string]string{config.VarConfig: variable, config.VarSourceBucket: "override"}, named, named, "override")
}

func TestLoad_SaysTogetherWhatIsWrong(t *testing.T) {
	_, err := config.Load(environment(map[string]string{
		config.VarConfig:       strings.Replace(small, "width", "widht", 1),
		config.VarOutputBucket: "Bad_Name",
		config.VarLogLevel:     "loud",
		config.VarLogFormat:    "xml",
	}), "")
	if err == nil {
		t.Fatal("no error")
	}
	want := strings.Join([]string{
		`PIXMILL_LOG_LEVEL: "loud" is not one of debug, info, warn, error`,
		`PIXMILL_LOG_FORMAT: "xml" is not one of json, text, terminal`,
		`PIXMILL_OUTPUT_BUCKET: "Bad_Name" is not a bucket's name: 3 to 63 of a-z, 0-9, '.' and '-', beginning and ending with a letter or digit`,
		`PIXMILL_CONFIG:5:23: presets.one[0].widht: unknown field; did you mean "width"?`,
	}, "\n")
	if err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if fault.KindOf(err) != fault.Misconfigured {
		t.Errorf("kind is %v", fault.KindOf(err))
	}
}

func TestLoad_AFileThatIsNamedMustBeThere(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, load := range []func() (config.Settings, error){
		func() (config.Settings, error) { return config.Load(environment(nil), "gone.yaml") },
		func() (config.Settings, error) {
			return config.Load(environment(map[string]string{config.VarConfig: "gone.yaml"}), "")
		},
	} {
		if _, err := load(); err == nil || !strings.Contains(err.Error(), "gone.yaml") || fault.KindOf(err) != fault.Misconfigured {
			t.Errorf("error is %v", err)
		}
	}
}

func TestLoad_OverridesCannotMakeALoop(t *testing.T) {
	_, err := config.Load(environment(map[string]string{config.VarConfig: small, config.VarOutputBucket: "photos"}), "")
	if err == nil || !strings.Contains(err.Error(), "same place") {
		t.Errorf("error is %v", err)
	}
}

func TestLog_LevelAndFormat(t *testing.T) {
	for _, test := range []struct {
		level, format, standard string
		want                    string
	}{
		{"", "", config.FormatJSON, `{"level":"INFO","msg":"b"}` + "\n"},
		{"", "", config.FormatText, "level=INFO msg=b\n"},
		{"DEBUG", "TEXT", config.FormatJSON, "level=DEBUG msg=a\nlevel=INFO msg=b\n"},
		{"warn", "json", config.FormatText, ""},
		{"", "", config.FormatTerminal, "INFO  b\n"},
		{"debug", "terminal", config.FormatJSON, "DEBUG a\nINFO  b\n"},
	} {
		s, err := config.Load(environment(map[string]string{
			config.VarConfig: small, config.VarLogLevel: test.level, config.VarLogFormat: test.format,
		}), "")
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		log := slog.New(withoutTime{s.Log.Logger(&out, test.standard).Handler()})
		log.Debug("a")
		log.Info("b")
		if out.String() != test.want {
			t.Errorf("%+v: got %q", test, out.String())
		}
	}
}

func TestLoad_NotifyFromTheEnvironment(t *testing.T) {
	text := small + "notify: {eventbridge: default}\n"
	load := func(notify string) (config.Settings, error) {
		return config.Load(environment(map[string]string{config.VarConfig: text, config.VarNotify: notify}), "")
	}
	queue := "https://sqs.eu-central-1.amazonaws.com/123456789012/done"
	for notify, want := range map[string]preset.Notify{
		"":             {EventBridge: "default"},
		"none":         {},
		"sqs=" + queue: {SQS: queue},
	} {
		if s, err := load(notify); err != nil || s.Presets.Notify != want {
			t.Errorf("%q: %+v, %v; want %+v", notify, s.Presets, err, want)
		}
	}
	if _, err := load("default"); err == nil || !strings.Contains(err.Error(), `PIXMILL_NOTIFY: "default" is not one of eventbridge=BUS`) {
		t.Errorf("error is %v", err)
	}
}
