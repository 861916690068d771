package scripts

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var built = regexp.MustCompile(`make .*STAMP="\$VERSION" "?(dist/[^"\s]+)`)

// Each program in an image says which version it is: docker build has no .git to look into.
func TestDockerfiles_StampTheVersion(t *testing.T) {
	for file, programs := range map[string]int{"../Dockerfile": 2, "../functions/lambda/Dockerfile": 1} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		stamped := 0
		for _, stage := range strings.Split(strings.ReplaceAll(string(text), "\\\n", ""), "\nFROM ") {
			target := built.FindStringSubmatch(stage)
			if target == nil {
				continue
			}
			stamped++
			if before, _, _ := strings.Cut(stage, target[0]); !strings.Contains(before, "\nARG VERSION=\n") {
				t.Errorf("%s: VERSION is no argument of the stage that builds %s", file, target[1])
			}
			commands := wouldRun(t, []string{"STAMP=v9", strings.ReplaceAll(target[1], "$arch", "amd64")})
			if !strings.Contains(commands, "app.stamped=v9") {
				t.Errorf("%s: make %s stamps nothing: %s", file, target[1], commands)
			}
		}
		if stamped != programs {
			t.Errorf("%s stamps %d programs, want %d", file, stamped, programs)
		}
	}
}
