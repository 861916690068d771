package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	policies "pixmill/iam"
	"pixmill/internal/partition"
)

// checkRole asks IAM what the function's role may do. What you may do yourself,
// which the checks of the buckets have tried, says nothing of that.
func checkRole(ctx context.Context, x *examination) []Finding {
	if x.function == "" || !x.place.hasServices() {
		return nil
	}
	f, err := x.functionSettings(ctx, x.function)
	if err != nil {
		return nil // the check of the function says why
	}
	if x.place == placeLocalStack {
		return one(skipped("what the role " + nameOf(strings.ReplaceAll(f.role, "/", ":")) + " may do is not looked at: LocalStack allows everything"))
	}
	var missing []policies.Grant
	for _, g := range policies.Function(x.sourceAt().Bucket, x.outputAt().Bucket).In(partition.OfARN(f.role)).Grants() {
		out, err := x.iam.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{
			PolicySourceArn: &f.role, ActionNames: []string{g.Action}, ResourceArns: x.examples(g),
		})
		if err != nil {
			return one(notSeen("what the role of "+f.name+" may do", "iam:SimulatePrincipalPolicy", err))
		}
		for _, r := range out.EvaluationResults {
			if r.EvalDecision != iamtypes.PolicyEvaluationDecisionTypeAllowed && !slices.Contains(missing, g) {
				missing = append(missing, g)
			}
		}
	}
	if len(missing) == 0 {
		return one(ok("%s may do what iam/policy.json lists", f.role))
	}
	var found []Finding
	role := f.role[strings.LastIndex(f.role, "/")+1:]
	for _, g := range missing {
		statement := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"%s","Resource":"%s"}]}`, g.Action, g.Resource)
		found = append(found, problem(fmt.Sprintf("the role %s lacks %s on %s", role, g.Action, g.Resource), "events fail as misconfigured, and become dead letters",
			fmt.Sprintf("aws iam put-role-policy --role-name %s --policy-name pixmill-%s --policy-document '%s'", role, strings.ToLower(strings.TrimPrefix(g.Action, "s3:"))+"-"+bucketOf(g.Resource), statement)))
	}
	return found
}

// examples are objects that a grant covers, under the prefixes of the
// configuration: a role may be narrower than the whole bucket.
func (x *examination) examples(g policies.Grant) []string {
	var arns []string
	if bucketOf(g.Resource) == x.sourceAt().Bucket && g.Action != "s3:PutObject" && g.Action != "s3:DeleteObject" {
		arns = append(arns, strings.Replace(g.Resource, "*", x.sourceAt().Prefix+"example.jpg", 1))
	}
	if bucketOf(g.Resource) == x.outputAt().Bucket {
		arns = append(arns, strings.Replace(g.Resource, "*", x.outputAt().Prefix+"example.jpg", 1))
	}
	return slices.Compact(arns) // a bucket is one resource
}

// bucketOf returns the bucket that the ARN of a bucket or of objects is of.
func bucketOf(arn string) string {
	_, name, _ := strings.Cut(arn, ":::")
	bucket, _, _ := strings.Cut(name, "/")
	return bucket
}
