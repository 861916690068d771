package s3blob

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/aws/smithy-go"

	"pixmill/internal/partition"
)

// permission is an action on a resource, in the words of a policy.
type permission struct{ action, arn string }

func (p permission) String() string { return p.action + " on " + p.arn }

// permission returns what a call needs of the bucket's or of an object's owner.
func (b *bucket) permission(action, key string) permission {
	arn := "arn:" + partition.OfRegion(b.region) + ":s3:::" + b.name
	if action != actionList {
		arn += "/" + key
	}
	return permission{action: action, arn: arn}
}

// The actions, one for each call of S3API.
const (
	actionGet    = "s3:GetObject"
	actionPut    = "s3:PutObject"
	actionDelete = "s3:DeleteObject"
	actionList   = "s3:ListBucket"
)

// deniedError is a refusal together with what would have allowed the call.
type deniedError struct {
	needs permission
	other permission // empty, or what may be missing instead
	mute  bool       // the store did not say why: the keys may be wrong as well
	err   error
}

func (e *deniedError) Error() string {
	needs := e.needs.String()
	if e.other != (permission{}) {
		needs += fmt.Sprintf(" or, if there is no such object, %s", e.other)
	}
	if e.mute {
		needs += ", or the keys or their signature are wrong (an answer to HEAD does not say which)"
	}
	return "needs " + needs + ": " + e.err.Error()
}

// Unwrap returns the SDK's error.
func (e *deniedError) Unwrap() error { return e.err }

// namedPermission finds the permission in AWS's own words, which it has only
// within one account.
var namedPermission = regexp.MustCompile(`not authorized to perform: (s3:\w+) on resource: "?(arn:[^"\s]+)`)

// nameMissing adds to a refusal which permission is missing. Where the store does
// not say, it is what the call needs; but for a key that is not there AWS refuses
// a GET or HEAD for want of s3:ListBucket on the bucket.
//
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
func (b *bucket) nameMissing(needs permission, err error) error {
	if !forWantOfPermission(err) {
		return err
	}
	denied := &deniedError{needs: needs, mute: isMute(err), err: err}
	if named := namedPermission.FindStringSubmatch(err.Error()); named != nil {
		denied.needs = permission{action: named[1], arn: named[2]}
	} else if needs.action == actionGet {
		denied.other = b.permission(actionList, "")
	}
	return denied
}

// headForbidden is the SDK's word for a 403 to HEAD, which has no body and so no code.
const headForbidden = "Forbidden"

// forWantOfPermission is false for keys that are known to be wrong or too old: no policy
// mends those.
func forWantOfPermission(err error) bool {
	e, ok := errors.AsType[smithy.APIError](err)
	return ok && (e.ErrorCode() == "AccessDenied" || e.ErrorCode() == headForbidden)
}

// isMute reports whether the store refused without a reason.
func isMute(err error) bool {
	e, ok := errors.AsType[smithy.APIError](err)
	return ok && e.ErrorCode() == headForbidden
}
