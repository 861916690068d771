package upload

import (
	"net/url"
	"strings"

	"pixmill/internal/handler"
	"pixmill/internal/manifest"
)

// Receipt says, as JSON, what was made of an upload.
type Receipt struct {
	Result   handler.Result  `json:"result"` // "unchanged" where the same image was there before
	Status   manifest.Status `json:"status"` // of the manifest
	Source   Object          `json:"source"`
	Manifest Object          `json:"manifest"`
	Variants []Variant       `json:"variants"`
}

// Object is one object in a bucket.
type Object struct {
	Bucket      string `json:"bucket"`
	Key         string `json:"key"`
	URL         string `json:"url"` // s3://bucket/key, with the key percent-encoded
	ContentType string `json:"contentType,omitempty"`
	Width       int    `json:"width,omitempty"`  // px
	Height      int    `json:"height,omitempty"` // px
	Bytes       int64  `json:"bytes,omitempty"`
	ETag        string `json:"etag,omitempty"`
	VersionID   string `json:"versionId,omitempty"`
}

// Variant is one object of the output, or why there is none.
type Variant struct {
	Name   string          `json:"name"`
	Status manifest.Status `json:"status"`
	Reason string          `json:"reason,omitempty"`
	*Object
}

// Receipt is what the sender of an image is told when its outcome has a manifest.
// output is the bucket of the variants.
func (s Stored) Receipt(o handler.Outcome, output string) Receipt {
	doc := object(output, o.ManifestKey)
	doc.ContentType = "application/json"
	r := Receipt{Result: o.Result, Status: o.Manifest.Status, Source: s.Object(), Manifest: doc, Variants: []Variant{}}
	for _, v := range o.Manifest.Variants {
		r.Variants = append(r.Variants, variant(output, v))
	}
	return r
}

// Object describes the image in the source bucket.
func (s Stored) Object() Object {
	o := object(s.Event.Bucket, s.Event.Key)
	o.ContentType, o.Width, o.Height = s.ContentType, s.Image.Width, s.Image.Height
	o.Bytes, o.ETag, o.VersionID = s.Event.Size, s.Event.ETag, s.Event.VersionID
	return o
}

func variant(bucket string, v manifest.Variant) Variant {
	out := Variant{Name: v.Name, Status: v.Status, Reason: v.Reason}
	if v.Status == manifest.StatusOK {
		o := object(bucket, v.Key)
		o.ContentType, o.Width, o.Height, o.Bytes, o.ETag = v.ContentType, v.Width, v.Height, v.Bytes, v.ETag
		out.Object = &o
	}
	return out
}

// Replaced reports whether an outcome speaks of another image than was stored: another
// upload under the same key, or a deletion, came in between. The same image again, as
// from a client that lost patience, is no other.
func (s Stored) Replaced(o handler.Outcome) bool {
	return o.Manifest == nil || o.Manifest.Source.Identity != s.Identity
}

// Failed reports whether a manifest has no variant at all.
func Failed(m *manifest.Manifest) bool {
	for _, v := range m.Variants {
		if v.Status == manifest.StatusOK {
			return false
		}
	}
	return true
}

func object(bucket, key string) Object {
	return Object{Bucket: bucket, Key: key, URL: "s3://" + bucket + "/" + encode(key)}
}

// encode percent-encodes each segment of a key.
func encode(key string) string { return strings.ReplaceAll(url.PathEscape(key), "%2F", "/") }
