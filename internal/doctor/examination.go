package doctor

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"pixmill/internal/blob"
	"pixmill/internal/blob/s3blob"
	"pixmill/internal/fault"
	"pixmill/internal/partition"
	"pixmill/internal/preset"
)

// place is what answers at the endpoint.
type place string

const (
	placeNowhere    place = "" // nothing answers, or nobody may ask: most checks have no sense
	placeAWS        place = "AWS"
	placeLocalStack place = "LocalStack"
	placeRuntime    place = "Pixmill's local runtime"
	placeOtherS3    place = "another S3"
)

// hasServices reports whether there is more than S3.
func (p place) hasServices() bool { return p == placeAWS || p == placeLocalStack }

// examination is what checks share: the clients, and what earlier ones found.
type examination struct {
	opts      Options
	http      *http.Client
	transport *http.Transport
	endpoint  string // URL; empty: AWS's
	region    string

	store  *s3blob.Store
	s3     *s3.Client
	sts    *sts.Client
	sqs    *sqs.Client
	sns    *sns.Client
	lambda *lambda.Client
	events *eventbridge.Client
	iam    *iam.Client
	logs   *cloudwatchlogs.Client

	place    place
	account  string
	gone     map[string]bool // buckets that do not exist or cannot be reached
	writable bool            // the output bucket, with all that the function needs of it
	routes   []route         // from the source bucket to functions
	unseen   bool            // not all routes could be looked at
	function string          // name or ARN of Pixmill's; empty: not known
	settings *functionSettings

	source *sourceSeen // of a key
	output *outputSeen
}

func newExamination(ctx context.Context, o Options) (*examination, error) {
	x := &examination{opts: o, gone: map[string]bool{}, function: o.Function}
	load := []func(*config.LoadOptions) error{config.WithHTTPClient(awshttp.NewBuildableClient()), config.WithLogger(logging.Nop{}), config.WithRetryMaxAttempts(2)}
	stored := s3blob.Options{Timeout: DefaultTimeout}
	if l := o.Local; l != nil {
		keys := credentials.NewStaticCredentialsProvider(l.AccessKey, l.SecretKey, "")
		load = append(load, config.WithBaseEndpoint(l.Endpoint), config.WithCredentialsProvider(keys), config.WithRegion("us-east-1"))
		stored = s3blob.Options{Timeout: DefaultTimeout, Endpoint: l.Endpoint, Creds: keys, Region: "us-east-1"}
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fault.New(fault.Misconfigured, "load the AWS configuration", "", err)
	}
	x.transport = transportOf(cfg.HTTPClient)
	x.http = &http.Client{Transport: x.transport}
	cfg.HTTPClient = x.http
	if cfg.Region == "" && cfg.BaseEndpoint != nil {
		cfg.Region = "us-east-1"
	}
	x.region, x.endpoint = cfg.Region, strings.TrimSuffix(aws.ToString(cfg.BaseEndpoint), "/")
	if cfg.Region == "" {
		cfg.Region = "us-east-1" // checkEndpoint says that it is missing
		stored.Region = cfg.Region
	}
	if x.store, err = s3blob.New(ctx, stored); err != nil {
		return nil, err
	}
	x.s3 = s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = x.endpoint != "" || o.BaseEndpoint != nil
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		o.DisableLogOutputChecksumValidationSkipped = true
		if x.endpoint == "" && o.BaseEndpoint != nil { // AWS_ENDPOINT_URL_S3
			x.endpoint = strings.TrimSuffix(*o.BaseEndpoint, "/")
		}
	})
	x.sts, x.sqs, x.sns = sts.NewFromConfig(cfg), sqs.NewFromConfig(cfg), sns.NewFromConfig(cfg)
	x.lambda, x.events = lambda.NewFromConfig(cfg), eventbridge.NewFromConfig(cfg)
	x.iam, x.logs = iam.NewFromConfig(cfg), cloudwatchlogs.NewFromConfig(cfg)
	return x, nil
}

// transportOf returns a transport whose idle connections can be closed, with what
// the configuration asks for (AWS_CA_BUNDLE).
func transportOf(client aws.HTTPClient) *http.Transport {
	buildable, ok := client.(*awshttp.BuildableClient)
	if !ok {
		buildable = awshttp.NewBuildableClient()
	}
	return buildable.GetTransport()
}

func (x *examination) close() {
	x.store.Close()
	x.transport.CloseIdleConnections()
}

func (x *examination) sourceAt() preset.Location { return x.opts.Presets.Source }
func (x *examination) outputAt() preset.Location { return x.opts.Presets.Output }

func (x *examination) bucket(l preset.Location) *blob.Bucket { return x.store.Bucket(l.Bucket) }

// partition returns the part of AWS that all of this is in.
func (x *examination) partition() string { return partition.OfRegion(x.region) }

// queueARN returns the ARN of a queue of ours.
func (x *examination) queueARN(name string) string {
	return fmt.Sprintf("arn:%s:sqs:%s:%s:%s", x.partition(), x.region, x.account, name)
}

// usable reports whether a bucket can be looked into.
func (x *examination) usable(l preset.Location) bool {
	return x.place != placeNowhere && !x.gone[l.Bucket]
}

// randomName is the end of a probe's key.
func randomName() string { return strings.ToLower(rand.Text())[:12] }

// nameOf returns the last part of an ARN or URL, without a function's version.
func nameOf(arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) > 6 && parts[2] == "lambda" {
		return parts[6]
	}
	return arn[strings.LastIndexAny(arn, ":/")+1:]
}

// aliasOf returns the alias or version that a function's ARN ends with, or nil.
func aliasOf(arn string) *string {
	if parts := strings.Split(arn, ":"); len(parts) == 8 && parts[2] == "lambda" {
		return &parts[7]
	}
	return nil
}

// serviceOf returns the service that an ARN is of.
func serviceOf(arn string) string {
	if parts := strings.Split(arn, ":"); len(parts) > 5 {
		return parts[2]
	}
	return ""
}
