// Package s3blob is the driver for S3 and for the stores that speak its
// protocol: AWS, LocalStack, the embedded gateway of `pixmill run`, MinIO and
// the like. It is the only importer of the SDK's S3 client, and never creates,
// lists or configures buckets.
//
// What the function's role needs for that is in iam/policy.json. A call that is
// refused names the permission that it lacks.
package s3blob

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"

	"pixmill/internal/blob"
	"pixmill/internal/fault"
)

// S3API is every call that the driver makes.
type S3API interface {
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	DeleteObject(context.Context, *s3.DeleteObjectInput, ...func(*s3.Options)) (*s3.DeleteObjectOutput, error)
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
}

// Options go with New. The zero value takes everything from the SDK's
// environment variables and files.
type Options struct {
	Region   string                  // empty: the SDK's, and us-east-1 where there is an endpoint
	Endpoint string                  // URL of another S3 than AWS's; empty: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL
	Creds    aws.CredentialsProvider // nil: the SDK's chain

	// Timeout bounds a call with its retries; what is read or written has
	// another second for each MiB. Zero: DefaultTimeout.
	Timeout time.Duration
	// MaxAttempts is how often a call is tried. Zero: DefaultMaxAttempts.
	MaxAttempts int
}

const (
	// DefaultTimeout is the Timeout of the zero Options.
	DefaultTimeout = 30 * time.Second
	// DefaultMaxAttempts is the MaxAttempts of the zero Options.
	DefaultMaxAttempts = 3
)

// Store is one S3 endpoint with one pool of connections for all its buckets.
type Store struct {
	api       S3API
	transport *http.Transport
	region    string
	timeout   time.Duration
	attempts  int
	writes    aws.Retryer
}

// New returns the store. It asks nothing over the network: wrong credentials
// or buckets show on the first call.
//
// In a fresh process New takes 0.2 to 0.4 ms, the initialization of the SDK's
// packages and the loading of their code 2.5 ms, the first call over an open
// network 1.5 ms more than the second (one core of an AMD EPYC, no TLS).
// AWS_CA_BUNDLE with a distribution's certificates adds 3 ms. Where the
// environment has credentials, as on Lambda, the instance metadata service is
// never asked; where there are none anywhere, the first call waits for it.
func New(ctx context.Context, opts Options) (*Store, error) {
	cfg, err := loadConfig(ctx, opts)
	if err != nil {
		return nil, fault.New(fault.Misconfigured, "load the AWS configuration", "", err)
	}
	s := &Store{
		transport: transportOf(cfg.HTTPClient),
		timeout:   cmp.Or(opts.Timeout, DefaultTimeout),
		attempts:  cmp.Or(opts.MaxAttempts, DefaultMaxAttempts),
	}
	s.writes = writeRetryer(s.attempts)
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { s.configure(o, opts.Endpoint) })
	s.api, s.region = client, client.Options().Region
	if s.region == "" {
		return nil, fault.New(fault.Misconfigured, "open S3", "", errors.New("no region: set AWS_REGION, or AWS_ENDPOINT_URL for another S3 than AWS's"))
	}
	return s, nil
}

// loadConfig reads what the environment and the user's files say of AWS, unless
// opts say everything: a profile of theirs is not for a store like that.
func loadConfig(ctx context.Context, opts Options) (aws.Config, error) {
	if opts.Region != "" && opts.Endpoint != "" && opts.Creds != nil {
		return aws.Config{Region: opts.Region, Credentials: opts.Creds, HTTPClient: awshttp.NewBuildableClient()}, nil
	}
	load := []func(*config.LoadOptions) error{config.WithHTTPClient(awshttp.NewBuildableClient())}
	if opts.Region != "" {
		load = append(load, config.WithRegion(opts.Region))
	}
	if opts.Creds != nil {
		load = append(load, config.WithCredentialsProvider(opts.Creds))
	}
	return config.LoadDefaultConfig(ctx, load...)
}

// CheckCredentials returns why the SDK's chain finds no credentials; it is Misconfigured.
// It may ask the network for a role, but signs and sends nothing to the store.
func CheckCredentials(ctx context.Context) error {
	cfg, err := loadConfig(ctx, Options{})
	if err == nil {
		_, err = cfg.Credentials.Retrieve(ctx)
	}
	if err != nil {
		return fault.New(fault.Misconfigured, "find credentials", "", err)
	}
	return nil
}

// transportOf returns a transport of our own, whose idle connections we can
// close, with what the SDK's configuration asks for (AWS_CA_BUNDLE).
func transportOf(client aws.HTTPClient) *http.Transport {
	buildable, ok := client.(*awshttp.BuildableClient)
	if !ok {
		buildable = awshttp.NewBuildableClient()
	}
	t := buildable.WithDialerOptions(func(d *net.Dialer) { d.Timeout = 5 * time.Second }).GetTransport()
	t.MaxIdleConnsPerHost = 64 // variants are uploaded in parallel: keep what was opened
	t.IdleConnTimeout = 30 * time.Second
	t.DisableCompression = true // an object is wanted as it is; see dropAcceptEncoding
	return t
}

// configure settles what the SDK leaves open, for all the stores of the
// package comment alike.
func (s *Store) configure(o *s3.Options, endpoint string) {
	if endpoint != "" {
		o.BaseEndpoint = aws.String(endpoint) // here, and not in aws.Config, it goes before the environment's
	}
	if o.BaseEndpoint != nil {
		o.UsePathStyle = true // bucket.localhost is no name that resolves
		if o.Region == "" {
			o.Region = "us-east-1"
		}
	}
	// No checksum trailers, which older stores refuse. The signature has the
	// SHA-256 of the body in it, which every store verifies.
	o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	o.APIOptions = append(o.APIOptions, dropAcceptEncoding)
	o.Retryer = readRetryer(s.attempts)
	o.HTTPClient = &http.Client{
		Transport:     s.transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// dropAcceptEncoding takes away the header "Accept-Encoding: identity", which says nothing
// that its absence does not. The SDK would sign it, and where a proxy changes it on the
// way, as before Google's Cloud Storage, the signature is wrong.
//
// https://github.com/aws/aws-sdk-go-v2/issues/1816
func dropAcceptEncoding(stack *middleware.Stack) error {
	_, err := stack.Finalize.Remove("DisableAcceptEncodingGzip")
	return err
}

// Bucket returns a bucket of the store, whether there is one or not.
func (s *Store) Bucket(name string) *blob.Bucket {
	return blob.NewBucket(name, &bucket{
		api:     s.api,
		name:    name,
		region:  s.region,
		timeout: s.timeout,
		tries:   s.attempts,
		asWrite: func(o *s3.Options) { o.Retryer = s.writes },
	})
}

// Close closes the connections that are idle. Call it when no call runs.
func (s *Store) Close() { s.transport.CloseIdleConnections() }
