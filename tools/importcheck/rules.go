package main

import "slices"

// rule says what a package must not reach, directly or through others.
type rule struct {
	from  string   // import path
	never []string // import paths, each with all below it
	why   string
}

var (
	// sdks speak to the outside: clouds, brokers, terminals.
	sdks = []string{
		"github.com/aws", "github.com/cloudevents", "knative.dev",
		"github.com/versity", "github.com/nats-io", "github.com/spf13", "github.com/vbauerster",
	}
	// engines are linked to libvips.
	engines = []string{"pixmill/internal/imaging/vips", "pixmill/internal/imaging/bimgengine", "github.com/h2non/bimg"}
)

// rules are those of docs/architecture.md: imports point one way, and the Lambda function is small.
var rules = []rule{
	{
		from: "pixmill/functions/lambda",
		never: []string{
			"pixmill/internal/runtime", "pixmill/internal/gateway", "pixmill/internal/studio", "pixmill/internal/cli",
			"pixmill/internal/doctor",
			"github.com/versity", "github.com/nats-io", "github.com/spf13", "github.com/vbauerster",
			"github.com/aws/aws-sdk-go-v2/service/lambda", "github.com/aws/aws-sdk-go-v2/service/iam",
			"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs",
		},
		why: "the Lambda function's size and start time are its users' money",
	},
	{
		from: "pixmill/functions/knative",
		never: []string{
			"pixmill/internal/runtime", "pixmill/internal/cli", "pixmill/internal/doctor",
			"github.com/aws/aws-lambda-go", "github.com/versity", "github.com/nats-io", "github.com/spf13", "github.com/vbauerster",
		},
		why: "the image's size is part of a pod's start time",
	},
	{from: "pixmill/functions/pixmill", never: []string{"pixmill/load", "pixmill/e2e", "pixmill/bench", "gonum.org"}, why: "what measures and tests is in no program"},
	{from: "pixmill/internal/adapter/delivery", never: slices.Concat(sdks, engines), why: "it knows no transport"},
	{from: "pixmill/internal/fault", never: []string{"pixmill/internal"}, why: "it is the lowest layer"},
	{from: "pixmill/internal/handler", never: slices.Concat(sdks, engines), why: "the core knows interfaces only"},
	{from: "pixmill/internal/upload", never: slices.Concat(sdks, engines), why: "what is uploaded goes through the portable bucket"},
	{from: "pixmill/internal/notify", never: engines, why: "it sends what the handler tells"},
	{from: "pixmill/internal/blob", never: slices.Concat(sdks, engines), why: "the portable type knows no store"},
	{from: "pixmill/internal/queue", never: slices.Concat(sdks, engines), why: "the portable view knows no place of dead letters"},
	{from: "pixmill/internal/doctor", never: engines, why: "it looks and renders nothing"},
	{from: "pixmill/internal/runtime/httpfn", never: slices.Concat(sdks, engines), why: "it speaks plain HTTP"},
	{from: "pixmill/iam", never: []string{"pixmill/internal"}, why: "policies are data"},
	{from: "pixmill/internal/event", never: slices.Concat(sdks, engines), why: "envelopes are plain JSON"},
	{from: "pixmill/internal/imaging", never: slices.Concat(sdks, engines), why: "the interface knows no engine"},
	{from: "pixmill/internal/manifest", never: slices.Concat(sdks, engines), why: "a manifest is data"},
	{from: "pixmill/internal/preset", never: slices.Concat(sdks, engines), why: "presets are data"},
}

// cgoHomes are the packages of this module that may contain C.
var cgoHomes = []string{"pixmill/internal/imaging/vips"}
