package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"pixmill/internal/manifest"
)

// Where LocalStack keeps what is deployed.
const (
	region  = "us-east-1"
	account = "000000000000"
)

// stack are the services of a LocalStack, to look at what was deployed.
type stack struct {
	s3     *s3.Client
	sqs    *sqs.Client
	sns    *sns.Client
	events *eventbridge.Client
	lambda *lambda.Client
	iam    *awsiam.Client
	logs   *cloudwatchlogs.Client
}

func newStack(t *testing.T, endpoint string) *stack {
	t.Helper()
	client := aws.NewConfig().HTTPClient
	cfg := aws.Config{
		Region: region, BaseEndpoint: &endpoint, HTTPClient: client,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
	return &stack{
		s3:  s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }),
		sqs: sqs.NewFromConfig(cfg), sns: sns.NewFromConfig(cfg), events: eventbridge.NewFromConfig(cfg),
		lambda: lambda.NewFromConfig(cfg), iam: awsiam.NewFromConfig(cfg), logs: cloudwatchlogs.NewFromConfig(cfg),
	}
}

// passes puts an image in, waits until all that its manifest names is there, takes
// the image away, and waits until nothing is left.
func (s *stack) passes(t *testing.T, d deployment, key string, image []byte) {
	t.Helper()
	_, err := s.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &d.source, Key: &key, Body: bytes.NewReader(image)})
	if err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
	name := key + "/" + manifest.Name
	s.await(t, d, name+" appears", func(keys []string) bool { return slices.Contains(keys, name) })
	var m manifest.Manifest
	out, err := s.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &d.output, Key: &name})
	if err != nil {
		t.Fatalf("get %s: %v", name, err)
	}
	if err := json.NewDecoder(out.Body).Decode(&m); err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	out.Body.Close()
	want := []string{name}
	for _, v := range m.Variants {
		want = append(want, v.Key)
	}
	slices.Sort(want)
	if got, err := s.keys(t.Context(), d.output); err != nil || len(want) < 3 || !slices.Equal(got, want) {
		t.Errorf("by %s the output has %q, want what the manifest names: %q (%v)", d.trigger, got, want, err)
	}
	if _, err := s.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &d.source, Key: &key}); err != nil {
		t.Fatalf("delete %s: %v", key, err)
	}
	s.await(t, d, "the variants of "+path.Dir(name)+" go", func(keys []string) bool { return len(keys) == 0 })
}

// await waits for a state of the output.
func (s *stack) await(t *testing.T, d deployment, what string, done func(keys []string) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		keys, err := s.keys(ctx, d.output)
		if err == nil && done(keys) {
			return
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("by %s: waited %v until %s; the output has %q (%v); the function's log:\n%s",
				d.trigger, patience, what, keys, err, s.log(t, d))
		}
	}
}

// keys lists a bucket; those here are small.
func (s *stack) keys(ctx context.Context, bucket string) ([]string, error) {
	out, err := s.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket})
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, o := range out.Contents {
		keys = append(keys, aws.ToString(o.Key))
	}
	return keys, nil
}

func (s *stack) log(t *testing.T, d deployment) string {
	t.Helper()
	out, err := s.logs.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/aws/lambda/" + d.name)})
	if err != nil {
		return err.Error()
	}
	var text strings.Builder
	for _, e := range out.Events {
		fmt.Fprintln(&text, strings.TrimSpace(aws.ToString(e.Message)))
	}
	return text.String()
}

// empty removes all objects: AWS removes no bucket that has some.
func (s *stack) empty(ctx context.Context, t *testing.T, buckets ...string) {
	t.Helper()
	for _, bucket := range buckets {
		keys, err := s.keys(ctx, bucket)
		if noBucket(err) {
			continue
		}
		if err != nil {
			t.Errorf("list %s: %v", bucket, err)
		}
		for _, key := range keys {
			if _, err := s.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key}); err != nil {
				t.Errorf("delete %s in %s: %v", key, bucket, err)
			}
		}
	}
}

func noBucket(err error) bool {
	_, ok := errors.AsType[*s3types.NoSuchBucket](err)
	return ok
}
