package imaging

import (
	"errors"
	"fmt"
	"strings"

	"pixmill/internal/fault"
)

// ErrNotImage is in the error for what begins as no image format does that Pixmill
// knows. A known one that an engine does not read is an *UnsupportedError.
var ErrNotImage = errors.New("not an image")

// LibraryError says in plain words what could not be done. The words are the same
// for every version of the library behind an engine, so that they may stand in a
// manifest; what the library itself said is in Err, for a log.
type LibraryError struct {
	What string // "the JPEG data ends early, after 400 bytes"
	Err  error  // not nil
}

// Error returns What.
func (e *LibraryError) Error() string { return e.What }

// Unwrap returns what the library said.
func (e *LibraryError) Unwrap() error { return e.Err }

// LibraryDetail returns what a library said of a failure, beyond err's own text;
// "" where no library had a part in it. It may hold lines of other failures of the
// same moment.
func LibraryDetail(err error) string {
	var said []string
	for {
		lib, ok := errors.AsType[*LibraryError](err)
		if !ok {
			return strings.Join(said, ": ")
		}
		if err = lib.Err; err != nil {
			said = append(said, err.Error())
		}
	}
}

// UnsupportedError says that an engine cannot do what a Spec asks for, however
// often it is tried. Its kind is Permanent.
type UnsupportedError struct {
	Engine string // "vips", "bimg"
	What   string // "trim", "gravity northeast", "output jxl"
	Advice string // what else would do; may be empty
}

// Error names the engine and what it lacks, and what to do.
func (e *UnsupportedError) Error() string {
	text := fmt.Sprintf("the %s engine does not support %s", e.Engine, e.What)
	if e.Advice != "" {
		text += ": " + e.Advice
	}
	return text
}

// FaultKind returns Permanent.
func (e *UnsupportedError) FaultKind() fault.Kind { return fault.Permanent }
