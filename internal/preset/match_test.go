package preset_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pixmill/internal/preset"
)

func TestMatch_FirstRuleThatMatches(t *testing.T) {
	cfg := mustParse(t, strings.NewReplacer(
		`"avatars/**"`, `"avatars/**/*.{jpg,png}"`,
		`- match: "**"`, `- match: "**/*.jpg"`,
		"bucket: uploads, prefix: \"\"", "bucket: uploads, prefix: in/",
	).Replace(file))
	for key, want := range map[string]string{
		"in/avatars/a.jpg":        "avatars/**/*.{jpg,png}",
		"in/avatars/x/y/a.png":    "avatars/**/*.{jpg,png}",
		"in/photo.jpg":            "**/*.jpg",
		"in/a b/größe +%2B.jpg":   "**/*.jpg",
		"in/photo.JPG":            "", // case matters
		"in/avatars/a.gif":        "",
		"photo.jpg":               "", // outside the prefix
		"inner/photo.jpg":         "",
		"in/":                     "",
		"in":                      "",
		"":                        "",
		"in/folder.jpg/":          "",
		"in//photo.jpg":           "",
		"in/./photo.jpg":          "",
		"in/../photo.jpg":         "",
		"in/../../etc/passwd.jpg": "",
		"in/..a.jpg":              "**/*.jpg", // two dots within a name are a name
	} {
		got := ""
		if rule := cfg.Match(key); rule != nil {
			got = rule.Match
		}
		if got != want {
			t.Errorf("%q matches %q, want %q", key, got, want)
		}
	}
}

func TestMatch_OneStarStaysInItsSegment(t *testing.T) {
	cfg := mustParse(t, strings.Replace(file, `- match: "**"`, `- match: "*.jpg"`, 1))
	if cfg.Match("a.jpg") == nil || cfg.Match("b/a.jpg") != nil {
		t.Error("*.jpg must match a.jpg and not b/a.jpg")
	}
}

func TestFolder_IsUndoneBySourceKey(t *testing.T) {
	key := rapid.StringMatching(`[a-c./é %]{1,8}(/[a-c./]{1,4}){0,3}`)
	prefix := rapid.SampledFrom([]string{"", "in/", "a/b/"})
	rapid.Check(t, func(t *rapid.T) {
		cfg := &preset.Config{
			Source: preset.Location{Bucket: "uploads", Prefix: prefix.Draw(t, "source prefix")},
			Output: preset.Location{Bucket: "variants", Prefix: prefix.Draw(t, "output prefix")},
		}
		source := cfg.Source.Prefix + key.Draw(t, "key")
		folder := cfg.Folder(source)
		for _, object := range []string{folder, folder + "manifest.json", folder + "thumb@2x.webp"} {
			if got, ok := cfg.SourceKey(object); !ok || got != source {
				t.Fatalf("%q belongs to %q, %v; want %q", object, got, ok, source)
			}
		}
	})
}

func TestSourceKey_RefusesWhatIsInNoFolder(t *testing.T) {
	cfg := &preset.Config{Output: preset.Location{Bucket: "variants", Prefix: "out/"}}
	for _, key := range []string{"", "out/", "out/readme.txt", "out//thumb.webp", "elsewhere/a.jpg/thumb.webp", "out"} {
		if got, ok := cfg.SourceKey(key); ok {
			t.Errorf("%q belongs to %q, want to none", key, got)
		}
	}
}

func TestInSource_IsAboutThePrefixOnly(t *testing.T) {
	cfg := &preset.Config{Source: preset.Location{Bucket: "uploads", Prefix: "in/"}}
	for key, want := range map[string]bool{"in/a.jpg": true, "in/": true, "in/../a": true, "in": false, "inn/a.jpg": false, "a.jpg": false} {
		if got := cfg.InSource(key); got != want {
			t.Errorf("InSource(%q) = %v, want %v", key, got, want)
		}
	}
}

func TestWithPreset_IsForEveryKeyAndChangesNothingElse(t *testing.T) {
	cfg := mustParse(t, strings.Replace(file, "presets:\n", "presets:\n  print: [{name: poster, width: 4000}]\n", 1))
	one, err := cfg.WithPreset("print") // which no rule names
	if err != nil {
		t.Fatal(err)
	}
	if rule := one.Match("avatars/me.jpg"); len(rule.Variants) != 1 || rule.Variants[0].Name != "poster" || rule.Hash == "" {
		t.Errorf("the rule is %+v", rule)
	}
	if cfg.Match("avatars/me.jpg").Variants[0].Name != "avatar" {
		t.Error("the original has changed")
	}
	web, err := cfg.WithPreset("web")
	if err != nil || web.Rules[0].Hash != cfg.Rules[1].Hash {
		t.Errorf("the same variants have another hash: %v", err)
	}
	if _, err := cfg.WithPreset("wep"); err == nil || err.Error() != `there is no preset "wep"; did you mean "web"?` {
		t.Errorf("error is %v", err)
	}
}
