// Package e2e is the end-to-end suite: scenarios, written once, that are played
// on every place where the function runs, with the very zip, or image, that is
// deployed.
//
//	make e2e             the local runtime, `pixmill run --function dist/lambda.zip`
//	make e2e-localstack  the local runtime and LocalStack; their manifests must be equal
//	make e2e-knative     the local runtime and Knative, with the image; likewise
//
// A scenario (scenarios_test.go, trouble_test.go) plays on a stage: it puts,
// overwrites, deletes and copies objects as any S3 client does, breaks something,
// and says what must come of it. A target deploys the function with buckets and a
// way for the notifications, and takes all of it down again. Between the function
// and the store stands a proxy that counts what is written, holds and refuses
// requests, and cuts the connection. At the end every output is compared with what
// the sources ask for, and the manifests of the targets with each other.
//
// The package holds tests only, never anything that the programs need, and no
// program has a hook for it.
package e2e
