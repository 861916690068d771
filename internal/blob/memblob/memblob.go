// Package memblob keeps a bucket in memory, as S3 has it: any key (so "a" beside
// "a/b"), the MD5 of the content as ETag, strong reads after writes, conditional
// writes. Tests and models use it as the real store that it is. It never writes
// to disk, injects no faults and counts nothing: package faultblob does, around
// any driver.
package memblob

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"pixmill/internal/blob/driver"
)

// State says whether a bucket can be used.
type State int

const (
	// Open buckets can be used. New ones are open.
	Open State = iota
	// Missing buckets answer NoSuchBucket, and to Head the bare 404 of S3.
	Missing
	// Denied buckets answer AccessDenied to everything.
	Denied
)

// Options go with New. The zero value is a bucket without versions.
type Options struct {
	Versions bool             // give each write a VersionID: "1", "2", …; only the newest version is kept
	Now      func() time.Time // the clock of ModTime; nil: time.Now
}

// Bucket is the driver of one bucket in memory. One Bucket may be behind any
// number of *blob.Bucket handles, which then share what it holds.
type Bucket struct {
	now      func() time.Time
	versions bool

	mu      sync.RWMutex
	state   State
	writes  int64
	objects map[string]object
	keys    []string // of objects, sorted
}

// object is one stored object. It is never changed, only replaced.
type object struct {
	attrs driver.Attrs
	body  []byte
}

// New returns an empty, open bucket.
func New(opts Options) *Bucket {
	now := opts.Now
	if now == nil {
		now = time.Now
	}
	return &Bucket{now: now, versions: opts.Versions, objects: map[string]object{}}
}

// SetState opens, removes or locks the bucket. Its objects are kept, and are
// there again when it is opened again.
func (b *Bucket) SetState(s State) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state = s
}

// Head implements driver.Bucket.
func (b *Bucket) Head(ctx context.Context, key string) (*driver.Attrs, error) {
	o, err := b.find(ctx, key)
	if err != nil {
		if c := driver.CodeOf(err); c == driver.CodeNoSuchKey || c == driver.CodeNoSuchBucket {
			return nil, &driver.Error{Code: driver.CodeNotFound}
		}
		return nil, err
	}
	return o.copyAttrs(), nil
}

// Get implements driver.Bucket.
func (b *Bucket) Get(ctx context.Context, key string) (io.ReadCloser, *driver.Attrs, error) {
	o, err := b.find(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	return io.NopCloser(bytes.NewReader(o.body)), o.copyAttrs(), nil
}

func (b *Bucket) find(ctx context.Context, key string) (object, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if err := b.usable(ctx); err != nil {
		return object{}, err
	}
	o, ok := b.objects[key]
	if !ok {
		return object{}, &driver.Error{Code: driver.CodeNoSuchKey}
	}
	return o, nil
}

// Put implements driver.Bucket.
func (b *Bucket) Put(ctx context.Context, key string, body []byte, opts *driver.PutOptions) (*driver.Attrs, error) {
	sum := md5.Sum(body)
	o := object{body: bytes.Clone(body), attrs: driver.Attrs{
		Key:          key,
		ETag:         hex.EncodeToString(sum[:]),
		Size:         int64(len(body)),
		ContentType:  opts.ContentType,
		CacheControl: opts.CacheControl,
		Metadata:     maps.Clone(opts.Metadata),
		ModTime:      b.now(),
	}}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.usable(ctx); err != nil {
		return nil, err
	}
	if err := b.holds(key, opts); err != nil {
		return nil, err
	}
	b.writes++
	if b.versions {
		o.attrs.VersionID = strconv.FormatInt(b.writes, 10)
	}
	if i, found := slices.BinarySearch(b.keys, key); !found {
		b.keys = slices.Insert(b.keys, i, key)
	}
	b.objects[key] = o
	return o.copyAttrs(), nil
}

// holds checks the conditions of a write against what is stored, with b.mu held.
func (b *Bucket) holds(key string, opts *driver.PutOptions) error {
	o, exists := b.objects[key]
	switch {
	case opts.IfNoneMatch && exists:
		return &driver.Error{Code: driver.CodePreconditionFailed, Err: errors.New("an object is there already")}
	case opts.IfMatch != "" && !exists:
		return &driver.Error{Code: driver.CodeNoSuchKey}
	case opts.IfMatch != "" && opts.IfMatch != o.attrs.ETag:
		return &driver.Error{Code: driver.CodePreconditionFailed, Err: fmt.Errorf("the ETag is %s, not %s", o.attrs.ETag, opts.IfMatch)}
	}
	return nil
}

// Delete implements driver.Bucket.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.usable(ctx); err != nil {
		return err
	}
	if i, found := slices.BinarySearch(b.keys, key); found {
		b.keys = slices.Delete(b.keys, i, i+1)
		delete(b.objects, key)
	}
	return nil
}

// ListPage implements driver.Bucket.
func (b *Bucket) ListPage(ctx context.Context, opts *driver.ListOptions) (*driver.Page, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if err := b.usable(ctx); err != nil {
		return nil, err
	}
	seek := func(from string) (string, error) {
		if i, _ := slices.BinarySearch(b.keys, from); i < len(b.keys) {
			return b.keys[i], nil
		}
		return "", nil
	}
	return driver.PageOf(opts, seek, func(key string) (driver.Entry, error) {
		a := b.objects[key].attrs
		return driver.Entry{Key: a.Key, ETag: a.ETag, Size: a.Size, ModTime: a.ModTime}, nil
	})
}

// usable says why the bucket cannot be used now, with b.mu held.
func (b *Bucket) usable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return &driver.Error{Code: driver.CodeUnavailable, Err: err}
	}
	switch b.state {
	case Missing:
		return &driver.Error{Code: driver.CodeNoSuchBucket}
	case Denied:
		return &driver.Error{Code: driver.CodeAccessDenied}
	}
	return nil
}

func (o object) copyAttrs() *driver.Attrs {
	a := o.attrs
	a.Metadata = maps.Clone(a.Metadata)
	return &a
}
