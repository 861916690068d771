package s3blob

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"
)

// permission is an action on a resource, in the words of a policy.
type permission struct{ action, arn string }

func (p permission) String() string { return p.action + " on " + p.arn }

// permission returns what a call needs of the bucket's or of an object's owner.
func (b *bucket) permission(action, key string) permission {
	arn := "arn:" + partitionOf(b.region) + ":s3:::" + b.name
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

// partitionOf returns the part of AWS that a region is in.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// deniedError is a refusal together with what would have allowed the call.
type deniedError struct {
	needs permission
	other permission // empty, or what may be missing instead
	err   error
}

func (e *deniedError) Error() string {
	needs := e.needs.String()
	if e.other != (permission{}) {
		needs += fmt.Sprintf(" or, if there is no such object, %s", e.other)
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
	denied := &deniedError{needs: needs, err: err}
	if named := namedPermission.FindStringSubmatch(err.Error()); named != nil {
		denied.needs = permission{action: named[1], arn: named[2]}
	} else if needs.action == actionGet {
		denied.other = b.permission(actionList, "")
	}
	return denied
}

// forWantOfPermission is false for keys that are wrong or too old: no policy
// mends those.
func forWantOfPermission(err error) bool {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		switch e.ErrorCode() {
		case "AccessDenied", "Forbidden": // the second is the SDK's word for HEAD's 403
			return true
		}
	}
	return false
}
