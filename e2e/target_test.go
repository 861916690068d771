package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// way is how a notification gets from the source bucket to the function.
type way string

const (
	direct way = "S3 → Lambda"
	queued way = "S3 → SQS → Lambda"
	topic  way = "S3 → SNS → Lambda"
	bridge way = "S3 → EventBridge → Lambda"
)

// plan is what a scenario needs. The local runtime, which also brings the events to
// the function on Knative, has one queue of its own, and gives the function what comes
// by SNS and EventBridge elsewhere from there.
type plan struct {
	name        string // of the scenario; lower case and hyphens, since resources are named after it
	way         way
	timeout     time.Duration // of an invocation
	concurrency int           // invocations at once, where the target lets that be set
	attempts    int           // deliveries before an event is dead, where the target lets that be set
}

// target is one deployment of the function: with buckets, a proxy between it and
// the store, and a way for the notifications.
type target interface {
	// client speaks to the store past the proxy.
	client() *s3.Client
	buckets() (source, output string)
	proxy() *proxy
	// processes are the ids of the function's processes.
	processes() ([]int, error)
	fate() fate
	// queues says how much is in which queue, for people.
	queues(ctx context.Context) string
	// dead returns the source keys of the events that were given up so far.
	dead(ctx context.Context) ([]string, error)
	// logs returns what the function and its surroundings have written.
	logs(ctx context.Context) (string, error)
	// stop ends the work, says what of the events is left, and removes
	// everything. The error says what could not be removed.
	stop(ctx context.Context) (leftovers, error)
}

// fate is what becomes of events at a place in ways that a scenario has to know.
type fate struct {
	batches bool // an invocation may have several
	deaths  int  // so often may an event end the process
	givenUp bool // an invocation that takes too long is given up, and its process lives
}

// leftovers are the events that a stopped target had.
type leftovers struct {
	waiting int      // not received, or received and not done
	dead    []string // source keys of the given up
}

func (l leftovers) String() string { return fmt.Sprintf("%d waiting, dead: %q", l.waiting, l.dead) }

// place is where a suite deploys.
type place struct {
	name   string
	deploy func(t *testing.T, p plan) target
}

// How the function is set up everywhere.
const (
	memoryMiB = 1024

	// marker is a variable in the environment of the function processes; its value
	// is the name of the deployment.
	marker = "PIXMILL_E2E_DEPLOYMENT"

	// endpointVariable leads the function's S3 client, and nothing else of it, to the proxy.
	endpointVariable = "AWS_ENDPOINT_URL_S3"
)

// presets are small: the suite is about what happens to pictures, not about how
// they look. LocalStack's buckets come from the environment.
const presets = `
source: {bucket: uploads}
output: {bucket: variants}
rules:
  - {match: "avatars/**", presets: [avatar]}
  - {match: "**", presets: [web]}
presets:
  avatar:
    - {name: avatar, width: 64, height: 64, dpr: [1, 2], fit: cover, gravity: smart, format: webp}
  web:
    - {name: large, width: 320, format: webp}
    - {name: small, width: 120, format: avif}
    - {name: thumb, width: 64, height: 64, fit: cover, format: jpeg}
`
