package s3blob_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"pixmill/internal/blob"
	"pixmill/internal/blob/s3blob"
)

// TestDenied_NamesThePermission: from AWS's own words where there are any, else
// from the call.
func TestDenied_NamesThePermission(t *testing.T) {
	terse := answer{status: 403, code: "AccessDenied", message: "Access Denied"}
	const worded = `User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: s3:ListBucket on resource: &quot;arn:aws:s3:::uploads&quot; because no identity-based policy allows the s3:ListBucket action`
	for _, test := range []struct {
		op     string
		region string
		answer answer
		want   string // empty: nothing is named
	}{
		{"put", "us-east-1", terse, "needs s3:PutObject on arn:aws:s3:::uploads/k: "},
		{"delete", "us-east-1", terse, "needs s3:DeleteObject on arn:aws:s3:::uploads/k: "},
		{"list", "us-east-1", terse, "needs s3:ListBucket on arn:aws:s3:::uploads: "},
		{"get", "us-east-1", terse, "needs s3:GetObject on arn:aws:s3:::uploads/k or, if there is no such object, s3:ListBucket on arn:aws:s3:::uploads: "},
		{"head", "us-east-1", answer{status: 403}, "needs s3:GetObject on arn:aws:s3:::uploads/k or, if there is no such object, s3:ListBucket on arn:aws:s3:::uploads, or the keys or their signature are wrong (an answer to HEAD does not say which): "},
		{"get", "us-east-1", answer{status: 403, code: "AccessDenied", message: worded}, "needs s3:ListBucket on arn:aws:s3:::uploads: "},
		{"put", "cn-north-1", terse, "needs s3:PutObject on arn:aws-cn:s3:::uploads/k: "},
		{"put", "us-gov-west-1", terse, "needs s3:PutObject on arn:aws-us-gov:s3:::uploads/k: "},
		{"put", "us-east-1", answer{status: 403, code: "InvalidAccessKeyId", message: "no such key"}, ""},
		{"put", "us-east-1", answer{status: 403, code: "SignatureDoesNotMatch", message: "wrong"}, ""},
		{"get", "us-east-1", answer{status: 404, code: "NoSuchKey", message: "gone"}, ""},
	} {
		srv := newScripted(t, func(w http.ResponseWriter, r *http.Request, _ int) {
			_, _ = io.Copy(io.Discard, r.Body)
			test.answer.write(w)
		})
		err := do(srv.bucket(t, s3blob.Options{Region: test.region, MaxAttempts: 1}), test.op)
		if err == nil || test.want == "" && strings.Contains(err.Error(), "needs ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s answered with %d %s = %v, want %q", test.op, test.answer.status, test.answer.code, err, test.want)
		}
		if test.want != "" && blob.CodeOf(err) != blob.CodeAccessDenied {
			t.Errorf("%s answered with %d %s has the code %v", test.op, test.answer.status, test.answer.code, blob.CodeOf(err))
		}
	}
}
