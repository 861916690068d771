package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func checkConfiguration(_ context.Context, x *examination) []Finding {
	p := x.opts.Presets
	variants := 0
	for _, r := range p.Rules {
		variants += len(r.Variants)
	}
	return one(ok("%s: %s, %s", x.opts.ConfigFrom, count(len(p.Rules), "rule"), count(variants, "variant")))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// checkEndpoint finds out what answers, which decides what else is looked at.
func checkEndpoint(ctx context.Context, x *examination) []Finding {
	if x.endpoint == "" {
		if x.region == "" {
			return one(problem("there is no region and no endpoint", "no request can be sent", "export AWS_REGION=us-east-1   (or wherever your buckets are)"))
		}
		x.place = placeAWS
		return one(ok("AWS, region %s", x.region))
	}
	health, err := x.get(ctx, "/_localstack/health")
	if err != nil {
		fix := "start what should be there, or, for AWS itself: unset AWS_ENDPOINT_URL"
		if l := x.opts.Local; l != nil {
			fix = "pixmill run --data " + quoteShell(l.Data) + "   (or say with --endpoint where it listens)"
		}
		if failed, isURL := errors.AsType[*url.Error](err); isURL {
			err = failed.Err // the URL is said already
		}
		return one(problem("nothing answers at "+x.endpoint+": "+brief(err), "every request would fail", fix))
	}
	var localstack struct{ Version string }
	switch {
	case health.status == http.StatusOK && json.Unmarshal(health.body, &localstack) == nil && localstack.Version != "":
		x.place = placeLocalStack
		return one(ok("LocalStack %s at %s", localstack.Version, x.endpoint))
	case x.opts.Local != nil, strings.EqualFold(health.server, "VERSITYGW"):
		x.place = placeRuntime
		return one(ok("%s at %s", placeRuntime, x.endpoint))
	}
	x.place = placeOtherS3
	return one(ok("an S3 that is neither AWS nor LocalStack at %s", x.endpoint))
}

type answer struct {
	status int
	server string
	body   []byte
}

func (x *examination) get(ctx context.Context, path string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, x.endpoint+path, nil)
	if err != nil {
		return answer{}, err
	}
	res, err := x.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return answer{status: res.StatusCode, server: res.Header.Get("Server"), body: body}, err
}

// needCredentials finds nothing where there are some. Without, no request can be
// signed, and all that follows would say the same.
func needCredentials(ctx context.Context, x *examination) []Finding {
	if x.place == placeNowhere {
		return nil
	}
	_, err := x.sts.Options().Credentials.Retrieve(ctx)
	if err == nil {
		return nil
	}
	fix := "aws configure   (or: export AWS_PROFILE=NAME, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
	switch x.place {
	case placeLocalStack:
		fix = "export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test   (LocalStack takes any)"
	case placeRuntime:
		fix = "pixmill doctor --data .pixmill   (or the folder that pixmill run uses: its keys are in there)"
	case placeOtherS3:
		fix = "export AWS_PROFILE=NAME   (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: the keys of this store)"
	}
	x.place = placeNowhere
	return one(problem("there are no credentials: "+brief(err), "no request can be signed, and nothing else is looked at", fix))
}

func checkCredentials(ctx context.Context, x *examination) []Finding {
	if found := needCredentials(ctx, x); found != nil {
		return found
	}
	if !x.place.hasServices() {
		return nil // there is no STS; the buckets will tell
	}
	out, err := x.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err == nil {
		x.account = aws.ToString(out.Account)
		return one(ok("%s", aws.ToString(out.Arn)))
	}
	switch codeOf(err) {
	case "ExpiredToken", "ExpiredTokenException":
		return one(problem("the credentials have expired", "every request is refused", "aws sso login   (or get new ones where these are from)"))
	case "InvalidClientTokenId", "SignatureDoesNotMatch", "InvalidAccessKeyId":
		return one(problem("AWS does not know these credentials: "+brief(err), "every request is refused", "aws configure list   (says where they are from)"))
	case "":
		return one(problem("nobody answers who you are: "+brief(err), "every request would fail", "try again; a firewall or a proxy may be in the way"))
	}
	return one(notSeen("who you are", "sts:GetCallerIdentity", err))
}
