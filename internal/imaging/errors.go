package imaging

import (
	"fmt"

	"pixmill/internal/fault"
)

// UnsupportedError says that an engine cannot do what a Spec asks for, however
// often it is tried. Its kind is Permanent.
type UnsupportedError struct {
	Engine string // "vips", "bimg"
	What   string // "trim", "gravity northeast", "output jxl"
}

// Error names the engine and what it lacks.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("the %s engine does not support %s", e.Engine, e.What)
}

// FaultKind returns Permanent.
func (e *UnsupportedError) FaultKind() fault.Kind { return fault.Permanent }
