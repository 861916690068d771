// Package faultblob puts hooks around a driver.Bucket so that tests can make a
// store fail, wait or die before an operation or after it took effect, and can
// record what was asked of it. It is for tests: no program is wired with it.
package faultblob

import (
	"context"
	"io"

	"pixmill/internal/blob/driver"
)

// Op is an operation of driver.Bucket.
type Op string

// The operations. The key that goes with OpList is the prefix.
const (
	OpHead   Op = "head"
	OpGet    Op = "get"
	OpPut    Op = "put"
	OpDelete Op = "delete"
	OpList   Op = "list" // one page
)

// Hooks are called around each operation, from the goroutine that asked for
// it; either may be nil. A hook may block, and then should end with ctx. To
// simulate a crash a hook may panic, or fail this call and every later one.
type Hooks struct {
	// Before runs first. With an error the operation is not done at all, and
	// the error is its result; After is not called.
	Before func(ctx context.Context, op Op, key string) error
	// After runs when the operation is done and err is its result. What it
	// returns becomes the result: err itself to change nothing, another error
	// for a write that landed but whose answer was lost, nil only for nil.
	After func(ctx context.Context, op Op, key string, err error) error
}

// Wrap returns drv with the hooks around it. Wrapped buckets can be wrapped
// again: the outermost Before runs first, the outermost After last.
func Wrap(drv driver.Bucket, hooks Hooks) driver.Bucket { return &bucket{drv: drv, hooks: hooks} }

type bucket struct {
	drv   driver.Bucket
	hooks Hooks
}

// Head implements driver.Bucket.
func (b *bucket) Head(ctx context.Context, key string) (*driver.Attrs, error) {
	return around(ctx, b, OpHead, key, func() (*driver.Attrs, error) { return b.drv.Head(ctx, key) })
}

// Get implements driver.Bucket. The hooks are around the opening of the
// object, not around the reading of it.
func (b *bucket) Get(ctx context.Context, key string) (io.ReadCloser, *driver.Attrs, error) {
	type opened struct {
		body  io.ReadCloser
		attrs *driver.Attrs
	}
	var body io.ReadCloser
	o, err := around(ctx, b, OpGet, key, func() (opened, error) {
		r, attrs, err := b.drv.Get(ctx, key)
		body = r
		return opened{r, attrs}, err
	})
	if err != nil && body != nil {
		body.Close() // the hook's error is the result; nothing was read
	}
	return o.body, o.attrs, err
}

// Put implements driver.Bucket.
func (b *bucket) Put(ctx context.Context, key string, body []byte, opts *driver.PutOptions) (*driver.Attrs, error) {
	return around(ctx, b, OpPut, key, func() (*driver.Attrs, error) { return b.drv.Put(ctx, key, body, opts) })
}

// Delete implements driver.Bucket.
func (b *bucket) Delete(ctx context.Context, key string) error {
	_, err := around(ctx, b, OpDelete, key, func() (struct{}, error) { return struct{}{}, b.drv.Delete(ctx, key) })
	return err
}

// ListPage implements driver.Bucket.
func (b *bucket) ListPage(ctx context.Context, opts *driver.ListOptions) (*driver.Page, error) {
	return around(ctx, b, OpList, opts.Prefix, func() (*driver.Page, error) { return b.drv.ListPage(ctx, opts) })
}

// around does one operation between the hooks. With an error the result is
// the zero value, whatever the operation returned.
func around[T any](ctx context.Context, b *bucket, op Op, key string, do func() (T, error)) (T, error) {
	var zero T
	if b.hooks.Before != nil {
		if err := b.hooks.Before(ctx, op, key); err != nil {
			return zero, err
		}
	}
	result, err := do()
	if b.hooks.After != nil {
		err = b.hooks.After(ctx, op, key, err)
	}
	if err != nil {
		return zero, err
	}
	return result, nil
}
