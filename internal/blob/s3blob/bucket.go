package s3blob

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"pixmill/internal/blob/driver"
)

// bucket is the driver of one bucket.
type bucket struct {
	api     S3API
	name    string
	region  string
	timeout time.Duration
	tries   int
	asWrite func(*s3.Options) // option of calls that change something
}

// Head implements driver.Bucket.
func (b *bucket) Head(ctx context.Context, key string) (*driver.Attrs, error) {
	call := b.start(ctx, b.permission(actionGet, key), 0)
	defer call.end()
	out, err := b.api.HeadObject(call.ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: &key})
	if err != nil {
		return nil, b.fail(call, err)
	}
	return &driver.Attrs{
		Key:          key,
		ETag:         unquote(out.ETag),
		Size:         aws.ToInt64(out.ContentLength),
		ContentType:  aws.ToString(out.ContentType),
		CacheControl: aws.ToString(out.CacheControl),
		VersionID:    versionID(out.VersionId),
		Metadata:     out.Metadata,
		ModTime:      aws.ToTime(out.LastModified),
	}, nil
}

// Get implements driver.Bucket. The time limit is over the reading, too.
func (b *bucket) Get(ctx context.Context, key string) (io.ReadCloser, *driver.Attrs, error) {
	call := b.start(ctx, b.permission(actionGet, key), 0)
	out, err := b.api.GetObject(call.ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key})
	if err != nil {
		defer call.end()
		return nil, nil, b.fail(call, err)
	}
	size := aws.ToInt64(out.ContentLength)
	call.extend(size)
	return &body{bucket: b, call: call, body: out.Body}, &driver.Attrs{
		Key:          key,
		ETag:         unquote(out.ETag),
		Size:         size,
		ContentType:  aws.ToString(out.ContentType),
		CacheControl: aws.ToString(out.CacheControl),
		VersionID:    versionID(out.VersionId),
		Metadata:     out.Metadata,
		ModTime:      aws.ToTime(out.LastModified),
	}, nil
}

// body is what Get returns. Its errors are the driver's.
type body struct {
	bucket *bucket
	call   *call
	body   io.ReadCloser
}

func (r *body) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = r.bucket.fail(r.call, err)
	}
	return n, err
}

func (r *body) Close() error {
	defer r.call.end()
	return r.body.Close()
}

// Put implements driver.Bucket.
func (b *bucket) Put(ctx context.Context, key string, body []byte, opts *driver.PutOptions) (*driver.Attrs, error) {
	in := &s3.PutObjectInput{
		Bucket:        &b.name,
		Key:           &key,
		ContentLength: aws.Int64(int64(len(body))),
		Metadata:      opts.Metadata,
	}
	if opts.ContentType != "" {
		in.ContentType = &opts.ContentType
	}
	if opts.CacheControl != "" {
		in.CacheControl = &opts.CacheControl
	}
	if opts.IfMatch != "" {
		in.IfMatch = aws.String(`"` + opts.IfMatch + `"`)
	}
	if opts.IfNoneMatch {
		in.IfNoneMatch = aws.String("*")
	}
	call := b.start(ctx, b.permission(actionPut, key), int64(len(body)))
	defer call.end()
	out, err := b.send(call, in, body)
	if err != nil {
		return nil, err
	}
	return &driver.Attrs{
		Key:          key,
		ETag:         unquote(out.ETag),
		Size:         int64(len(body)),
		ContentType:  opts.ContentType,
		CacheControl: opts.CacheControl,
		VersionID:    versionID(out.VersionId),
		Metadata:     opts.Metadata,
	}, nil
}

// Delete implements driver.Bucket.
func (b *bucket) Delete(ctx context.Context, key string) error {
	call := b.start(ctx, b.permission(actionDelete, key), 0)
	defer call.end()
	_, err := b.api.DeleteObject(call.ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key}, b.asWrite)
	if err = b.fail(call, err); driver.CodeOf(err) == driver.CodeNoSuchKey {
		return nil // AWS answers 204; some stores say that there was nothing
	}
	return err
}

func unquote(etag *string) string { return strings.Trim(aws.ToString(etag), `"`) }

// versionID drops the "null" that is the version of an object in a bucket
// whose versioning is suspended: it names no state.
func versionID(id *string) string {
	if v := aws.ToString(id); v != "null" {
		return v
	}
	return ""
}
