package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"pixmill/bench/work"
	"pixmill/internal/runtime/pool"
)

// What is invoked cold, as the report names it.
const (
	caseHello   = "hello world"
	caseNothing = "pixmill, for a key that is not there"
	caseFour    = "pixmill, four variants of the photograph"
)

const (
	region    = "us-east-1"
	stackPoll = 50 * time.Millisecond // between two looks at a function's state
)

// localStack is where AWS_ENDPOINT_URL points to.
type localStack struct {
	lambda *lambda.Client
	s3     *s3.Client
}

// findLocalStack returns nil where the environment names none: AWS_ENDPOINT_URL
// may be that of another S3.
func findLocalStack(ctx context.Context, getenv func(string) string) (*localStack, error) {
	endpoint := strings.TrimSuffix(getenv("AWS_ENDPOINT_URL"), "/")
	if endpoint == "" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/_localstack/health", http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("AWS_ENDPOINT_URL: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("AWS_ENDPOINT_URL: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, nil
	}
	keys := credentials.NewStaticCredentialsProvider("test", "test", "")
	return &localStack{
		lambda: lambda.New(lambda.Options{Region: region, BaseEndpoint: &endpoint, Credentials: keys}),
		s3:     s3.New(s3.Options{Region: region, BaseEndpoint: &endpoint, Credentials: keys, UsePathStyle: true}),
	}, nil
}

// measureLocalStack deploys both functions, invokes them cold in turns and
// removes everything.
func (s subjects) measureLocalStack(ctx context.Context, stack *localStack) (_ map[string][]time.Duration, err error) {
	id := strconv.Itoa(os.Getpid())
	d := deployment{localStack: stack, source: sourceBucket + "-" + id, output: outputBucket + "-" + id}
	defer func() { err = errors.Join(err, d.remove(context.WithoutCancel(ctx))) }()
	if err := d.makeBuckets(ctx); err != nil {
		return nil, err
	}
	hello, pixmill := "coldstart-hello-"+id, "coldstart-pixmill-"+id
	if err := d.deploy(ctx, hello, s.hello, nil); err != nil {
		return nil, err
	}
	if err := d.deploy(ctx, pixmill, s.pixmill, map[string]string{"PIXMILL_CONFIG": work.Four(d.source, d.output)}); err != nil {
		return nil, err
	}
	cold := map[string][]time.Duration{}
	for i := range s.count + 1 {
		key := fmt.Sprintf("start/%03d.jpg", i)
		if _, err := d.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &d.source, Key: &key, Body: bytes.NewReader(s.photo)}); err != nil {
			return nil, err
		}
		for _, c := range []struct{ name, function, payload, want string }{
			{caseHello, hello, `{}`, `"hello"`},
			{caseNothing, pixmill, fmt.Sprintf(`{"bucket": %q, "key": "nothing/%d.jpg"}`, d.source, i), `"result":"nothing"`},
			{caseFour, pixmill, fmt.Sprintf(`{"bucket": %q, "key": %q}`, d.source, key), `"result":"written"`},
		} {
			took, err := d.invokeCold(ctx, c.function, c.payload, c.want)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			if i > 0 { // as in measureLocal
				cold[c.name] = append(cold[c.name], took)
			}
		}
	}
	return cold, nil
}

// deployment is what has been made in a LocalStack.
type deployment struct {
	*localStack
	source, output string
	functions      []string
	environment    map[string]map[string]string // by function
	turn           int
}

func (d *deployment) makeBuckets(ctx context.Context) error {
	for _, name := range []string{d.source, d.output} {
		if _, err := d.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}); err != nil {
			return err
		}
	}
	return nil
}

func (d *deployment) deploy(ctx context.Context, name string, f pool.Function, env map[string]string) error {
	code, err := pack(f.Root)
	if err != nil {
		return err
	}
	_, err = d.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: &name, Handler: aws.String("bootstrap"), Runtime: types.RuntimeProvidedal2023,
		Architectures: []types.Architecture{architecture()}, MemorySize: aws.Int32(1769), Timeout: aws.Int32(int32(patience / time.Second)),
		Role: aws.String("arn:aws:iam::000000000000:role/coldstart"), Code: &types.FunctionCode{ZipFile: code},
		Environment: &types.Environment{Variables: env},
	})
	if err != nil {
		return err
	}
	d.functions = append(d.functions, name)
	if d.environment == nil {
		d.environment = map[string]map[string]string{}
	}
	d.environment[name] = env
	return d.awaitActive(ctx, name)
}

// pack makes a zip of a folder.
func pack(dir string) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// invokeCold makes sure that no process is left and measures one invocation.
func (d *deployment) invokeCold(ctx context.Context, name, payload, want string) (time.Duration, error) {
	d.turn++
	env := map[string]string{"COLDSTART_TURN": strconv.Itoa(d.turn)}
	for k, v := range d.environment[name] {
		env[k] = v
	}
	if _, err := d.lambda.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{
		FunctionName: &name, Environment: &types.Environment{Variables: env},
	}); err != nil {
		return 0, err
	}
	if err := d.awaitActive(ctx, name); err != nil {
		return 0, err
	}
	began := time.Now()
	out, err := d.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &name, Payload: []byte(payload)})
	took := time.Since(began)
	if err != nil {
		return took, err
	}
	if out.FunctionError != nil || !strings.Contains(string(out.Payload), want) {
		return took, fmt.Errorf("the answer is %s %s; want %s in it", aws.ToString(out.FunctionError), out.Payload, want)
	}
	return took, nil
}

// awaitActive waits until a new or changed function can be invoked.
func (d *deployment) awaitActive(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(stackPoll)
	defer tick.Stop()
	for {
		f, err := d.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
		if err != nil {
			return err
		}
		if f.State == types.StateActive && f.LastUpdateStatus == types.LastUpdateStatusSuccessful {
			return nil
		}
		if f.State == types.StateFailed || f.LastUpdateStatus == types.LastUpdateStatusFailed {
			return fmt.Errorf("function %s: %s %s", name, aws.ToString(f.StateReason), aws.ToString(f.LastUpdateStatusReason))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("function %s is %s, %s: %w", name, f.State, f.LastUpdateStatus, ctx.Err())
		}
	}
}

// remove deletes the functions and the buckets with what is in them.
func (d *deployment) remove(ctx context.Context) error {
	var errs []error
	for _, name := range d.functions {
		_, err := d.lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: &name})
		errs = append(errs, err)
	}
	for _, bucket := range []string{d.source, d.output} {
		pages := s3.NewListObjectsV2Paginator(d.s3, &s3.ListObjectsV2Input{Bucket: &bucket})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				errs = append(errs, err)
				break
			}
			for _, o := range page.Contents {
				_, err := d.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: o.Key})
				errs = append(errs, err)
			}
		}
		_, err := d.s3.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &bucket})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// architecture is this machine's, which the function was built for.
func architecture() types.Architecture {
	if runtime.GOARCH == "arm64" {
		return types.ArchitectureArm64
	}
	return types.ArchitectureX8664
}
