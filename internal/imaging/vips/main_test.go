package vips_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"pixmill/internal/imaging/vips"
)

// TestMain fails the package if goroutines, images or pixel memory of libvips
// are left when all tests are done.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if bytes, objects := vips.Tracked(); bytes != 0 || objects != 0 {
			fmt.Fprintf(os.Stderr, "libvips still holds %d bytes and %d objects\n", bytes, objects)
			code = max(code, 1)
		}
		vips.Shutdown()
		os.Exit(code)
	}))
}
