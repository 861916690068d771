package driver

import (
	"errors"
	"fmt"

	"pixmill/internal/fault"
)

// Code says what went wrong in a store, as far as callers act on it.
type Code int

const (
	// CodeUnavailable is every failure that may pass: 5xx, a cut connection, throttling, an unknown error.
	CodeUnavailable Code = iota
	// CodeNotFound is a 404 that does not say whether the key or the bucket is missing.
	CodeNotFound
	// CodeNoSuchKey is a missing object in a bucket that exists.
	CodeNoSuchKey
	// CodeNoSuchBucket is a missing bucket.
	CodeNoSuchBucket
	// CodePreconditionFailed is a 412: IfMatch or IfNoneMatch did not hold.
	CodePreconditionFailed
	// CodeConflict is a 409: another conditional write is under way.
	CodeConflict
	// CodeAccessDenied is a 401 or 403.
	CodeAccessDenied
	// CodeWrongRegion is a 301 or a 400 for a bucket that lives elsewhere.
	CodeWrongRegion
	// CodeInvalidKey is a key that this store cannot hold: too long, or on a
	// file system a folder of other objects.
	CodeInvalidKey
	// CodeNotImplemented is a 501: the store lacks the operation.
	CodeNotImplemented
)

var codeNames = [...]string{
	"unavailable", "not found", "no such key", "no such bucket", "precondition failed", "conflict",
	"access denied", "wrong region", "invalid key", "not implemented",
}

// String returns the code in words.
func (c Code) String() string {
	if int(c) < len(codeNames) {
		return codeNames[c]
	}
	return fmt.Sprintf("code(%d)", int(c))
}

// Error is a store operation that failed.
type Error struct {
	Code   Code
	Op     string // "head", "get", "put", "delete", "list"
	Bucket string
	Key    string // the key, or for a list the prefix
	Err    error  // the cause; may be nil
}

// Error is one line with the operation, the key, the bucket, the code and the
// cause; a driver's own, which package blob completes, with the last two.
func (e *Error) Error() string {
	s := e.Code.String()
	if e.Op != "" {
		s = fmt.Sprintf("%s %q in bucket %q: %s", e.Op, e.Key, e.Bucket, s)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// FaultKind maps the code to what should happen next.
func (e *Error) FaultKind() fault.Kind {
	switch e.Code {
	case CodeNoSuchBucket, CodeAccessDenied, CodeWrongRegion, CodeNotImplemented:
		return fault.Misconfigured
	case CodeInvalidKey:
		return fault.Permanent
	}
	return fault.Transient
}

// CodeOf returns the code of the outermost *Error in err's tree, else CodeUnavailable.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeUnavailable
}
