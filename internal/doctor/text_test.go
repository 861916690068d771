package doctor

import (
	"errors"
	"testing"

	"github.com/bmatcuk/doublestar/v4"

	"pixmill/internal/blob"
)

func TestPlain_LeavesOutWhatTheSDKSays(t *testing.T) {
	const reason = `look: list "a/" in bucket "b": no such bucket: operation error S3: ListObjectsV2, https response error StatusCode: 404, RequestID: a8571b02, HostID: s9lz+5cj=, NoSuchBucket: The specified bucket does not exist`
	if got, want := plain(reason), `look: list "a/" in bucket "b": no such bucket: NoSuchBucket: The specified bucket does not exist`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	denied := &blob.Error{Code: blob.CodeAccessDenied, Op: "get", Bucket: "b", Key: "k", Err: errors.New("needs s3:GetObject on arn:aws:s3:::b/k: operation error S3: GetObject, https response error StatusCode: 403, RequestID: , HostID: , api error AccessDenied: Access Denied")}
	if got, want := brief(denied), `get "k" in bucket "b": access denied: needs s3:GetObject on arn:aws:s3:::b/k: AccessDenied: Access Denied`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestReachable_AsksTheSameEndpoint(t *testing.T) {
	x := &examination{place: placeLocalStack, endpoint: "http://127.0.0.1:4566"}
	for fix, want := range map[string]string{
		"aws s3 ls":                               "aws --endpoint-url http://127.0.0.1:4566 s3 ls",
		"printf %s '{}' | aws lambda x":           "printf %s '{}' | aws --endpoint-url http://127.0.0.1:4566 lambda x",
		"printf %s 'laws | aws y' | aws lambda x": "printf %s 'laws | aws y' | aws --endpoint-url http://127.0.0.1:4566 lambda x",
		"aws sqs a && aws sqs b":                  "aws --endpoint-url http://127.0.0.1:4566 sqs a && aws --endpoint-url http://127.0.0.1:4566 sqs b",
		"pixmill doctor --function laws":          "pixmill doctor --function laws",
		"wait, or: mend the aws account":          "wait, or: mend the aws account",
	} {
		if got := x.reachable(fix); got != want {
			t.Errorf("%q is %q, want %q", fix, got, want)
		}
	}
}

// A key is given to `pixmill redrive --key` as a pattern.
func TestQuotePattern_MatchesTheKeyAlone(t *testing.T) {
	for key, other := range map[string]string{"a[1].jpg": "a1.jpg", "*.jpg": "b.jpg", "a?": "ab", "{a,b}": "a", `a\*b`: "a*b", "plain/ü.jpg": ""} {
		pattern := quotePattern(key)
		if !doublestar.MatchUnvalidated(pattern, key) || doublestar.MatchUnvalidated(pattern, other) {
			t.Errorf("%q as %q: matches itself %t, and %q %t", key, pattern, doublestar.MatchUnvalidated(pattern, key), other, doublestar.MatchUnvalidated(pattern, other))
		}
	}
}

func TestQuoteShell(t *testing.T) {
	for in, want := range map[string]string{
		"trip/sea.jpg": "trip/sea.jpg", "a b.jpg": "'a b.jpg'", "it's": `'it'\''s'`, "": "''", "$(x)": "'$(x)'", "ü": "'ü'",
	} {
		if got := quoteShell(in); got != want {
			t.Errorf("%q is %s, want %s", in, got, want)
		}
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 bytes", 1: "1 byte", 730: "730 bytes", 1 << 10: "1.0 KiB", 1485159: "1.4 MiB", 762 << 20: "762 MiB", 19 << 30: "19.0 GiB",
	} {
		if got := size(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

func TestMakeBucket_SaysHowToNameAnother(t *testing.T) {
	x := &examination{place: placeLocalStack, region: "us-east-1"}
	if got, want := x.makeBucket("b", "PIXMILL_OUTPUT_BUCKET"), "aws s3 mb s3://b --region us-east-1   (or name yours with PIXMILL_OUTPUT_BUCKET)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
