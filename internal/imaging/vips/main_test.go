package vips_test

import (
	"testing"

	"pixmill/internal/imaging/vips/vipstest"
)

func TestMain(m *testing.M) { vipstest.Main(m) }
