package preset_test

import (
	"strings"
	"testing"

	"pixmill/internal/imaging"
	"pixmill/internal/preset"
)

// file has a line for every section, so that tests can replace one of them.
const file = `revision: 3
source: {bucket: uploads, prefix: ""}
output: {bucket: variants, prefix: ""}
rules:
  - match: "avatars/**"
    presets: [avatar]
  - match: "**"
    presets: [web]
presets:
  avatar:
    - {name: avatar, width: 256, height: 256, fit: cover, gravity: smart, format: webp}
  web:
    - {name: hero,  width: 1600, format: avif, quality: 55}
    - {name: large, width: 1600, format: jpeg}
    - {name: thumb, width: 200, height: 200, fit: cover, gravity: center, format: webp, dpr: [1, 1.5, 2]}
`

func mustParse(t *testing.T, yaml string) *preset.Config {
	t.Helper()
	cfg, err := preset.Parse("pixmill.yaml", []byte(yaml))
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return cfg
}

func TestParse_ReadsWhatIsWritten(t *testing.T) {
	cfg := mustParse(t, file)
	if cfg.Revision != 3 || cfg.Engine != "vips" || cfg.Source.Bucket != "uploads" || cfg.Output.Bucket != "variants" {
		t.Errorf("head is %d, %q, %v, %v", cfg.Revision, cfg.Engine, cfg.Source, cfg.Output)
	}
	if cfg.Limits != imaging.DefaultLimits() {
		t.Errorf("limits are %+v, want the defaults", cfg.Limits)
	}
	rule := cfg.Match("a/b.jpg")
	if rule == nil || rule.Match != "**" {
		t.Fatalf("a/b.jpg matches %v", rule)
	}
	var names []string
	for _, v := range rule.Variants {
		names = append(names, v.FileName(v.Spec.Format))
	}
	if got, want := strings.Join(names, " "), "hero.avif large.jpg thumb.webp thumb@1.5x.webp thumb@2x.webp"; got != want {
		t.Errorf("variants are %s, want %s", got, want)
	}
	want := imaging.Spec{Width: 200, Height: 200, Fit: imaging.FitCover, Format: imaging.FormatWebP, DPR: 1.5}
	if got := rule.Variants[3].Spec; !equalSpec(got, want) {
		t.Errorf("thumb@1.5x is %+v, want %+v", got, want)
	}
}
