//go:build !bimg

package bimgengine

import (
	"strings"
	"testing"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

func TestNew_WithoutTheTagSaysHowToBuild(t *testing.T) {
	e, err := New(imaging.Limits{})
	if e != nil || fault.KindOf(err) != fault.Misconfigured || !strings.Contains(err.Error(), "-tags bimg") {
		t.Errorf("New = %v, %v; want a misconfigured error that names -tags bimg", e, err)
	}
}
