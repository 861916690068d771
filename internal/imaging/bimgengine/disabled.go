//go:build !bimg

package bimgengine

import (
	"errors"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// New returns a Misconfigured error: this program was built without bimg.
func New(imaging.Limits) (imaging.Engine, error) {
	return nil, fault.New(fault.Misconfigured, "engine", engineName,
		errors.New("this program was built without bimg; build it with -tags bimg (make build-bimg), or use engine: vips"))
}
