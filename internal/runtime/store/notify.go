package store

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// tellTimeout bounds how long an answer waits for the change to be taken.
const tellTimeout = 10 * time.Second

// notifying is a backend that tells of every change before it returns. What it
// does not override changes no object's bytes or existence.
type notifying struct {
	backend.Backend
	tell func(context.Context, Change) error
	seq  *sequencer
	log  *slog.Logger
	now  func() time.Time

	writes *inflight
}

// Shutdown does nothing: the gateway calls it whenever it ends, also when it
// could not listen; Store closes the inner backend.
func (*notifying) Shutdown() {}

// PutObject also serves form uploads, which come as POST.
func (n *notifying) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	end := n.writes.begin(*in.Bucket, *in.Key)
	defer end()
	name := CreatedPut
	if r, ok := ctx.(interface{ IsPost() bool }); ok && r.IsPost() {
		name = CreatedPost
	}
	out, err := n.Backend.PutObject(ctx, in)
	c := Change{Bucket: *in.Bucket, Key: *in.Key, Name: name, ETag: out.ETag, VersionID: out.VersionID}
	if out.Size != nil {
		c.Size = *out.Size
	}
	return out, n.settle(ctx, err, c)
}

func (n *notifying) CopyObject(ctx context.Context, in s3response.CopyObjectInput) (s3response.CopyObjectOutput, error) {
	end := n.writes.begin(*in.Bucket, *in.Key)
	defer end()
	out, err := n.Backend.CopyObject(ctx, in)
	c := Change{Bucket: *in.Bucket, Key: *in.Key, Name: CreatedCopy, VersionID: deref(out.VersionId)}
	if err == nil {
		n.measure(ctx, &c)
	}
	return out, n.settle(ctx, err, c)
}

func (n *notifying) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput) (s3response.CompleteMultipartUploadResult, string, error) {
	end := n.writes.begin(*in.Bucket, *in.Key)
	defer end()
	out, version, err := n.Backend.CompleteMultipartUpload(ctx, in)
	c := Change{Bucket: *in.Bucket, Key: *in.Key, Name: CreatedMultipart, VersionID: version}
	if err == nil {
		n.measure(ctx, &c)
	}
	return out, version, n.settle(ctx, err, c)
}

// DeleteObject tells of a removal even where nothing was: the client may be
// trying again after a removal that could not be told.
func (n *notifying) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput) (*s3.DeleteObjectOutput, error) {
	end := n.writes.begin(*in.Bucket, *in.Key)
	defer end()
	out, err := n.Backend.DeleteObject(ctx, in)
	return out, n.settle(ctx, err, Change{Bucket: *in.Bucket, Key: *in.Key, Name: RemovedDelete})
}

// DeleteObjects tells of each key, also of those whose removal failed half-way
// and of those behind one that could not be told.
func (n *notifying) DeleteObjects(ctx context.Context, in *s3.DeleteObjectsInput) (s3response.DeleteResult, error) {
	end := n.writes.begin(*in.Bucket, "")
	defer end()
	out, err := n.Backend.DeleteObjects(ctx, in)
	var failed error
	for _, o := range in.Delete.Objects {
		tellErr := n.settle(ctx, err, Change{Bucket: *in.Bucket, Key: *o.Key, Name: RemovedDelete})
		failed = cmp.Or(failed, tellErr)
	}
	return out, failed
}

// measure fills in the size and the ETag of what stands under the key now;
// without them the change is told all the same.
func (n *notifying) measure(ctx context.Context, c *Change) {
	head, err := n.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &c.Bucket, Key: &c.Key})
	if err != nil {
		return
	}
	c.ETag = deref(head.ETag)
	if head.ContentLength != nil {
		c.Size = *head.ContentLength
	}
}

// settle tells of a change and returns what the client shall hear. An operation
// that the client got wrong changed nothing; one that failed otherwise may have,
// and is told as well.
func (n *notifying) settle(ctx context.Context, opErr error, c Change) error {
	if api, ok := errors.AsType[s3err.S3Error](opErr); ok && opErr != nil && api.StatusCode() < http.StatusInternalServerError {
		return opErr
	}
	c.Bucket, c.Key = strings.Clone(c.Bucket), strings.Clone(c.Key) // the next request overwrites the buffer that they are in
	c.ETag = strings.Trim(c.ETag, `"`)
	c.Time = n.now()
	err := n.report(ctx, c)
	if opErr != nil {
		n.log.LogAttrs(ctx, slog.LevelError, "store request failed", slog.String("bucket", c.Bucket),
			slog.String("key", c.Key), slog.String("event", c.Name), slog.Any("error", opErr))
		return s3err.GetAPIError(s3err.ErrInternalError)
	}
	if err != nil {
		n.log.LogAttrs(ctx, slog.LevelError, "change not reported; the client is asked to try again",
			slog.String("bucket", c.Bucket), slog.String("key", c.Key), slog.String("event", c.Name), slog.Any("error", err))
		return s3err.APIError{
			Code:           "ServiceUnavailable",
			Description:    "The object was changed but its event could not be queued. Please try again.",
			HTTPStatusCode: http.StatusServiceUnavailable,
		}
	}
	return nil
}

func (n *notifying) report(ctx context.Context, c Change) error {
	var err error
	if c.Sequencer, err = n.seq.next(); err != nil {
		return err
	}
	// The request's context ends with the server; a change that stands is told all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTimeout)
	defer cancel()
	return n.tell(ctx, c)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
