package s3blob

import (
	"context"
	"errors"
	"net/http"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"pixmill/internal/blob/driver"
)

// apiCodes maps the error codes of S3 and of the stores like it. Where a code
// is not here, or there is none as in every answer to HEAD, the status decides.
// Source: "Error responses" in the Amazon S3 API Reference.
var apiCodes = map[string]driver.Code{
	"NoSuchKey":    driver.CodeNoSuchKey,
	"NoSuchBucket": driver.CodeNoSuchBucket,
	"NotFound":     driver.CodeNotFound, // the SDK's word for HEAD's 404

	"PreconditionFailed":         driver.CodePreconditionFailed,
	"ConditionalRequestConflict": driver.CodeConflict,
	"OperationAborted":           driver.CodeConflict,

	"AccessDenied":          driver.CodeAccessDenied,
	"AccountProblem":        driver.CodeAccessDenied,
	"AllAccessDisabled":     driver.CodeAccessDenied,
	"ExpiredToken":          driver.CodeAccessDenied,
	"InvalidAccessKeyId":    driver.CodeAccessDenied,
	"InvalidToken":          driver.CodeAccessDenied,
	"NotSignedUp":           driver.CodeAccessDenied,
	"SignatureDoesNotMatch": driver.CodeAccessDenied,
	"XAdminUserNotFound":    driver.CodeAccessDenied, // versitygw: an unknown access key, with status 404

	"AuthorizationHeaderMalformed":       driver.CodeWrongRegion,
	"IllegalLocationConstraintException": driver.CodeWrongRegion,
	"PermanentRedirect":                  driver.CodeWrongRegion,

	"KeyTooLongError":         driver.CodeInvalidKey,
	"InvalidURI":              driver.CodeInvalidKey,
	existingFolder:            driver.CodeInvalidKey,
	"ObjectParentIsFile":      driver.CodeInvalidKey, // versitygw: "a/b" where "a" is
	"XMinioInvalidObjectName": driver.CodeInvalidKey, // MinIO
	"XMinioParentIsObject":    driver.CodeInvalidKey, // MinIO: "a/b" where "a" is

	"NotImplemented": driver.CodeNotImplemented,
}

// statusCodes maps the statuses that mean something without an error code.
var statusCodes = map[int]driver.Code{
	http.StatusMovedPermanently:   driver.CodeWrongRegion,
	http.StatusUnauthorized:       driver.CodeAccessDenied,
	http.StatusForbidden:          driver.CodeAccessDenied,
	http.StatusNotFound:           driver.CodeNotFound,
	http.StatusConflict:           driver.CodeConflict,
	http.StatusPreconditionFailed: driver.CodePreconditionFailed,
	http.StatusNotImplemented:     driver.CodeNotImplemented,
}

// fail makes the driver's error of the SDK's, whose words it keeps. A call that
// was given up says so, one that was refused says what permission is missing.
func (b *bucket) fail(c *call, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(c.ctx); cause != nil {
		return &driver.Error{Code: driver.CodeUnavailable, Err: &givenUp{cause: cause, err: err}}
	}
	return &driver.Error{Code: b.codeOf(err), Err: b.nameMissing(c.needs, err)}
}

func (b *bucket) codeOf(err error) driver.Code {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		if code, known := apiCodes[e.ErrorCode()]; known {
			return code
		}
	}
	if b.livesElsewhere(err) {
		return driver.CodeWrongRegion
	}
	return statusCodes[statusOf(err)] // CodeUnavailable for all others
}

// livesElsewhere recognizes the bare 400 with which S3 answers a HEAD that was
// signed for another region.
func (b *bucket) livesElsewhere(err error) bool {
	e, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if !ok || e.Response == nil || e.HTTPStatusCode() != http.StatusBadRequest {
		return false
	}
	region := e.Response.Header.Get("X-Amz-Bucket-Region")
	return region != "" && region != b.region
}

// givenUp is the error of a call whose context ended: the reason first.
type givenUp struct{ cause, err error }

func (e *givenUp) Error() string { return e.cause.Error() + " (" + e.err.Error() + ")" }

// Unwrap returns the reason and the SDK's error.
func (e *givenUp) Unwrap() []error { return []error{e.cause, e.err} }
