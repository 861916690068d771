package iam_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"pixmill/internal/imaging/vips"
)

// TestMain leaves out two goroutines of the embedded store's HTTP library, which
// sleep for some seconds and then end.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.Cleanup(func(code int) {
			if bytes, _ := vips.Tracked(); bytes != 0 {
				fmt.Fprintf(os.Stderr, "libvips still holds %d bytes\n", bytes)
				code = max(code, 1)
			}
			vips.Shutdown()
			os.Exit(code)
		}))
}
