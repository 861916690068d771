package cli

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"pixmill/internal/imaging/vips"
)

// TestMain fails the package if goroutines, or images of libvips, are left; but for
// two of the embedded store's HTTP library, which sleep for some seconds and then end.
func TestMain(m *testing.M) {
	late := []goleak.Option{
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
	}
	goleak.VerifyTestMain(m, append(late, goleak.Cleanup(func(code int) {
		if bytes, allocations := vips.Tracked(); bytes != 0 || allocations != 0 {
			fmt.Fprintf(os.Stderr, "libvips still holds %d bytes in %d allocations\n", bytes, allocations)
			code = max(code, 1)
		}
		vips.Shutdown()
		os.Exit(code)
	}))...)
}

// run runs one command line in an empty environment.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return runWith(t, nil, args...)
}

func runWith(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Main(t.Context(), args, strings.NewReader(""), &out, &errs, func(name string) string { return env[name] })
	return code, out.String(), errs.String()
}
