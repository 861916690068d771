package doctor

import (
	"context"
	"errors"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"pixmill/internal/config"
	"pixmill/internal/preset"
)

func checkSourceBucket(ctx context.Context, x *examination) []Finding {
	return x.checkBucket(ctx, x.sourceAt(), config.VarSourceBucket)
}

func checkOutputBucket(ctx context.Context, x *examination) []Finding {
	if x.outputAt().Bucket == x.sourceAt().Bucket {
		return one(ok("%s as well, under %q", x.outputAt().Bucket, x.outputAt().Prefix)) // the prefixes were checked when the configuration was read
	}
	return x.checkBucket(ctx, x.outputAt(), config.VarOutputBucket)
}

// checkBucket looks whether a bucket is there, and in the region that requests are
// signed for. variable is what names another one.
func (x *examination) checkBucket(ctx context.Context, l preset.Location, variable string) []Finding {
	if x.place == placeNowhere {
		return nil
	}
	out, err := x.s3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &l.Bucket})
	status := 0
	region := ""
	if e, isAnswer := errors.AsType[*awshttp.ResponseError](err); isAnswer {
		status, region = e.HTTPStatusCode(), e.Response.Header.Get("X-Amz-Bucket-Region")
	}
	switch {
	case err == nil:
		if r := aws.ToString(out.BucketRegion); r != "" {
			region = r
		}
	case status == http.StatusNotFound:
		x.gone[l.Bucket] = true
		return one(problem("there is no bucket "+l.Bucket, "nothing can be read or written there", x.makeBucket(l.Bucket, variable)))
	case status == http.StatusForbidden:
		return one(ok("%s is there, and more is said below", l.Bucket)) // the permissions are the next check
	case status == 0:
		x.gone[l.Bucket] = true
		return one(problem(l.Bucket+" cannot be asked for: "+brief(err), "nothing can be read or written there", "see what the findings above say of endpoint and credentials"))
	case status != http.StatusMovedPermanently && status != http.StatusBadRequest:
		x.gone[l.Bucket] = true
		return one(problem(l.Bucket+" cannot be asked for: "+brief(err), "nothing can be read or written there", "try again; if it stays, ask who runs the store"))
	}
	if region != "" && region != x.region && x.place == placeAWS {
		x.gone[l.Bucket] = err != nil
		return one(problem(l.Bucket+" is in "+region+", and requests go to "+x.region, "S3 refuses them, and only functions and queues in "+region+" can be told of its objects",
			"export AWS_REGION="+region+"   (and deploy the function there)"))
	}
	if err != nil {
		return one(notSeen("bucket "+l.Bucket, "s3:ListBucket", err))
	}
	if region == "" {
		return one(ok("%s is there", l.Bucket))
	}
	return one(ok("%s is there, in %s", l.Bucket, region))
}

// makeBucket is the command that makes a bucket.
func (x *examination) makeBucket(name, variable string) string {
	if x.place == placeRuntime {
		return "pixmill run makes the buckets of its configuration: start it with this one, or name yours with " + variable
	}
	return "aws s3 mb s3://" + name + " --region " + x.region + "   (or name yours with " + variable + ")"
}
