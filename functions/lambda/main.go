// Command bootstrap is Pixmill as an AWS Lambda function on provided.al2023: it
// takes notifications of S3, directly or through SQS, SNS and EventBridge,
// records for destinations, and direct invocations.
//
// Its settings are environment variables: PIXMILL_CONFIG is the path of a
// pixmill.yaml or its text, PIXMILL_SOURCE_BUCKET and PIXMILL_OUTPUT_BUCKET
// replace the buckets in it, PIXMILL_NOTIFY says where completion events go; package
// config has them all.
package main

import (
	"context"
	"os"

	"pixmill/internal/adapter/lambdafn"
	"pixmill/internal/app"
)

func main() {
	self := app.Start(os.Getenv)
	os.Exit(lambdafn.Main(context.Background(), self, os.Getenv, os.Stderr))
}
