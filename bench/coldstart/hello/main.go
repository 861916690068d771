// Command hello is the least that a Lambda function in Go can be: what a cold
// start costs before a function does anything.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(func(context.Context) (string, error) { return "hello", nil })
}
