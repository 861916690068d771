package vips_test

import (
	"os"
	"testing"

	"pixmill/internal/imaging/sandbox"
	"pixmill/internal/imaging/vips"
	"pixmill/internal/imaging/vips/vipstest"
)

// self is this test program, which draws for its engines.
var self *sandbox.Program

func TestMain(m *testing.M) {
	self = vips.Sandbox(os.Getenv)
	vipstest.Main(m)
}
