package cli

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"pixmill/internal/blob/driver"
)

// fileSource is a read-only bucket over files wherever they are. The ETag of a
// file is the MD5 of its content, as in S3: a file that was only touched stays
// what it was, and an output made here agrees with the same source in S3.
type fileSource struct {
	paths    map[string]string // by key
	keys     []string          // sorted
	maxBytes int64             // a file over it is never read: its ETag is of its size and time

	mu    sync.Mutex
	etags map[string]stamp // by key
}

// stamp is an ETag and what the file looked like when it was made.
type stamp struct {
	size    int64
	modTime time.Time
	etag    string
}

var _ driver.Bucket = (*fileSource)(nil)

func newFileSource(inputs []input, maxBytes int64) *fileSource {
	s := &fileSource{paths: make(map[string]string, len(inputs)), maxBytes: maxBytes, etags: map[string]stamp{}}
	for _, in := range inputs {
		s.paths[in.key] = in.path
		s.keys = append(s.keys, in.key)
	}
	slices.Sort(s.keys)
	return s
}

// Head implements driver.Bucket.
func (s *fileSource) Head(_ context.Context, key string) (*driver.Attrs, error) {
	f, info, err := s.open(key, driver.CodeNotFound)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	if info.Size() > s.maxBytes {
		return attrsOf(key, info, unreadETag(info)), nil
	}
	if etag, ok := s.known(key, info); ok {
		return attrsOf(key, info, etag), nil
	}
	sum := md5.New()
	n, err := io.Copy(sum, io.LimitReader(f, s.maxBytes+1))
	if err != nil {
		return nil, err
	}
	return attrsOf(key, info, s.remember(key, info, n, sum.Sum(nil))), nil
}

// Get implements driver.Bucket. The ETag is that of the bytes returned, whatever
// happens to the file meanwhile.
func (s *fileSource) Get(_ context.Context, key string) (io.ReadCloser, *driver.Attrs, error) {
	f, info, err := s.open(key, driver.CodeNoSuchKey)
	if err != nil {
		return nil, nil, err
	}
	if info.Size() > s.maxBytes {
		return f, attrsOf(key, info, unreadETag(info)), nil
	}
	defer func() { _ = f.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(f, s.maxBytes+1))
	if err != nil {
		return nil, nil, err
	}
	sum := md5.Sum(data)
	attrs := attrsOf(key, info, s.remember(key, info, int64(len(data)), sum[:]))
	attrs.Size = int64(len(data))
	return io.NopCloser(bytes.NewReader(data)), attrs, nil
}

// ListPage implements driver.Bucket.
func (s *fileSource) ListPage(ctx context.Context, opts *driver.ListOptions) (*driver.Page, error) {
	seek := func(from string) (string, error) {
		if i, _ := slices.BinarySearch(s.keys, from); i < len(s.keys) {
			return s.keys[i], nil
		}
		return "", nil
	}
	return driver.PageOf(opts, seek, func(key string) (driver.Entry, error) {
		a, err := s.Head(ctx, key)
		if driver.CodeOf(err) == driver.CodeNotFound && err != nil {
			return driver.Entry{}, &driver.Error{Code: driver.CodeNoSuchKey, Err: err}
		}
		if err != nil {
			return driver.Entry{}, err
		}
		return driver.Entry{Key: key, ETag: a.ETag, Size: a.Size, ModTime: a.ModTime}, nil
	})
}

var errReadOnly = errors.New("the source files are never written")

// Put implements driver.Bucket by refusing.
func (s *fileSource) Put(context.Context, string, []byte, *driver.PutOptions) (*driver.Attrs, error) {
	return nil, &driver.Error{Code: driver.CodeAccessDenied, Err: errReadOnly}
}

// Delete implements driver.Bucket by refusing.
func (s *fileSource) Delete(context.Context, string) error {
	return &driver.Error{Code: driver.CodeAccessDenied, Err: errReadOnly}
}

// open opens a file; missing is the code for one that is gone.
func (s *fileSource) open(key string, missing driver.Code) (*os.File, fs.FileInfo, error) {
	path, ok := s.paths[key]
	if !ok {
		return nil, nil, &driver.Error{Code: missing, Err: fs.ErrNotExist}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, &driver.Error{Code: codeOf(err, missing), Err: err}
	}
	info, err := f.Stat()
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}

func codeOf(err error, missing driver.Code) driver.Code {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return missing
	case errors.Is(err, fs.ErrPermission):
		return driver.CodeAccessDenied
	}
	return driver.CodeUnavailable
}

// known returns the ETag that a file had when it looked as it does now.
func (s *fileSource) known(key string, info fs.FileInfo) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, ok := s.etags[key]
	return st.etag, ok && st.size == info.Size() && st.modTime.Equal(info.ModTime())
}

// remember returns the ETag of a sum, and keeps it for as long as the file looks
// as it does in info, with the size that was read.
func (s *fileSource) remember(key string, info fs.FileInfo, size int64, sum []byte) string {
	etag := hex.EncodeToString(sum)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.etags[key] = stamp{size: size, modTime: info.ModTime(), etag: etag}
	return etag
}

func unreadETag(info fs.FileInfo) string {
	return fmt.Sprintf("%d-%d", info.Size(), info.ModTime().UnixNano())
}

func attrsOf(key string, info fs.FileInfo, etag string) *driver.Attrs {
	return &driver.Attrs{Key: key, ETag: etag, Size: info.Size(), ModTime: info.ModTime()}
}
