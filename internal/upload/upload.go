// Package upload puts an image that somebody sends into the source bucket: under a
// key that a rule of the configuration matches, and with the media type of what its
// bytes are. What the sender is told in the end is here, too. The package knows no
// transport, renders nothing, and writes nothing but that one object.
package upload

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"pixmill/internal/blob"
	"pixmill/internal/event"
	"pixmill/internal/fault"
	"pixmill/internal/handler"
	"pixmill/internal/imaging"
	"pixmill/internal/manifest"
	"pixmill/internal/preset"
)

// Config is what an Uploader works with.
type Config struct {
	Source  *blob.Bucket
	Presets *preset.Config
	Engine  imaging.Engine
}

// Uploader takes images. It may be used concurrently.
type Uploader struct{ cfg Config }

// New returns an Uploader.
func New(c Config) *Uploader { return &Uploader{cfg: c} }

// Limits are those of the engine: images that are over them are not taken.
func (u *Uploader) Limits() imaging.Limits { return u.cfg.Engine.Capability().Limits }

// Image is what somebody sends.
type Image struct {
	Data  []byte
	Key   string // in the source bucket; empty: source.prefix, the SHA-256 of Data, and the extension of its format
	Focal string // the metadata handler.MetaFocal; empty: none
}

// Stored is an image that is in the source bucket.
type Stored struct {
	Event       event.ObjectEvent // to be handled
	Identity    string            // that the manifest has for it
	ContentType string
	Image       imaging.Info
}

// CheckKey says whether an image may be put under a key. The error is Rejected where not
// every store can hold the key, and where no source can have it; where it is outside
// source.prefix, as every place of the output is; and where nothing would be made of the
// image, since no rule matches the key or a manifest's would be too long.
func (u *Uploader) CheckKey(key string) error {
	switch err := blob.CheckKey(key); {
	case err != nil:
		return refuse(key, err)
	case strings.Contains(key, "\x00"):
		return refuse(key, errors.New("the key has a NUL byte, which stores on a file system cannot hold"))
	case !preset.ValidKey(key):
		return refuse(key, errors.New("the key ends in / or has an empty, . or .. segment"))
	case !u.cfg.Presets.InSource(key):
		return refuse(key, fmt.Errorf("the key is outside the source prefix %q", u.cfg.Presets.Source.Prefix))
	case u.cfg.Presets.Match(key) == nil:
		return refuse(key, errors.New("no rule matches the key"))
	}
	if err := blob.CheckKey(u.cfg.Presets.Folder(key) + manifest.Name); err != nil {
		return refuse(key, fmt.Errorf("its manifest would have no key: %w", err))
	}
	return nil
}

// CheckFocal says whether a focal point can be read; the empty one is none.
func CheckFocal(focal string) error {
	_, err := handler.FocalPoint(metadata(focal))
	if err != nil {
		return fault.New(fault.Rejected, "upload", "", err)
	}
	return nil
}

// Put stores an image whose header can be read and is within the limits. The error is
// Rejected where the sender is to blame: see CheckKey and CheckFocal, and
// imaging.ErrNotImage and imaging.UnsupportedError for what is no image of a format
// that is read. Then nothing was written. All other errors are the store's.
func (u *Uploader) Put(ctx context.Context, im Image) (Stored, error) {
	if err := CheckFocal(im.Focal); err != nil {
		return Stored{}, err
	}
	info, err := u.cfg.Engine.Probe(ctx, im.Data)
	if err != nil {
		return Stored{}, err
	}
	key := cmp.Or(im.Key, u.nameOf(im.Data, info.Format))
	if err := u.CheckKey(key); err != nil {
		return Stored{}, err
	}
	contentType, meta := info.Format.ContentType(), metadata(im.Focal)
	a, err := u.cfg.Source.Put(ctx, key, im.Data, &blob.PutOptions{ContentType: contentType, Metadata: meta})
	if err != nil {
		return Stored{}, fmt.Errorf("store the image: %w", err)
	}
	return Stored{
		Event: event.ObjectEvent{
			Bucket: u.cfg.Source.Name(), Key: key, Op: event.OpDirect, Name: "upload",
			ETag: a.ETag, VersionID: a.VersionID, Size: int64(len(im.Data)),
		},
		Identity:    handler.Identity(&blob.Attrs{ETag: a.ETag, Metadata: meta}),
		ContentType: contentType,
		Image:       info,
	}, nil
}

// nameOf is the key of an image without one. The same image has the same key.
func (u *Uploader) nameOf(data []byte, format imaging.Format) string {
	sum := sha256.Sum256(data)
	return u.cfg.Presets.Source.Prefix + hex.EncodeToString(sum[:]) + "." + format.Extension()
}

func metadata(focal string) map[string]string {
	if focal == "" {
		return nil
	}
	return map[string]string{handler.MetaFocal: focal}
}

func refuse(key string, err error) error { return fault.New(fault.Rejected, "upload", key, err) }
