package app

import "runtime/debug"

// stamped is what the linker was given with -X: what make builds of one tree, for whatever
// place, says the same in manifests, logs and labels, and in a Dockerfile there is no
// repository to ask. Nothing writes it.
var stamped string //nolint:gochecknoglobals // what -X sets is a variable

// Version returns what this build was told that it is, or else what the Go toolchain recorded
// of it: a module version, or the commit, with "+dirty" where the tree differed from it.
func Version() string {
	if stamped != "" {
		return stamped
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	commit, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+dirty"
		}
	}
	if commit == "" {
		return "devel"
	}
	return commit[:min(len(commit), 12)] + dirty
}
