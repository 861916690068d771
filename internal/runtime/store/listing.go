package store

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// listing is a backend that lists keys in URL encoding where the client asks for
// that. The gateway ignores encoding-type and writes keys as XML text, in which
// every character that XML 1.0 lacks becomes U+FFFD: another key. Listings of
// versions and of uploads under way stay as they are; nothing here reads those.
//
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
type listing struct{ backend.Backend }

// ListObjectsV2 also makes the token safe, which to the backend is a key.
func (l *listing) ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input) (s3response.ListObjectsV2Result, error) {
	token := deref(in.ContinuationToken)
	key, err := url.QueryUnescape(token)
	if err != nil {
		return s3response.ListObjectsV2Result{}, s3err.InvalidArgumentError{
			Description: "The continuation token provided is incorrect", ArgumentName: "continuation-token", ArgumentValue: token,
		}
	}
	in.ContinuationToken = &key
	out, err := l.Backend.ListObjectsV2(ctx, in)
	if err != nil {
		return out, err
	}
	if token != "" {
		out.ContinuationToken = &token
	}
	out.NextContinuationToken = encoded(out.NextContinuationToken)
	if wantsEncoding(ctx) {
		out.EncodingType = types.EncodingTypeUrl
		out.Prefix, out.Delimiter, out.StartAfter = encoded(out.Prefix), encoded(out.Delimiter), encoded(out.StartAfter)
		encodeKeys(out.Contents, out.CommonPrefixes)
	}
	return out, nil
}

// ListObjects is the older call, whose markers are keys to the client, too.
func (l *listing) ListObjects(ctx context.Context, in *s3.ListObjectsInput) (s3response.ListObjectsResult, error) {
	out, err := l.Backend.ListObjects(ctx, in)
	if err == nil && wantsEncoding(ctx) {
		out.EncodingType = types.EncodingTypeUrl
		out.Prefix, out.Delimiter = encoded(out.Prefix), encoded(out.Delimiter)
		out.Marker, out.NextMarker = encoded(out.Marker), encoded(out.NextMarker)
		encodeKeys(out.Contents, out.CommonPrefixes)
	}
	return out, err
}

// wantsEncoding reports whether the request behind a context, which is the
// gateway's own, has encoding-type=url.
func wantsEncoding(ctx context.Context) bool {
	r, ok := ctx.(interface{ RequestURI() []byte })
	if !ok {
		return false
	}
	_, query, _ := strings.Cut(string(r.RequestURI()), "?")
	values, err := url.ParseQuery(query)
	return err == nil && values.Get("encoding-type") == string(types.EncodingTypeUrl)
}

func encodeKeys(objects []s3response.Object, prefixes []types.CommonPrefix) {
	for i, o := range objects {
		objects[i].Key = encoded(o.Key)
	}
	for i, p := range prefixes {
		prefixes[i].Prefix = encoded(p.Prefix)
	}
}

// encoded returns what S3 makes of a string: a space becomes "+", and "/" stays.
func encoded(s *string) *string {
	if s == nil {
		return nil
	}
	e := strings.ReplaceAll(url.QueryEscape(*s), "%2F", "/")
	return &e
}
