package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3api/utils"
	"github.com/versity/versitygw/s3err"

	"pixmill/internal/fault"
)

// maxCopyBytes is S3's limit for the source of a copy.
const maxCopyBytes = 5 << 30

// openBackend opens the directory tree: objects/ with a folder for each bucket
// and, only where the file system has no extended attributes, metadata/.
func openBackend(dir string, log *slog.Logger) (backend.Backend, error) {
	objects, sidecar := filepath.Join(dir, "objects"), filepath.Join(dir, "metadata")
	if err := os.MkdirAll(objects, 0o700); err != nil {
		return nil, fault.New(fault.Misconfigured, "open store", objects, err)
	}
	storer, err := metadataStorer(objects, sidecar, log)
	if err != nil {
		return nil, err
	}
	be, err := posix.New(objects, storer, posix.PosixOpts{
		CopyObjectThreshold: maxCopyBytes,
		ForceNoTmpFile:      true, // the other way puts a temporary name beside the object: listings show it, a crash leaves it
	})
	if err != nil {
		return nil, fault.New(fault.Misconfigured, "open store", objects, err)
	}
	return &steady{be}, nil
}

// metadataStorer keeps ETags and metadata in extended attributes, which change
// together with the object. A tree that was begun with side files stays so.
func metadataStorer(objects, sidecar string, log *slog.Logger) (meta.MetadataStorer, error) {
	_, err := os.Stat(sidecar)
	begun := err == nil
	if !begun {
		if err = probeXattr(objects); err == nil {
			return meta.XattrMeta{}, nil
		}
		log.Warn("the file system has no extended attributes: metadata goes to side files; a crash in the middle of a write may leave an object with the metadata of the one before",
			"directory", sidecar, "cause", err)
	}
	if err := os.MkdirAll(sidecar, 0o700); err != nil {
		return nil, fault.New(fault.Misconfigured, "open store", sidecar, err)
	}
	storer, err := meta.NewSideCar(sidecar)
	if err != nil {
		return nil, fault.New(fault.Misconfigured, "open store", sidecar, err)
	}
	return storer, nil
}

// probeXattr writes and removes an attribute: reading one is no proof.
func probeXattr(dir string) error {
	const name = "pixmill-probe"
	if err := (meta.XattrMeta{}).StoreAttribute(nil, dir, "", name, []byte("1")); err != nil {
		return fmt.Errorf("set an extended attribute of %s: %w", dir, err)
	}
	return meta.XattrMeta{}.DeleteAttribute(dir, "", name)
}

// CreateBucket makes a bucket, or reports false if it is there already.
func (s *Store) CreateBucket(ctx context.Context, name string) (bool, error) {
	if !utils.IsValidBucketName(name) {
		return false, fault.New(fault.Misconfigured, "create bucket", name,
			errors.New("a bucket name has 3 to 63 lower-case letters, digits, dots and hyphens, and begins and ends with a letter or digit"))
	}
	acl, err := json.Marshal(auth.ACL{Owner: s.endpoint.AccessKey})
	if err != nil {
		return false, fault.New(fault.Misconfigured, "create bucket", name, err)
	}
	err = s.inner.CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket:                    &name,
		ObjectOwnership:           types.ObjectOwnershipBucketOwnerEnforced,
		CreateBucketConfiguration: &types.CreateBucketConfiguration{},
	}, acl)
	if code := apiCode(err); code == "BucketAlreadyExists" || code == "BucketAlreadyOwnedByYou" {
		return false, nil
	}
	if err != nil {
		return false, fault.New(fault.Misconfigured, "create bucket", name, err)
	}
	return true, nil
}

// apiCode returns S3's code of an error, or "".
func apiCode(err error) string {
	if api, ok := errors.AsType[s3err.S3Error](err); ok {
		return api.BaseError().Code
	}
	return ""
}
