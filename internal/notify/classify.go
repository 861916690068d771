package notify

import (
	"errors"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"pixmill/internal/fault"
)

// classify makes a fault of a target's error; nil stays nil. What the service
// refuses, it refuses the next time as well, until somebody mends the permission
// or the name; all else may pass.
func classify(t target, err error) error {
	if err == nil {
		return nil
	}
	kind := fault.Transient
	if refused(err) {
		kind = fault.Misconfigured
	}
	return fault.New(kind, "send", t.String(), err)
}

// refused reports whether an error is the service's answer to what was asked,
// and not to how often or when.
func refused(err error) bool {
	if e, ok := errors.AsType[*entryError](err); ok {
		return e.permanent()
	}
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		if _, throttled := retry.DefaultThrottleErrorCodes[e.ErrorCode()]; throttled {
			return false
		}
	}
	response, ok := errors.AsType[*awshttp.ResponseError](err)
	if !ok {
		return false
	}
	switch status := response.HTTPStatusCode(); status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	default:
		return status >= 400 && status < 500
	}
}

// regionOf returns the region in an ARN, which preset has checked.
func regionOf(arn string) string { return strings.Split(arn, ":")[3] }

// isFIFO reports whether a topic or queue keeps the order of groups.
func isFIFO(name string) bool { return strings.HasSuffix(name, ".fifo") }
