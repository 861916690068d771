// Package driver is what a store implements for package blob: few calls, no
// conveniences. Decorators (faults, metrics, tracing) wrap the same interface.
// A driver reports failures as *Error with the code that fits, and never retries
// on its own account beyond what its client library does.
package driver

import (
	"context"
	"io"
	"time"
)

// Attrs describes one stored object.
type Attrs struct {
	Key          string
	ETag         string // with the quotes removed
	Size         int64  // bytes
	ContentType  string
	CacheControl string
	VersionID    string            // empty where the store keeps no versions
	Metadata     map[string]string // user metadata; keys are lower case
	ModTime      time.Time
}

// PutOptions go with a Put.
type PutOptions struct {
	ContentType  string
	CacheControl string
	Metadata     map[string]string // keys are lower case; values are printable ASCII
	IfMatch      string            // write only over an object with this ETag; empty: no condition
	IfNoneMatch  bool              // write only where no object is
}

// ListOptions go with a ListPage.
type ListOptions struct {
	Prefix    string
	Delimiter string // empty or "/"
	Token     string // Next of the page before; empty for the first page
	PageSize  int    // most entries of a page; 0: the store's own (1,000 in S3)
}

// Entry is one row of a listing: an object, or with a delimiter a common prefix.
type Entry struct {
	Key      string // of a common prefix: the prefix with its delimiter
	IsPrefix bool
	ETag     string // with the quotes removed; empty for a prefix
	Size     int64  // bytes
	ModTime  time.Time
}

// Page is one page of a listing, in the order of the keys' UTF-8 bytes.
type Page struct {
	Entries []Entry
	Next    string // token of the next page; empty on the last
}

// Bucket is one bucket of a store. Its methods may be called concurrently.
// Reads see every write that returned before they began.
type Bucket interface {
	// Head returns an object's attributes. A missing object or bucket is
	// CodeNotFound: HEAD's answer does not say which.
	Head(ctx context.Context, key string) (*Attrs, error)
	// Get opens an object. A missing object is CodeNoSuchKey, a missing bucket CodeNoSuchBucket.
	Get(ctx context.Context, key string) (io.ReadCloser, *Attrs, error)
	// Put writes an object in one step: readers see all of it or nothing. The
	// attributes have at least Key, ETag, Size and VersionID.
	Put(ctx context.Context, key string, body []byte, opts *PutOptions) (*Attrs, error)
	// Delete removes an object; a missing object is no error, a missing bucket is.
	Delete(ctx context.Context, key string) error
	// ListPage returns one page.
	ListPage(ctx context.Context, opts *ListOptions) (*Page, error)
}
