package iam_test

import (
	"testing"

	"pixmill/internal/imaging/vips/vipstest"
	"pixmill/internal/runtime/store/storetest"
)

func TestMain(m *testing.M) { vipstest.Main(m, storetest.Late()...) }
