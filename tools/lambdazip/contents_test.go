package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConfiguration_IsLookedAtBeforeItIsPacked(t *testing.T) {
	const good = `source: {bucket: uploads}
output: {bucket: variants}
rules: [{match: "**", presets: [web]}]
presets:
  web: [{name: small, width: 320}]
`
	file := filepath.Join(t.TempDir(), "ours.yaml")
	for _, c := range []struct{ text, want string }{
		{good, ""},
		{strings.Replace(good, "width", "widht", 1), "ours.yaml:5:23: presets.web[0].widht"},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		e, err := configuration(file)
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q in it", err, c.want)
			}
			continue
		}
		if err != nil || e.Name != "pixmill.yaml" || string(e.Content) != c.text || e.Executable {
			t.Errorf("got %q (%v), want it as pixmill.yaml", e.Name, err)
		}
	}
}
