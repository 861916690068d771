package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"pixmill/internal/fault"
)

func TestPlain_LeavesOutKindsOnly(t *testing.T) {
	open := fault.New(fault.Misconfigured, "open", "c.yaml", fs.ErrNotExist)
	named := errors.New(`no such preset: "rejected: x"`)
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"no fault":            {named, `no such preset: "rejected: x"`},
		"one":                 {open, `open "c.yaml": file does not exist`},
		"in words":            {fmt.Errorf("--config: %w", open), `--config: open "c.yaml": file does not exist`},
		"one in another":      {fault.New(fault.Transient, "load", "", open), `load: open "c.yaml": file does not exist`},
		"several":             {errors.Join(open, fault.New(fault.Rejected, "read", "a", named)), "open \"c.yaml\": file does not exist\nread \"a\": no such preset: \"rejected: x\""},
		"a key like a kind":   {fault.New(fault.Rejected, "rejected: read", "", named), `rejected: read: no such preset: "rejected: x"`},
		"a joined cause":      {fault.New(fault.Rejected, "read", "", errors.Join(named, open)), "read: no such preset: \"rejected: x\"\nopen \"c.yaml\": file does not exist"},
		"usage errors unwrap": {usageError{open}, `open "c.yaml": file does not exist`},
	} {
		if got := plain(c.err); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
