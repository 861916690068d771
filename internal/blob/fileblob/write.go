package fileblob

import (
	"cmp"
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"

	"pixmill/internal/blob/driver"
)

// temporary begins the names of files that are being written. They stand in the
// directory itself, are no objects, and become one by a rename.
const temporary = ".pixmill-tmp-"

// Put implements driver.Bucket. The content is written before the lock is
// taken, which is held only for the look at the conditions and the rename.
func (b *bucket) Put(ctx context.Context, key string, body []byte, opts *driver.PutOptions) (*driver.Attrs, error) {
	if err := checkPath(key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, mapped(err)
	}
	root, err := b.root()
	if err != nil {
		return nil, err
	}
	defer root.Close() // a handle to read names with: nothing is lost by a failing Close
	temp := temporary + rand.Text()
	a, err := b.write(root, temp, body, opts)
	if err == nil {
		err = b.locked(ctx, root, func() error { return publish(root, temp, key, opts) })
	}
	if err != nil {
		return nil, mapped(cmp.Or(err, root.Remove(temp))) // if this fails, too, Open removes it another day
	}
	a.Key = key
	return a, nil
}

// write writes a new file with its record.
func (b *bucket) write(root *os.Root, name string, body []byte, opts *driver.PutOptions) (_ *driver.Attrs, err error) {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	defer func() { err = cmp.Or(err, f.Close()) }()
	if _, err := f.Write(body); err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	sum := md5.Sum(body)
	r := record{
		ETag: hex.EncodeToString(sum[:]), Size: info.Size(), MTime: info.ModTime().UnixNano(),
		ContentType: opts.ContentType, CacheControl: opts.CacheControl, Metadata: opts.Metadata,
	}
	value, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	err = b.setxattr(f, value)
	if errors.Is(err, errors.ErrUnsupported) {
		if !b.optional {
			return nil, &driver.Error{Code: driver.CodeNotImplemented, Err: fmt.Errorf("the file system of %s keeps no extended attributes, and so no metadata: %w", b.dir, err)}
		}
		err = nil
	}
	return &driver.Attrs{
		ETag: r.ETag, Size: r.Size, ModTime: info.ModTime(),
		ContentType: r.ContentType, CacheControl: r.CacheControl, Metadata: r.Metadata,
	}, err
}

// publish makes a written file the object, with the lock held.
func publish(root *os.Root, temp, key string, opts *driver.PutOptions) error {
	if err := makeRoom(root, key); err != nil {
		return err
	}
	if err := holds(root, key, opts); err != nil {
		return err
	}
	if folder := path.Dir(key); folder != "." {
		if err := root.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	return root.Rename(temp, key)
}

// makeRoom says why a file system cannot hold the key beside what is there.
func makeRoom(root *os.Root, key string) error {
	taken := func(format string, args ...any) error {
		return &driver.Error{Code: driver.CodeInvalidKey, Err: fmt.Errorf("a directory of files cannot hold it: "+format, args...)}
	}
	err := lookAt(root, key)
	if e, ok := errors.AsType[*os.PathError](err); ok && errors.Is(e, errNotFolder) {
		return taken("%q is no folder", e.Path)
	}
	if errors.Is(err, errFolder) && root.Remove(key) != nil { // an empty folder is nothing
		return taken("%q is a folder of others", key)
	}
	if driver.CodeOf(err) == driver.CodeNoSuchKey {
		err = nil
	}
	return err
}

// holds checks the conditions of a write against what is there.
func holds(root *os.Root, key string, opts *driver.PutOptions) error {
	if !opts.IfNoneMatch && opts.IfMatch == "" {
		return nil
	}
	f, a, err := openObject(root, key)
	if err != nil {
		if opts.IfNoneMatch && driver.CodeOf(err) == driver.CodeNoSuchKey {
			return nil
		}
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if opts.IfNoneMatch {
		return &driver.Error{Code: driver.CodePreconditionFailed, Err: errors.New("an object is there already")}
	}
	if a.ETag != opts.IfMatch {
		return &driver.Error{Code: driver.CodePreconditionFailed, Err: fmt.Errorf("the ETag is %s, not %s", a.ETag, opts.IfMatch)}
	}
	return nil
}

// Delete implements driver.Bucket. Folders that become empty go, too.
func (b *bucket) Delete(ctx context.Context, key string) error {
	if err := checkPath(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return mapped(err)
	}
	root, err := b.root()
	if err != nil {
		return err
	}
	defer root.Close() // a handle to read names with: nothing is lost by a failing Close
	err = mapped(b.locked(ctx, root, func() error { return unlink(root, key) }))
	if err != nil && driver.CodeOf(err) == driver.CodeNoSuchKey {
		return nil
	}
	return err
}

// unlink removes an object and the folders that it leaves empty, with the lock
// held.
func unlink(root *os.Root, key string) error {
	if err := lookAt(root, key); err != nil {
		return err
	}
	if err := root.Remove(key); err != nil {
		return err
	}
	folder := path.Dir(key)
	for folder != "." && root.Remove(folder) == nil { // until one that holds something
		folder = path.Dir(folder)
	}
	return nil
}
