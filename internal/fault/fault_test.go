package fault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"pixmill/internal/fault"
)

func TestKindOf(t *testing.T) {
	limit := &fault.LimitError{Field: "width", Limit: 10, Value: 11, Unit: "px"}
	for _, c := range []struct {
		name string
		err  error
		want fault.Kind
	}{
		{"nil", nil, fault.Transient},
		{"an error that nobody classified", errors.New("x"), fault.Transient},
		{"an expired context", context.DeadlineExceeded, fault.Transient},
		{"a limit", limit, fault.Rejected},
		{"the outermost kind counts", fault.New(fault.Misconfigured, "op", "", fault.New(fault.Permanent, "op", "", errors.New("x"))), fault.Misconfigured},
		{"a wrapped fault", fmt.Errorf("more: %w", fault.New(fault.Permanent, "op", "k", errors.New("x"))), fault.Permanent},
		{"a joined fault", errors.Join(errors.New("x"), limit), fault.Rejected},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := fault.KindOf(c.err); got != c.want {
				t.Errorf("KindOf(%v) = %v, want %v", c.err, got, c.want)
			}
		})
	}
}

func TestError_IsOneReadableLine(t *testing.T) {
	limit := &fault.LimitError{Field: "width", Limit: 10, Value: 11, Unit: "px"}
	for _, c := range []struct {
		err  error
		want string
	}{
		{fault.New(fault.Transient, "put variant", "a b", errors.New("reset")), `put variant "a b": transient: reset`},
		{fault.New(fault.Rejected, "probe", "", limit), `probe: width is 11 px, over the limit of 10 px`},
		{fault.New(fault.Permanent, "render", "", limit), `render: permanent: width is 11 px, over the limit of 10 px`},
		{&fault.LimitError{Field: "frames", Limit: 1, Value: 2}, `frames is 2, over the limit of 1`},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got %s\nwant %s", got, c.want)
		}
	}
}

func TestError_KeepsItsCause(t *testing.T) {
	cause := errors.New("cause")
	if err := fault.New(fault.Permanent, "op", "k", cause); !errors.Is(err, cause) {
		t.Errorf("%v does not wrap its cause", err)
	}
}

func TestNew_WithoutACauseIsADefect(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("New accepted a nil error")
		}
	}()
	_ = fault.New(fault.Permanent, "op", "k", nil)
}
