package fileblob

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"pixmill/internal/blob/driver"
)

// Head implements driver.Bucket.
func (b *bucket) Head(ctx context.Context, key string) (*driver.Attrs, error) {
	f, a, err := b.open(ctx, key)
	if err != nil {
		return nil, err
	}
	return a, mapped(f.Close())
}

// Get implements driver.Bucket. The object that is read stays what it was when
// it was opened.
func (b *bucket) Get(ctx context.Context, key string) (io.ReadCloser, *driver.Attrs, error) {
	f, a, err := b.open(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	return f, a, nil
}

// open opens an object. The caller closes it.
func (b *bucket) open(ctx context.Context, key string) (*os.File, *driver.Attrs, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, mapped(err)
	}
	if err := checkPath(key); err != nil {
		return nil, nil, err
	}
	root, err := b.root()
	if err != nil {
		return nil, nil, err
	}
	defer root.Close() // read only: nothing is lost by a failing Close
	return openObject(root, key)
}

// openObject opens a regular file that no symbolic link leads to. Anything
// else is no object.
func openObject(root *os.Root, key string) (*os.File, *driver.Attrs, error) {
	if err := lookAt(root, key); err != nil {
		return nil, nil, err
	}
	f, err := root.OpenFile(key, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, mapped(err)
	}
	a, err := describe(key, f)
	if err != nil {
		return nil, nil, cmp.Or(err, f.Close())
	}
	return f, a, nil
}

var (
	errFolder     = errors.New("it is a folder")
	errNotRegular = errors.New("it is no regular file")
	errNotFolder  = errors.New("it is no folder")
)

// lookAt returns nil if a key is a regular file and every folder above it a
// folder, so no symbolic link.
func lookAt(root *os.Root, key string) error {
	if err := lookAbove(root, key); err != nil {
		return err
	}
	info, err := root.Lstat(key)
	if err != nil {
		return mapped(err)
	}
	switch {
	case info.IsDir():
		return noSuchKey(errFolder)
	case !info.Mode().IsRegular():
		return noSuchKey(errNotRegular)
	}
	return nil
}

// lookAbove looks at the folders above a key, the topmost first.
func lookAbove(root *os.Root, key string) error {
	folder := path.Dir(key)
	if folder == "." {
		return nil
	}
	if err := lookAbove(root, folder); err != nil {
		return err
	}
	info, err := root.Lstat(folder)
	if err != nil {
		return mapped(err)
	}
	if !info.IsDir() {
		return noSuchKey(&os.PathError{Op: "look at", Path: folder, Err: errNotFolder})
	}
	return nil
}
