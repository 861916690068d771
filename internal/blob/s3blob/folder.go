package s3blob

import (
	"bytes"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"pixmill/internal/blob/driver"
)

// existingFolder is versitygw's word for "a" where "a/b" is. It says the same
// where the folder that it was about to put "a/b" into vanished with the last
// object in it, and then another try puts things right.
const existingFolder = "ExistingObjectIsDirectory"

// send sends a PutObject, again while a folder is said to be in the way and is not.
func (b *bucket) send(c *call, in *s3.PutObjectInput, body []byte) (*s3.PutObjectOutput, error) {
	for try := 1; ; try++ {
		in.Body = bytes.NewReader(body)
		out, err := b.api.PutObject(c.ctx, in, b.asWrite)
		if err == nil {
			return out, nil
		}
		err = b.fail(c, err)
		if !b.isGhost(c, *in.Key, err) {
			return nil, err
		}
		if try >= b.tries {
			return nil, &driver.Error{Code: driver.CodeUnavailable, Err: err}
		}
	}
}

// isGhost says whether an error is of a folder that a listing does not show.
func (b *bucket) isGhost(c *call, key string, err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok || api.ErrorCode() != existingFolder {
		return false
	}
	page, err := b.ListPage(c.ctx, &driver.ListOptions{Prefix: key + "/", PageSize: 1})
	return err != nil || len(page.Entries) == 0
}
