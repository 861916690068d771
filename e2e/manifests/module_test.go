package manifests

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"testing"

	"pixmill/e2e/kube"
)

// The modules whose files manifests are held to. They are no dependencies: nothing of them
// is linked into anything.
const (
	eventingModule = "knative.dev/eventing@v0.50.0" // eventing/kustomization.yaml names it, too
	funcModule     = "knative.dev/func@v0.41.0"     // with schema/func_yaml-schema.json
)

// module returns the folder of a module's files. They are downloaded for the tests that
// have a cluster; others take what is in Go's cache, and are skipped without it.
func module(t *testing.T, name string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", name)
	cmd.Dir = t.TempDir() // outside this module, whose go.mod it is not to touch
	if os.Getenv(kube.VarConfig) == "" {
		cmd.Env = append(os.Environ(), "GOPROXY=off")
	}
	out, err := cmd.Output()
	var m struct{ Dir, Error string }
	if json.Unmarshal(out, &m) == nil && m.Error != "" {
		err = errors.New(m.Error)
	}
	if err != nil && os.Getenv(kube.VarConfig) == "" {
		t.Skipf("%s is not in Go's cache: go mod download %s", name, name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m.Dir
}
