// Package blob is Pixmill's portable view of an object store: a concrete Bucket
// with a convenient API over the small interface of package driver. The stores
// are in s3blob, fileblob and memblob; blobtest holds the one conformance suite
// that all of them run. The package knows nothing of images or manifests.
package blob

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"iter"

	"pixmill/internal/blob/driver"
	"pixmill/internal/fault"
)

// The driver's types and codes, under the names that users of Bucket need.
type (
	Attrs       = driver.Attrs
	PutOptions  = driver.PutOptions
	ListOptions = driver.ListOptions
	Entry       = driver.Entry
	Code        = driver.Code
	Error       = driver.Error
)

// See package driver for what each code means.
const (
	CodeUnavailable        = driver.CodeUnavailable
	CodeNotFound           = driver.CodeNotFound
	CodeNoSuchKey          = driver.CodeNoSuchKey
	CodeNoSuchBucket       = driver.CodeNoSuchBucket
	CodePreconditionFailed = driver.CodePreconditionFailed
	CodeConflict           = driver.CodeConflict
	CodeAccessDenied       = driver.CodeAccessDenied
	CodeWrongRegion        = driver.CodeWrongRegion
	CodeInvalidKey         = driver.CodeInvalidKey
	CodeNotImplemented     = driver.CodeNotImplemented
)

// CodeOf returns the code of the outermost *Error in err's tree, else CodeUnavailable.
func CodeOf(err error) Code { return driver.CodeOf(err) }

// MaxKeyBytes is the length of the longest key, as in S3.
const MaxKeyBytes = driver.MaxKeyBytes

// CheckKey returns an *Error with CodeInvalidKey for a key that no store can hold.
func CheckKey(key string) error { return driver.CheckKey(key) }

// Bucket is one bucket. Its methods may be called concurrently. A key that no
// store can hold (see driver.CheckKey) is CodeInvalidKey without asking one.
type Bucket struct {
	name string
	drv  driver.Bucket
}

// NewBucket returns a Bucket over a driver; name is for messages and events.
func NewBucket(name string, drv driver.Bucket) *Bucket { return &Bucket{name: name, drv: drv} }

// Name returns the bucket's name.
func (b *Bucket) Name() string { return b.name }

// Head returns an object's attributes; a 404 is CodeNotFound, which does not
// say whether the key or the bucket is missing: Get does.
func (b *Bucket) Head(ctx context.Context, key string) (*Attrs, error) {
	if err := driver.CheckKey(key); err != nil {
		return nil, b.wrap("head", key, err)
	}
	a, err := b.drv.Head(ctx, key)
	return a, b.wrap("head", key, err)
}

// Get reads an object whole. One that is over maxBytes (0: no limit) is a
// *fault.LimitError, and then the attributes are returned with the error.
func (b *Bucket) Get(ctx context.Context, key string, maxBytes int64) ([]byte, *Attrs, error) {
	if err := driver.CheckKey(key); err != nil {
		return nil, nil, b.wrap("get", key, err)
	}
	r, a, err := b.drv.Get(ctx, key)
	if err != nil {
		return nil, nil, b.wrap("get", key, err)
	}
	defer r.Close() // read to the end or given up: nothing is lost by a failing Close
	if maxBytes > 0 && a.Size > maxBytes {
		return nil, a, &fault.LimitError{Field: "source bytes", Limit: maxBytes, Value: a.Size, Unit: "bytes"}
	}
	buf := bytes.NewBuffer(make([]byte, 0, a.Size+bytes.MinRead))
	if _, err := io.Copy(buf, io.LimitReader(r, a.Size+1)); err != nil { // one more: a body that is too long shows
		return nil, a, b.wrap("get", key, err)
	}
	if int64(buf.Len()) != a.Size {
		return nil, a, b.wrap("get", key, io.ErrUnexpectedEOF)
	}
	return buf.Bytes(), a, nil
}

// Put writes an object in one step; opts may be nil. Conditions that do not
// hold are CodePreconditionFailed or CodeConflict; IfMatch on a missing object
// may also be CodeNoSuchKey. Options that would not come back as they are given
// are a permanent fault, and nothing is written.
func (b *Bucket) Put(ctx context.Context, key string, body []byte, opts *PutOptions) (*Attrs, error) {
	if opts == nil {
		opts = &PutOptions{}
	}
	if err := driver.CheckKey(key); err != nil {
		return nil, b.wrap("put", key, err)
	}
	if err := opts.Check(); err != nil {
		return nil, fault.New(fault.Permanent, "put", key, err)
	}
	a, err := b.drv.Put(ctx, key, body, opts)
	return a, b.wrap("put", key, err)
}

// Delete removes an object; that it is missing already is no error.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	if err := driver.CheckKey(key); err != nil {
		return b.wrap("delete", key, err)
	}
	return b.wrap("delete", key, b.drv.Delete(ctx, key))
}

// List walks every page under a prefix in key order; with Delimiter "/" it
// yields what stands directly under it and the common prefixes. After an error
// it stops: an incomplete walk is never silent.
func (b *Bucket) List(ctx context.Context, opts ListOptions) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		opts := opts // a second walk begins where this one did
		for {
			page, err := b.drv.ListPage(ctx, &opts)
			if err != nil {
				yield(Entry{}, b.wrap("list", opts.Prefix, err))
				return
			}
			for _, e := range page.Entries {
				if !yield(e, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			opts.Token = page.Next
		}
	}
}

// wrap completes the driver's error, on a copy, or wraps every other one. One
// without a code is one that may pass.
func (b *Bucket) wrap(op, key string, err error) error {
	if err == nil {
		return nil
	}
	e, ok := err.(*Error) //nolint:errorlint // one with words around it is wrapped, words and all
	if !ok {
		return &Error{Code: CodeOf(err), Op: op, Bucket: b.name, Key: key, Err: err}
	}
	completed := *e
	completed.Op = cmp.Or(e.Op, op)
	completed.Bucket = cmp.Or(e.Bucket, b.name)
	completed.Key = cmp.Or(e.Key, key)
	return &completed
}
