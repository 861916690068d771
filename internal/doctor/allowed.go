package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	policies "pixmill/iam"
)

// resourcePolicy is the policy of a queue, a topic or a function.
type resourcePolicy struct {
	Statement oneOrMore[policyStatement]
}

type policyStatement struct {
	Effect    string
	Principal json.RawMessage
	Action    oneOrMore[string]
	Condition map[string]map[string]oneOrMore[string]
}

// oneOrMore is a list that may be written without brackets.
type oneOrMore[T any] []T

// UnmarshalJSON implements json.Unmarshaler.
func (l *oneOrMore[T]) UnmarshalJSON(data []byte) error {
	if strings.HasPrefix(strings.TrimSpace(string(data)), "[") {
		return json.Unmarshal(data, (*[]T)(l))
	}
	var single T
	if err := json.Unmarshal(data, &single); err != nil {
		return err
	}
	*l = oneOrMore[T]{single}
	return nil
}

// allowsService reports whether a policy lets a service do something for a
// resource of ours. Of conditions it knows aws:SourceArn; others are taken to hold.
// What cannot be read is taken to allow it: doctor does not guess.
func allowsService(policy, service, action, sourceARN string) bool {
	var p resourcePolicy
	if policy == "" {
		return false
	}
	if json.Unmarshal([]byte(policy), &p) != nil {
		return true
	}
	return slices.ContainsFunc(p.Statement, func(s policyStatement) bool {
		principal := string(s.Principal)
		named := strings.Contains(principal, `"`+service+`"`) || strings.Contains(principal, `"*"`)
		does := slices.ContainsFunc(s.Action, func(a string) bool {
			return strings.EqualFold(a, action) || strings.HasSuffix(a, "*")
		})
		return s.Effect == "Allow" && named && does && s.holdsFor(sourceARN)
	})
}

func (s policyStatement) holdsFor(sourceARN string) bool {
	for _, keys := range s.Condition {
		for key, values := range keys {
			if !strings.EqualFold(key, "aws:SourceArn") {
				continue
			}
			if !slices.ContainsFunc(values, func(v string) bool { return policies.Covers(v, sourceARN) }) {
				return false
			}
		}
	}
	return true
}

// withStatement adds to a policy, which is replaced as a whole, that a service may
// do something for a resource of ours.
func withStatement(policy, service, action, resource, sourceARN string) string {
	type object = map[string]any
	statement := object{
		"Effect": "Allow", "Principal": object{"Service": service}, "Action": action, "Resource": resource,
		"Condition": object{"ArnEquals": object{"aws:SourceArn": sourceARN}},
	}
	var p object
	if json.Unmarshal([]byte(policy), &p) != nil { // there is none
		p = object{"Version": "2012-10-17"}
	}
	switch there := p["Statement"].(type) {
	case []any:
		p["Statement"] = append(there, statement)
	case object:
		p["Statement"] = []any{there, statement}
	default:
		p["Statement"] = []any{statement}
	}
	text, err := json.Marshal(p)
	if err != nil {
		panic("doctor: " + err.Error()) // it was made of JSON
	}
	return string(text)
}

// caller is who hands an event to the last station, and for what.
func (x *examination) caller(r route) (service, sourceARN string) {
	switch {
	case r.rule != "":
		return "events.amazonaws.com", r.ruleARN
	case r.topic != "":
		return "sns.amazonaws.com", r.topic
	}
	return "s3.amazonaws.com", x.bucketARN(x.sourceAt().Bucket)
}

// checkDirect looks at a function that is called without a queue.
func (x *examination) checkDirect(ctx context.Context, r route) []Finding {
	name, alias := nameOf(r.function), aliasOf(r.function)
	service, source := x.caller(r)
	out, err := x.lambda.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: &name, Qualifier: alias})
	_, none := errors.AsType[*lambdatypes.ResourceNotFoundException](err)
	var found []Finding
	switch {
	case err != nil && !none:
		found = append(found, notSeen("who may call "+name, "lambda:GetPolicy", err))
	case none || !allowsService(aws.ToString(out.Policy), service, "lambda:InvokeFunction", source):
		fix := fmt.Sprintf("aws lambda add-permission --function-name %s --statement-id pixmill-%s --action lambda:InvokeFunction --principal %s --source-arn %s",
			name, strings.TrimSuffix(service, ".amazonaws.com"), service, source)
		if service == "s3.amazonaws.com" && x.account != "" {
			fix += " --source-account " + x.account
		}
		if alias != nil {
			fix += " --qualifier " + *alias
		}
		found = append(found, problem(fmt.Sprintf("%s: %s may not call the function", r, service), "events are dropped on the way", fix))
	}
	return append(found, x.checkFailureDestination(ctx, name, alias)...)
}

// checkFailureDestination looks where events go that failed three times.
func (x *examination) checkFailureDestination(ctx context.Context, function string, alias *string) []Finding {
	out, err := x.lambda.GetFunctionEventInvokeConfig(ctx, &lambda.GetFunctionEventInvokeConfigInput{FunctionName: &function, Qualifier: alias})
	_, none := errors.AsType[*lambdatypes.ResourceNotFoundException](err)
	if err != nil && !none {
		return one(notSeen("the failure destination of "+function, "lambda:GetFunctionEventInvokeConfig", err))
	}
	if err == nil && out.DestinationConfig != nil && out.DestinationConfig.OnFailure != nil && aws.ToString(out.DestinationConfig.OnFailure.Destination) != "" {
		return nil
	}
	settings, err := x.functionSettings(ctx, function)
	if err == nil && settings.deadLetters != "" || deniedBy(err) {
		return nil
	}
	fix := fmt.Sprintf("aws lambda put-function-event-invoke-config --function-name %s --destination-config OnFailure={Destination=%s}", function, x.queueARN("pixmill-dead"))
	if alias != nil {
		fix += " --qualifier " + *alias
	}
	return one(warning(function+" is called directly and has no failure destination",
		"an event that fails three times is gone, and its variants are missing until the source changes",
		fix+"   (the queue has to be there, and the role allowed to write to it: iam/dead-letters.json)"))
}

// checkTopicPolicy looks whether S3 may publish.
func (x *examination) checkTopicPolicy(ctx context.Context, r route) []Finding {
	out, err := x.sns.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &r.topic})
	if err != nil {
		return one(notSeen("the policy of the topic "+nameOf(r.topic), "sns:GetTopicAttributes", err))
	}
	source := x.bucketARN(x.sourceAt().Bucket)
	if allowsService(out.Attributes["Policy"], "s3.amazonaws.com", "sns:Publish", source) {
		return nil
	}
	policy := withStatement(out.Attributes["Policy"], "s3.amazonaws.com", "sns:Publish", r.topic, source)
	return one(problem(fmt.Sprintf("%s: S3 may not publish to the topic", r), "events are dropped on the way",
		fmt.Sprintf("aws sns set-topic-attributes --topic-arn %s --attribute-name Policy --attribute-value %s", r.topic, quoteShell(policy))))
}
