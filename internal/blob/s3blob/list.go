package s3blob

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"pixmill/internal/blob/driver"
)

// ListPage implements driver.Bucket. Keys are asked for in URL encoding: XML 1.0
// cannot hold the control characters that a key can. A store that ignores that
// lists another key in the place of one with such a character.
func (b *bucket) ListPage(ctx context.Context, opts *driver.ListOptions) (*driver.Page, error) {
	in := &s3.ListObjectsV2Input{Bucket: &b.name, EncodingType: types.EncodingTypeUrl}
	if opts.Prefix != "" {
		in.Prefix = &opts.Prefix
	}
	if opts.Delimiter != "" {
		in.Delimiter = &opts.Delimiter
	}
	if opts.Token != "" {
		in.ContinuationToken = &opts.Token
	}
	if opts.PageSize > 0 {
		in.MaxKeys = aws.Int32(int32(min(opts.PageSize, driver.MaxPageSize)))
	}
	call := b.start(ctx, b.permission(actionList, ""), 0)
	defer call.end()
	out, err := b.api.ListObjectsV2(call.ctx, in)
	if err != nil {
		return nil, b.fail(call, err)
	}
	page, err := pageOf(out)
	return page, b.fail(call, err)
}

// pageOf merges the two lists of an answer into one in the order of the keys. In an
// answer that says so, keys and common prefixes are URL-encoded, and the token is
// not; S3 writes a space as "+", others as "%20".
//
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
func pageOf(out *s3.ListObjectsV2Output) (*driver.Page, error) {
	decode := func(s *string) (string, error) { return aws.ToString(s), nil }
	if out.EncodingType == types.EncodingTypeUrl {
		decode = func(s *string) (string, error) { return url.QueryUnescape(aws.ToString(s)) }
	}
	page := &driver.Page{Entries: make([]driver.Entry, 0, len(out.Contents)+len(out.CommonPrefixes))}
	for _, o := range out.Contents {
		key, err := decode(o.Key)
		if err != nil {
			return nil, err
		}
		page.Entries = append(page.Entries, driver.Entry{
			Key: key, ETag: unquote(o.ETag), Size: aws.ToInt64(o.Size), ModTime: aws.ToTime(o.LastModified),
		})
	}
	for _, p := range out.CommonPrefixes {
		key, err := decode(p.Prefix)
		if err != nil {
			return nil, err
		}
		page.Entries = append(page.Entries, driver.Entry{Key: key, IsPrefix: true})
	}
	slices.SortFunc(page.Entries, func(a, b driver.Entry) int { return strings.Compare(a.Key, b.Key) })
	if aws.ToBool(out.IsTruncated) {
		if page.Next = aws.ToString(out.NextContinuationToken); page.Next == "" {
			return nil, errors.New("the listing is truncated, but the store gave no token for the rest")
		}
	}
	return page, nil
}
