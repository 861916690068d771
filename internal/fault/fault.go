// Package fault classifies errors by what should happen next. Every adapter has
// one table from Kind to its own outcome (retry, HTTP status, dead letter);
// nothing else decides that. The package never names a transport.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what should happen to work that failed. The zero value is
// Transient: an error that nobody classified is tried again, so that nothing
// is lost before the redelivery limit.
type Kind int

const (
	// Transient work may succeed when tried again: the store was busy, time ran out.
	Transient Kind = iota
	// Permanent work fails in the same way each time: record it, do not retry.
	Permanent
	// Rejected input is bad or over a limit: record it, do not retry.
	Rejected
	// Misconfigured work cannot succeed before somebody changes the
	// configuration or the permissions. Nothing is written.
	Misconfigured
)

// String returns the lower-case name of k.
func (k Kind) String() string {
	switch k {
	case Transient:
		return "transient"
	case Permanent:
		return "permanent"
	case Rejected:
		return "rejected"
	case Misconfigured:
		return "misconfigured"
	}
	return fmt.Sprintf("kind(%d)", int(k))
}

// Kinded is an error that knows its kind; *Error and blob.Error are.
type Kinded interface {
	error
	FaultKind() Kind
}

// Error is an operation on one thing that failed.
type Error struct {
	Kind Kind
	Op   string // what was being done: "decode", "put variant"
	Key  string // what it was done to: an object key, a file, a field; may be empty
	Err  error  // why; not nil
}

// New returns an *Error. It panics if err is nil: a fault without a cause is a defect.
func New(kind Kind, op, key string, err error) *Error {
	if err == nil {
		panic("fault: New with a nil error")
	}
	return &Error{Kind: kind, Op: op, Key: key, Err: err}
}

// Error is one line: "op key: kind: cause". The kind is left out when the
// cause is itself a fault of that kind.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Key != "" {
		fmt.Fprintf(&b, " %q", e.Key)
	}
	b.WriteString(": ")
	if inner, ok := errors.AsType[Kinded](e.Err); !ok || inner.FaultKind() != e.Kind {
		b.WriteString(e.Kind.String() + ": ")
	}
	b.WriteString(e.Err.Error())
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// FaultKind returns e.Kind.
func (e *Error) FaultKind() Kind { return e.Kind }

// KindOf returns the kind of the outermost Kinded error in err's tree, and
// Transient if there is none. A cancelled or expired context is Transient.
func KindOf(err error) Kind {
	if k, ok := errors.AsType[Kinded](err); ok {
		return k.FaultKind()
	}
	return Transient
}

// LimitError says which limit a value is over. Its kind is Rejected.
type LimitError struct {
	Field string // "width", "frames", "source bytes"
	Limit int64
	Value int64
	Unit  string // "px", "bytes", "frames"; may be empty
}

// Error names the field, the value and the limit.
func (e *LimitError) Error() string {
	unit := ""
	if e.Unit != "" {
		unit = " " + e.Unit
	}
	return fmt.Sprintf("%s is %d%s, over the limit of %d%s", e.Field, e.Value, unit, e.Limit, unit)
}

// FaultKind returns Rejected.
func (e *LimitError) FaultKind() Kind { return Rejected }
