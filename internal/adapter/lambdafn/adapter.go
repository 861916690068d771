// Package lambdafn is the handler as an AWS Lambda function: deliveries of S3,
// SQS, SNS and EventBridge, records for destinations and direct invocations come
// in, and Lambda is told of each whether it is done or must come again. Requests
// of a Function URL or of API Gateway go to an http.Handler. The package is the
// only importer of aws-lambda-go, it decides nothing about images, and it keeps
// nothing between invocations.
//
// SQS needs ReportBatchItemFailures in its event source mapping: without it
// Lambda deletes a whole batch when only some of its messages are done.
package lambdafn

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"pixmill/internal/adapter/delivery"
	"pixmill/internal/event"
)

const (
	// DefaultMargin is the Margin of an Adapter that sets none.
	DefaultMargin = 2 * time.Second
	// replyTime is kept of an invocation's time for the answer: what has ended
	// by then is reported, and the rest comes again.
	replyTime = 500 * time.Millisecond
)

// Adapter answers invocations. It may be used concurrently.
type Adapter struct {
	Handler delivery.Handler
	Log     *slog.Logger
	Now     func() time.Time // the clock
	Margin  time.Duration    // with less time left no further source is begun; 0: DefaultMargin
	HTTP    http.Handler     // answers HTTP requests; nil: they get 501
}

// Invoke answers one invocation; aws-lambda-go calls it. See outcome.go for what
// is answered.
func (a *Adapter) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	log := a.Log.With("request_id", requestID(ctx))
	d, err := event.Decode(payload)
	if err != nil {
		log.ErrorContext(ctx, "payload not understood", "bytes", len(payload), "error", err)
		return nil, failure([]error{err})
	}
	ctx, cancel := a.keepReplyTime(ctx)
	defer cancel()
	if d.Envelope == event.EnvelopeHTTP {
		return a.serve(ctx, log, payload)
	}
	reply, err := answer(d, delivery.Handle(ctx, delivery.Options{
		Handler: a.Handler, Log: log, Now: a.Now, Fails: comesAgain, EnoughTime: a.enoughTime,
	}, d))
	if err != nil {
		return nil, err
	}
	return json.Marshal(reply)
}

// keepReplyTime ends the context a little before Lambda ends the process.
func (a *Adapter) keepReplyTime(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	keep := min(replyTime, deadline.Sub(a.Now())/10)
	return context.WithDeadline(ctx, deadline.Add(-keep))
}

// enoughTime reports whether a further source may be begun.
func (a *Adapter) enoughTime(ctx context.Context) bool {
	margin := a.Margin
	if margin == 0 {
		margin = DefaultMargin
	}
	deadline, ok := ctx.Deadline()
	return !ok || deadline.Sub(a.Now()) >= margin
}

// requestID returns the invocation's id, empty outside Lambda.
func requestID(ctx context.Context) string {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		return lc.AwsRequestID
	}
	return ""
}
