package cli

import (
	"bytes"
	"strings"
	"testing"

	"pixmill/internal/imaging/vips/vipstest"
	"pixmill/internal/runtime/store/storetest"
)

func TestMain(m *testing.M) { vipstest.Main(m, storetest.Late()...) }

// run runs one command line in an empty environment.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return runWith(t, nil, args...)
}

func runWith(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Main(t.Context(), nil, args, strings.NewReader(""), &out, &errs, func(name string) string { return env[name] })
	return code, out.String(), errs.String()
}
