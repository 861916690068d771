// Package vipstest ends the tests of packages that use libvips: it looks for what
// they have left, and takes part in no test.
package vipstest

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pixmill/internal/imaging/vips"
)

// Main runs a package's tests, and fails it if goroutines, but for those that the
// options name, or images or pixel memory of libvips are left when all are done.
func Main(m *testing.M, options ...goleak.Option) {
	goleak.VerifyTestMain(m, append(options, goleak.Cleanup(func(code int) {
		if bytes, objects := settled(); bytes != 0 || objects != 0 {
			fmt.Fprintf(os.Stderr, "libvips still holds %d bytes and %d objects\n", bytes, objects)
			code = max(code, 1)
		}
		vips.Shutdown()
		os.Exit(code) //nolint:revive // deep-exit: goleak leaves the end to its Cleanup
	}))...)
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
