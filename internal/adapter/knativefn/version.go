package knativefn

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"pixmill/internal/app"
	"pixmill/internal/preset"
)

// HeaderVersion is in every answer that is Pixmill's own: which version of the function
// gave it. A sender that sees another one may bring again what it had given up.
const HeaderVersion = "Pixmill-Function"

// VarRevision is set by Knative in each pod: the name of the Revision, of which there is
// a new one for every change of its environment, its limits or its image.
const VarRevision = "K_REVISION"

// versionOf names the build and, in a hash, all else that decides whether an event can be
// worked on: "v1.0.0 5e1d33a97e0c6f42". The pods of one Deployment have the same, wherever
// they run: of the memory, the container's limit counts, and not what there is of it.
func versionOf(core *app.App, presets *preset.Config, own settings, getenv func(string) string) string {
	limit, err := memlimit.FromCgroup()
	if err != nil {
		limit = 0 // there is none
	}
	h := sha256.New()
	for _, part := range []any{core.Engine.Capability(), presets, own.timeout, getenv(VarRevision), limit, program()} {
		text, _ := json.Marshal(part) // plain values
		fmt.Fprintf(h, "%s\n", text)
	}
	return app.Version() + " " + hex.EncodeToString(h.Sum(nil)[:8])
}

// program tells builds of one version apart, as far as its file does.
func program() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d bytes of %d", info.Size(), info.ModTime().UnixNano())
}
