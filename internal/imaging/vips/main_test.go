package vips_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pixmill/internal/imaging/vips"
)

// TestMain fails the package if goroutines, images or pixel memory of libvips
// are left when all tests are done.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if bytes, objects := settled(); bytes != 0 || objects != 0 {
			fmt.Fprintf(os.Stderr, "libvips still holds %d bytes and %d objects\n", bytes, objects)
			code = max(code, 1)
		}
		vips.Shutdown()
		os.Exit(code)
	}))
}

// settled waits for libvips's idle threads, which keep a few buffers until they
// end, and returns what is left then.
func settled() (bytes int64, objects int) {
	for range 200 {
		bytes, objects = vips.Tracked()
		if bytes == 0 && objects == 0 {
			break
		}
		time.Sleep(100 * time.Millisecond) // nothing tells when a thread of C has ended
	}
	return bytes, objects
}
