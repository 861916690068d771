package driver_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pixmill/internal/blob/driver"
	"pixmill/internal/fault"
)

func TestError_KindSaysWhatToDo(t *testing.T) {
	tests := map[driver.Code]fault.Kind{
		driver.CodeUnavailable:        fault.Transient,
		driver.CodeNotFound:           fault.Transient,
		driver.CodeNoSuchKey:          fault.Transient,
		driver.CodePreconditionFailed: fault.Transient,
		driver.CodeConflict:           fault.Transient,
		driver.CodeNoSuchBucket:       fault.Misconfigured,
		driver.CodeAccessDenied:       fault.Misconfigured,
		driver.CodeWrongRegion:        fault.Misconfigured,
		driver.CodeNotImplemented:     fault.Misconfigured,
		driver.CodeInvalidKey:         fault.Permanent,
	}
	for code, want := range tests {
		err := fmt.Errorf("around: %w", &driver.Error{Code: code})
		if got := fault.KindOf(err); got != want {
			t.Errorf("%v is %v, want %v", code, got, want)
		}
		if got := driver.CodeOf(err); got != code {
			t.Errorf("CodeOf(%v) = %v, want %v", err, got, code)
		}
		if strings.HasPrefix(code.String(), "code(") {
			t.Errorf("code %d has no name", int(code))
		}
	}
	if got := driver.Code(len(tests)).String(); got != fmt.Sprintf("code(%d)", len(tests)) {
		t.Errorf("a code that is not in this table has the name %q", got)
	}
}

func TestCodeOf_WithoutACodeIsUnavailable(t *testing.T) {
	for _, err := range []error{nil, errors.New("x")} {
		if got := driver.CodeOf(err); got != driver.CodeUnavailable {
			t.Errorf("CodeOf(%v) = %v", err, got)
		}
	}
}
