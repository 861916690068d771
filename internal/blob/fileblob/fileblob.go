// Package fileblob is the driver for a directory of files: what `pixmill
// process --out DIR` writes, for people to look at and to copy away. A key is
// a file's path below the directory, and nothing but the objects is in it.
//
// What a file cannot say of itself (content type, metadata) stands in one
// extended attribute. A sidecar file would be seen, and could not be replaced
// in the same instant as the file that it describes; the attribute goes with the
// rename. It also has the ETag, which is the MD5 of the content wherever the
// file comes from: a file that was put there by hand, edited, or copied without
// its attributes is an object like any other, with the ETag that it had.
//
// The driver differs from S3 as every file system does: there is no "a" beside
// "a/b", and no key with an empty, "." or ".." segment or one of over 255
// bytes. It never follows a symbolic link, never creates the directory itself,
// and does not sync: after a power cut the newest files may be gone.
package fileblob

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"pixmill/internal/blob"
	"pixmill/internal/blob/driver"
	"pixmill/internal/fault"
)

// maxSegment is the length in bytes of the longest file name.
const maxSegment = 255

// Options go with Open.
type Options struct {
	// AttributesOptional lets Put go on where the file system keeps no extended
	// attributes: content type, cache control and metadata are then not kept.
	// Otherwise Put is CodeNotImplemented there.
	AttributesOptional bool
}

// bucket is the driver of one directory.
type bucket struct {
	dir      string // absolute: the working directory may change
	optional bool
	mu       sync.Mutex // held by who waits for the directory's lock: one waiting thread is enough
	setxattr func(f *os.File, value []byte) error
}

// Open returns the bucket of a directory, named after its path. A directory
// that does not exist is CodeNoSuchBucket in each operation. What a crash left
// of writes that never ended is removed.
func Open(dir string, opts Options) (*blob.Bucket, error) {
	b, err := open(dir, opts)
	if err != nil {
		return nil, err
	}
	return blob.NewBucket(b.dir, b), nil
}

func open(dir string, opts Options) (*bucket, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fault.New(fault.Misconfigured, "open directory", dir, err)
	}
	b := &bucket{dir: abs, optional: opts.AttributesOptional, setxattr: setxattr}
	if err := b.removeLeftovers(time.Now().Add(-time.Hour)); err != nil {
		return nil, fault.New(fault.KindOf(err), "open directory", dir, err)
	}
	return b, nil
}

// root opens the directory, beside which nothing can be reached through it.
func (b *bucket) root() (*os.Root, error) {
	r, err := os.OpenRoot(b.dir)
	if err == nil {
		return r, nil
	}
	if info, statErr := os.Stat(b.dir); errors.Is(statErr, fs.ErrNotExist) || statErr == nil && !info.IsDir() {
		return nil, &driver.Error{Code: driver.CodeNoSuchBucket, Err: err}
	}
	return nil, mapped(err)
}

// checkPath says why a key cannot be a path below the directory.
func checkPath(key string) error {
	invalid := func(format string, args ...any) error {
		return &driver.Error{Code: driver.CodeInvalidKey, Err: fmt.Errorf("a directory of files cannot hold this key: "+format, args...)}
	}
	if strings.Contains(key, "\x00") {
		return invalid("it has a NUL byte")
	}
	for segment := range strings.SplitSeq(key, "/") {
		switch {
		case segment == "":
			return invalid(`it begins or ends with "/", or has "//" in it`)
		case segment == ".", segment == "..":
			return invalid("it has the segment %q", segment)
		case len(segment) > maxSegment:
			return invalid("a segment has %d bytes, over the limit of %d", len(segment), maxSegment)
		case strings.HasPrefix(segment, temporary):
			return invalid("names that begin with %q are for files that are being written", temporary)
		}
	}
	return nil
}

// mapped makes the driver's error of a file system's.
func mapped(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*driver.Error](err); ok {
		return err
	}
	code := driver.CodeUnavailable
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ELOOP):
		code = driver.CodeNoSuchKey
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		code = driver.CodeAccessDenied
	case errors.Is(err, syscall.ENAMETOOLONG):
		code = driver.CodeInvalidKey
	}
	return &driver.Error{Code: code, Err: err}
}

// noSuchKey is the answer where a path is not that of a regular file.
func noSuchKey(err error) error { return &driver.Error{Code: driver.CodeNoSuchKey, Err: err} }
