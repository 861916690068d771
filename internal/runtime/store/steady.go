package store

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// steadyReads bounds how often a read begins anew because the object was
// overwritten under it.
const steadyReads = 20

// steady is a backend whose GetObject gives the attributes and the bytes of one
// and the same write. The posix backend reads the attributes by path and then
// opens the file: a reader that meets an overwrite would get the new bytes under
// the old ETag, and an output made of it would name the wrong source.
type steady struct{ backend.Backend }

// GetObject reads again until the object is the same before and after the file
// was opened.
func (s *steady) GetObject(ctx context.Context, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	for range steadyReads {
		out, err := s.Backend.GetObject(ctx, in)
		if err != nil {
			return out, err
		}
		head, err := s.HeadObject(ctx, &s3.HeadObjectInput{Bucket: in.Bucket, Key: in.Key, VersionId: in.VersionId})
		if err == nil && sameWrite(out, head) {
			return out, nil
		}
		if out.Body != nil {
			_ = out.Body.Close() // nothing was read
		}
	}
	return nil, s3err.GetAPIError(s3err.ErrSlowDown)
}

// sameWrite compares the time, too: a source that goes A → B → A has its first
// ETag again.
func sameWrite(out *s3.GetObjectOutput, head *s3.HeadObjectOutput) bool {
	return deref(out.ETag) == deref(head.ETag) && out.LastModified != nil && head.LastModified != nil &&
		out.LastModified.Equal(*head.LastModified)
}

// PutObject asks the client to try again where the backend says that the key is a
// folder of others and it is none: the folder's last object was being removed.
func (s *steady) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	out, err := s.Backend.PutObject(ctx, in)
	if apiCode(err) != "ExistingObjectIsDirectory" {
		return out, err
	}
	one, none, below := int32(1), "", *in.Key+"/"
	list, listErr := s.ListObjectsV2(ctx, &s3.ListObjectsV2Input{
		Bucket: in.Bucket, Prefix: &below, MaxKeys: &one,
		Delimiter: &none, ContinuationToken: &none, StartAfter: &none, // the backend wants them all
	})
	if listErr == nil && len(list.Contents) == 0 {
		return out, s3err.GetAPIError(s3err.ErrSlowDown)
	}
	return out, err
}
