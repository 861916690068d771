// Package deploy tests the files that deploy Pixmill: localstack-init, template.yaml
// and serverless.yml. Each is deployed on a LocalStack with the tool that its users
// have, an image goes in, its variants come out and go again, in each of the four
// ways from the bucket to the function; and all three must end with the same
// settings.
//
//	make e2e-deploys
//
// What needs no LocalStack (that parameters and permissions are the same in all
// of them, and the same as in iam) is tested always. What the function does with
// its events is not tested here, but one folder above. The package holds tests only.
package deploy
