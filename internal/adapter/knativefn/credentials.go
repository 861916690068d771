package knativefn

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"pixmill/internal/app"
)

// credentialsTime is how long those may be waited for who give roles: the metadata
// service of a machine that is none of EC2's answers nothing.
const credentialsTime = 15 * time.Second

// lookForCredentials warns where there are none, beside what the caller does; end ends
// the look and waits for that.
func lookForCredentials(ctx context.Context, log *slog.Logger) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var look sync.WaitGroup
	look.Go(func() { warnWithoutCredentials(ctx, log, app.CheckCredentials) })
	return func() {
		cancel()
		look.Wait()
	}
}

// warnWithoutCredentials says what the first image would, before it comes. The function
// is ready all the same, as with a store that is away: whoever gives it a role may be
// late, and another pod has no more than this one.
func warnWithoutCredentials(ctx context.Context, log *slog.Logger, check func(context.Context) error) {
	bounded, cancel := context.WithTimeout(ctx, credentialsTime)
	defer cancel()
	if err := check(bounded); err != nil && ctx.Err() == nil {
		log.WarnContext(ctx, "there are no credentials: no request to the store can be signed, and each image will fail",
			"error", err,
			"fix", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the pod a role (AWS_ROLE_ARN, AWS_CONTAINER_CREDENTIALS_FULL_URI); pixmill doctor says more")
	}
}
