package s3blob

import (
	"context"
	"errors"

	"github.com/aws/smithy-go"

	"pixmill/internal/blob/driver"
)

// existingFolder is versitygw's word for "a" where "a/b" is. It says the same
// when the folder that it was about to put the object into vanished with its
// last object, which a second try puts right.
const existingFolder = "ExistingObjectIsDirectory"

// doubted returns the error of a write, as one that may pass if the store says
// that there is a folder in the way and a listing does not show one.
func (b *bucket) doubted(ctx context.Context, key string, err error) error {
	if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != existingFolder {
		return err
	}
	page, listErr := b.ListPage(ctx, &driver.ListOptions{Prefix: key + "/", PageSize: 1})
	if listErr == nil && len(page.Entries) > 0 {
		return err
	}
	return &driver.Error{Code: driver.CodeUnavailable, Err: errors.Join(err, listErr)}
}
