package s3blob

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// minRate is the slowest transfer that is waited for, in bytes per second.
const minRate = 1 << 20

// call is one call with its retries and its time limit.
type call struct {
	needs  permission
	ctx    context.Context
	cancel context.CancelCauseFunc
	began  time.Time
	limit  time.Duration
	timer  *time.Timer
}

// timeoutError is the cause of a call that was given up. It is a deadline's.
type timeoutError struct{ limit time.Duration }

func (e *timeoutError) Error() string {
	return fmt.Sprintf("not done within %v", e.limit.Round(time.Millisecond))
}

// Unwrap returns context.DeadlineExceeded.
func (e *timeoutError) Unwrap() error { return context.DeadlineExceeded }

// start begins a call that needs a permission and sends size bytes.
func (b *bucket) start(ctx context.Context, needs permission, size int64) *call {
	c := &call{needs: needs, began: time.Now(), limit: b.timeout + transferTime(size)}
	c.ctx, c.cancel = context.WithCancelCause(ctx)
	c.timer = time.AfterFunc(c.limit, func() { c.cancel(&timeoutError{c.limit}) })
	return c
}

// extend gives the call more time, for the reading of size bytes.
func (c *call) extend(size int64) {
	if !c.timer.Stop() {
		return // too late
	}
	limit := c.limit + transferTime(size)
	c.timer = time.AfterFunc(limit-time.Since(c.began), func() { c.cancel(&timeoutError{limit}) })
}

// end frees what the call holds. What still runs of it is cut off.
func (c *call) end() {
	c.timer.Stop()
	c.cancel(context.Canceled)
}

func transferTime(size int64) time.Duration {
	return time.Duration(float64(size) / minRate * float64(time.Second))
}

// readRetryer retries as the SDK has it.
func readRetryer(attempts int) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.MaxBackoff = 2 * time.Second
	})
}

// writeRetryer retries only what has surely ended. A write that was cut off or
// timed out may still take effect later, even after its own retry and after
// another write: only the caller can deal with that, by a look after a while.
// One that was answered with a 500 may have taken effect, too: a condition can
// then fail on the retry because the write itself was first.
func writeRetryer(attempts int) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.MaxBackoff = 2 * time.Second
		ended := retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
			if hasEnded(err) {
				return aws.UnknownTernary // for the SDK's rules to say
			}
			return aws.FalseTernary
		})
		o.Retryables = append([]retry.IsErrorRetryable{ended}, o.Retryables...)
	})
}

// hasEnded says whether the store has answered a request, or never got it. A
// proxy's 502 or 504 is no answer of the store behind it.
func hasEnded(err error) bool {
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return true
	}
	switch statusOf(err) {
	case 0, http.StatusBadGateway, http.StatusGatewayTimeout:
		return false
	}
	return true
}

// statusOf returns the HTTP status of the answer in err's tree, or 0 if there was none.
func statusOf(err error) int {
	if e, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && e.Response != nil {
		return e.HTTPStatusCode()
	}
	return 0
}
