package preset_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pixmill/internal/imaging"
	"pixmill/internal/preset"
)

func equalSpec(a, b imaging.Spec) bool { return reflect.DeepEqual(a, b) }

func TestParse_AnchorsAndMergeKeys(t *testing.T) {
	cfg := mustParse(t, `
source: {bucket: uploads}
output: {bucket: variants}
rules:
  - {match: "**", presets: &all [web]}
presets:
  web:
    - &base {name: large, width: 1600, format: webp, quality: 70}
    - {<<: *base, name: small, width: 400}
    - name: thumb
      width: &side 200
      height: *side
      fit: cover
`)
	got := cfg.Rules[0].Variants
	if want := (imaging.Spec{Width: 400, Format: "webp", Quality: 70}); got[1].Name != "small" || !equalSpec(got[1].Spec, want) {
		t.Errorf("small is %+v, want %+v", got[1], want)
	}
	if want := (imaging.Spec{Width: 200, Height: 200, Fit: "cover"}); !equalSpec(got[2].Spec, want) {
		t.Errorf("thumb is %+v, want %+v", got[2].Spec, want)
	}
}

func TestParse_LineEndingsAndByteOrderMark(t *testing.T) {
	want := mustParse(t, file)
	for name, data := range map[string]string{
		"CRLF":            strings.ReplaceAll(file, "\n", "\r\n"),
		"byte order mark": "\ufeff" + file,
		"document marks":  "---\n" + file + "...\n",
	} {
		if got := mustParse(t, data); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestParse_RefusesWhatIsNoConfiguration(t *testing.T) {
	bomb := "source: &a {bucket: uploads}\nrules:\n"
	for i := range 40 {
		bomb += fmt.Sprintf("  - &r%d {match: x, presets: [%s]}\n", i, strings.Repeat("p, ", 1000))
	}
	laughs := "x: &l0 {bucket: uploads}\n"
	for i := range 9 {
		laughs += fmt.Sprintf("x%d: &l%d {<<: *l%d, <<: *l%d, <<: *l%d, <<: *l%d, <<: *l%d}\n", i+1, i+1, i, i, i, i, i)
	}
	for name, test := range map[string]struct {
		data string
		want string
	}{
		"empty":          {"", "p.yaml: the file is empty: it needs source, output, rules and presets"},
		"comments only":  {"# nothing\n", "p.yaml: the file is empty: it needs source, output, rules and presets"},
		"not text":       {"\xff\xd8\xff\xe0", "p.yaml: the file is not UTF-8 text"},
		"a megabyte":     {strings.Repeat("#", 1<<20+1), "p.yaml: the file has 1048577 bytes, over the limit of 1048576"},
		"a list":         {"- a\n", "p.yaml:1:1: want a map of fields, not a list"},
		"a word":         {"pixmill", `p.yaml:1:1: want a map of fields, not the text "pixmill"`},
		"itself":         {"source: &a\n  <<: *a\n", "p.yaml:2:7: source: merge keys are nested deeper than 16"},
		"a billion":      {laughs + "source: *l9\n", "more than 100000 values"},
		"too many rules": {bomb + strings.Repeat("  - *r1\n", 200), "more than 100000 values"},
	} {
		_, err := preset.Parse("p.yaml", []byte(test.data))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error is %.300v, want %q", name, err, test.want)
		}
	}
}

func TestLoad_NamesTheFileThatIsMissing(t *testing.T) {
	_, err := preset.Load("testdata/no-such-file.yaml")
	if err == nil || !strings.Contains(err.Error(), "testdata/no-such-file.yaml") {
		t.Errorf("error is %v", err)
	}
}

func TestParse_BucketsFromOutside(t *testing.T) {
	cfg, err := preset.Parse("p.yaml", []byte(file), preset.SourceBucket("photos"), preset.OutputBucket("pictures"))
	if err != nil || cfg.Source.Bucket != "photos" || cfg.Output.Bucket != "pictures" {
		t.Errorf("got %+v, %v", cfg, err)
	}
	if _, err := preset.Parse("p.yaml", []byte(file), preset.SourceBucket("variants")); err == nil {
		t.Error("an override that makes a loop is taken")
	}
	without := strings.NewReplacer("bucket: uploads, ", "", "bucket: variants, ", "").Replace(file)
	if _, err := preset.Parse("p.yaml", []byte(without), preset.SourceBucket("photos"), preset.OutputBucket("pictures")); err != nil {
		t.Errorf("a file without buckets and both from outside: %v", err)
	}
}

// FuzzParse wants no panic and no hang, and of everything that is taken, that it
// is safe: no loop, valid names, every variant reachable by one key.
func FuzzParse(f *testing.F) {
	f.Add([]byte(file))
	f.Add([]byte("a: &a [*a]\n<<: *a"))
	f.Add([]byte("? [x]\n: {y: |\n  z}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, err := preset.Parse("p.yaml", bytes.Clone(data))
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a word")
			}
			return
		}
		if cfg.Source.Bucket == cfg.Output.Bucket &&
			(strings.HasPrefix(cfg.Source.Prefix, cfg.Output.Prefix) || strings.HasPrefix(cfg.Output.Prefix, cfg.Source.Prefix)) {
			t.Errorf("a loop: %+v, %+v", cfg.Source, cfg.Output)
		}
		for _, rule := range cfg.Rules {
			names := map[string]bool{}
			for _, v := range rule.Variants {
				folded := strings.ToLower(v.Name)
				if names[folded] || strings.ContainsAny(folded, "/\\ ") || !preset.ValidKey(folded) {
					t.Errorf("the name %q", v.Name)
				}
				names[folded] = true
			}
		}
	})
}
