package doctor

import (
	"strings"
	"testing"
)

func TestAllowsService(t *testing.T) {
	const bucket = "arn:aws:s3:::uploads"
	policy := func(principal, action, condition string) string {
		return `{"Statement":[{"Effect":"Allow","Principal":` + principal + `,"Action":` + action + `,"Resource":"*","Condition":` + condition + `}]}`
	}
	for name, test := range map[string]struct {
		policy string
		want   bool
	}{
		"none":           {"", false},
		"exact":          {policy(`{"Service":"s3.amazonaws.com"}`, `"sqs:SendMessage"`, `{"ArnEquals":{"aws:SourceArn":"`+bucket+`"}}`), true},
		"lists":          {policy(`{"Service":["sns.amazonaws.com","s3.amazonaws.com"]}`, `["sqs:SendMessage"]`, `{"ArnLike":{"AWS:SourceArn":["x","arn:aws:s3:*:*:uploads"]}}`), true},
		"any principal":  {policy(`"*"`, `"SQS:*"`, `{}`), true},
		"other service":  {policy(`{"Service":"sns.amazonaws.com"}`, `"sqs:SendMessage"`, `{}`), false},
		"other action":   {policy(`{"Service":"s3.amazonaws.com"}`, `"sqs:ReceiveMessage"`, `{}`), false},
		"other bucket":   {policy(`{"Service":"s3.amazonaws.com"}`, `"sqs:SendMessage"`, `{"ArnEquals":{"aws:SourceArn":"arn:aws:s3:::other"}}`), false},
		"denied":         {`{"Statement":{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*"}}`, false},
		"not a policy":   {`{`, true},
		"one, unwrapped": {`{"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}}`, true},
	} {
		if got := allowsService(test.policy, "s3.amazonaws.com", "sqs:SendMessage", bucket); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// A star in a condition stands for slashes as well.
func TestAllowsService_EveryRule(t *testing.T) {
	const policy = `{"Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:events:*"}}}]}`
	if !allowsService(policy, "events.amazonaws.com", "sqs:SendMessage", "arn:aws:events:eu-west-1:1:rule/pixmill") {
		t.Error("the rule is not let in")
	}
}

func TestWithStatement_KeepsWhatIsThere(t *testing.T) {
	const mine = `{"Version":"2008-10-17","Id":"mine","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}]}`
	const bucket = "arn:aws:s3:::uploads"
	for name, before := range map[string]string{
		"none": "", "a list": mine, "one, unwrapped": strings.NewReplacer("[", "", "]", "").Replace(mine),
	} {
		after := withStatement(before, "s3.amazonaws.com", "sqs:SendMessage", "arn:aws:sqs:us-east-1:1:q", bucket)
		if !allowsService(after, "s3.amazonaws.com", "sqs:SendMessage", bucket) || allowsService(after, "s3.amazonaws.com", "sqs:SendMessage", bucket+"2") {
			t.Errorf("%s: %s does not allow the one bucket", name, after)
		}
		if before != "" && (!allowsService(after, "sns.amazonaws.com", "sqs:SendMessage", "x") || !strings.Contains(after, `"Id":"mine"`)) {
			t.Errorf("%s: %s lost what was there", name, after)
		}
	}
}

func TestAliasOf(t *testing.T) {
	if got := aliasOf("arn:aws:lambda:r:1:function:f:live"); got == nil || *got != "live" {
		t.Errorf("got %v", got)
	}
	if got := aliasOf("arn:aws:lambda:r:1:function:f"); got != nil {
		t.Errorf("got %q", *got)
	}
}
