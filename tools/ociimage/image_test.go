package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// What an image says of itself is written down in image.go, and for Docker once more for each of
// the two images.
func TestDockerfile_SaysTheSameAsConfig(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(filepath.Dir(dist), "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "FROM scratch AS full\n")
	full, rest, _ := strings.Cut(rest, "\nFROM ")
	_, small, found := strings.Cut(rest, "FROM scratch AS small\n")
	if !found {
		t.Fatal("the Dockerfile has no stages full and small in this order")
	}
	for stage, o := range map[string]options{full: {root: "root.tar"}, small: {}} {
		c := config(o).Config
		want := []string{
			`ENTRYPOINT ["` + c.Entrypoint[0] + `"]`, "USER " + c.User, "WORKDIR " + c.WorkingDir, "EXPOSE 8080",
			"STOPSIGNAL " + c.StopSignal, "ENV " + c.Env[0], ".version=$VERSION", ".revision=$REVISION",
		}
		for label, value := range c.Labels {
			switch {
			case value == "": // an argument
			case strings.Contains(value, " "):
				want = append(want, label+"="+strconv.Quote(value))
			default:
				want = append(want, label+"="+value)
			}
		}
		for _, line := range want {
			if !strings.Contains(stage, line) {
				t.Errorf("no %s in\n%s", line, stage)
			}
		}
	}
}
