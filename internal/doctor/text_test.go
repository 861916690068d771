package doctor

import (
	"errors"
	"testing"

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
		"aws s3 ls":                      "aws --endpoint-url http://127.0.0.1:4566 s3 ls",
		"printf %s '{}' | aws lambda x":  "printf %s '{}' | aws --endpoint-url http://127.0.0.1:4566 lambda x",
		"pixmill doctor --function laws": "pixmill doctor --function laws",
		"wait, or: mend the aws account": "wait, or: mend the aws account",
	} {
		if got := x.reachable(fix); got != want {
			t.Errorf("%q is %q, want %q", fix, got, want)
		}
	}
}
