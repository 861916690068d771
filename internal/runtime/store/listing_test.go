package store_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Keys come encoded to those who ask for that, and as XML has them to all others.
func TestListing_EncodesWhereTheClientAsks(t *testing.T) {
	c := client(t, open(t, t.TempDir(), &recorder{}).Endpoint(), 1)
	for _, key := range []string{"d +/\x01/a", "d +/\x01/b c", "d +/\x01/e/f"} {
		if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("uploads"), Key: &key, Body: strings.NewReader("x")}); err != nil {
			t.Fatal(err)
		}
	}
	for encoding, want := range map[types.EncodingType][]string{
		"":                    {"", "d +/\ufffd/", "/", "d +/\ufffd/a", "d +/\ufffd/b c", "d +/\ufffd/e/"},
		types.EncodingTypeUrl: {"url", "d+%2B/%01/", "/", "d+%2B/%01/a", "d+%2B/%01/b+c", "d+%2B/%01/e/"},
	} {
		two, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{
			Bucket: aws.String("uploads"), Prefix: aws.String("d +/\x01/"), Delimiter: aws.String("/"), EncodingType: encoding,
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := shown(two.EncodingType, two.Prefix, two.Delimiter, two.Contents, two.CommonPrefixes); !slices.Equal(got, want) {
			t.Errorf("with encoding %q the listing is %q, want %q", encoding, got, want)
		}
		one, err := c.ListObjects(t.Context(), &s3.ListObjectsInput{
			Bucket: aws.String("uploads"), Prefix: aws.String("d +/\x01/"), Delimiter: aws.String("/"), EncodingType: encoding,
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := shown(one.EncodingType, one.Prefix, one.Delimiter, one.Contents, one.CommonPrefixes); !slices.Equal(got, want) {
			t.Errorf("with encoding %q the older listing is %q, want %q", encoding, got, want)
		}
	}
}

func shown(encoding types.EncodingType, prefix, delimiter *string, objects []types.Object, prefixes []types.CommonPrefix) []string {
	got := []string{string(encoding), aws.ToString(prefix), aws.ToString(delimiter)}
	for _, o := range objects {
		got = append(got, aws.ToString(o.Key))
	}
	for _, p := range prefixes {
		got = append(got, aws.ToString(p.Prefix))
	}
	return got
}

// The token is nobody's to read: it leads on whatever the encoding.
func TestListing_PagesLeadOn(t *testing.T) {
	c := client(t, open(t, t.TempDir(), &recorder{}).Endpoint(), 1)
	keys := []string{"\x01", "%41", "+", "A", "a b", "\ufffe"}
	for _, key := range keys {
		if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("uploads"), Key: &key, Body: strings.NewReader("x")}); err != nil {
			t.Fatal(err)
		}
	}
	var token, marker *string
	for i, want := range keys {
		two, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{
			Bucket: aws.String("uploads"), MaxKeys: aws.Int32(1), ContinuationToken: token, EncodingType: types.EncodingTypeUrl,
		})
		if err != nil || aws.ToString(two.ContinuationToken) != aws.ToString(token) || keyOf(t, two.Contents) != want {
			t.Fatalf("page %d: %+v, %v, want %q", i, two, err, want)
		}
		one, err := c.ListObjects(t.Context(), &s3.ListObjectsInput{
			Bucket: aws.String("uploads"), MaxKeys: aws.Int32(1), Marker: marker, EncodingType: types.EncodingTypeUrl,
		})
		if err != nil || keyOf(t, one.Contents) != want {
			t.Fatalf("older page %d: %+v, %v, want %q", i, one, err, want)
		}
		token, marker = two.NextContinuationToken, &want
	}
	if token != nil {
		t.Errorf("the last page has the token %q", *token)
	}
	for _, bad := range []string{"100%", "%zz"} {
		_, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("uploads"), ContinuationToken: &bad})
		if err == nil || !strings.Contains(err.Error(), "continuation token") {
			t.Errorf("the token %q: %v", bad, err)
		}
	}
}

// keyOf decodes the one key of a page.
func keyOf(t *testing.T, page []types.Object) string {
	t.Helper()
	if len(page) != 1 {
		return ""
	}
	key, err := url.QueryUnescape(*page[0].Key)
	if err != nil {
		t.Error(err)
	}
	return key
}
