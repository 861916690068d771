package deploy

import (
	"encoding/json"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"pixmill/iam"
)

// statement is what these tests read of a policy's. In a template it may stand in
// an !If, of which only a statement or nothing can come.
type statement struct {
	Sid      string
	Effect   string
	Action   oneOrMore
	Resource oneOrMore
	only     string // the condition of the !If
}

func (s *statement) UnmarshalJSON(data []byte) error {
	type plain statement
	var choice []json.RawMessage // the condition, then, else
	if json.Unmarshal(data, &choice) != nil {
		return json.Unmarshal(data, (*plain)(s))
	}
	if len(choice) != 3 || string(choice[2]) != `"AWS::NoValue"` {
		return &json.UnsupportedValueError{Str: "want a condition, a statement and AWS::NoValue: " + string(data)}
	}
	if err := json.Unmarshal(choice[1], (*plain)(s)); err != nil {
		return err
	}
	return json.Unmarshal(choice[0], &s.only)
}

// oneOrMore is a list, which policies write as its only element, too. What is no
// text, a template's expression, is kept as JSON.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(data []byte) error {
	var list []json.RawMessage
	if json.Unmarshal(data, &list) != nil {
		list = []json.RawMessage{data}
	}
	*o = nil
	for _, element := range list {
		var text string
		if json.Unmarshal(element, &text) != nil {
			text = string(element)
		}
		*o = append(*o, text)
	}
	return nil
}

// fromFiles are the statements of the roles in template.yaml and serverless.yml, in
// which their parameters are written in one way.
func fromFiles(t *testing.T) (bySAM, byOSLS []statement) {
	t.Helper()
	var sam template
	read(t, "template.yaml", &sam)
	for _, p := range sam.Resources.Role.Properties.Policies {
		bySAM = append(bySAM, p.PolicyDocument.Statement...)
	}
	var osls serverless
	read(t, "serverless.yml", &osls)
	byOSLS = slices.Concat(osls.Provider.IAM.Role.Statements, osls.Resources.Resources.NotifyPolicy.Properties.PolicyDocument.Statement)
	for _, s := range slices.Concat(bySAM, byOSLS) {
		for i, r := range s.Resource {
			s.Resource[i] = strings.ReplaceAll(r, "${param:", "${")
		}
	}
	return bySAM, byOSLS
}

// bucketGrants lists what statements allow on buckets, sorted.
func bucketGrants(statements []statement) []string {
	return grants(statements, func(action string) bool {
		return strings.HasPrefix(action, "s3:") || strings.Contains(action, "*")
	})
}

// sendGrants lists what statements allow to send and whereto, sorted.
func sendGrants(statements []statement) []string {
	return grants(statements, func(action string) bool {
		return action == "events:PutEvents" || action == "sns:Publish" || action == "sqs:SendMessage"
	})
}

func grants(statements []statement, counts func(action string) bool) []string {
	var grants []string
	for _, s := range statements {
		for _, action := range s.Action {
			for _, resource := range s.Resource {
				if counts(action) {
					grants = append(grants, s.Effect+" "+action+" on "+resource)
				}
			}
		}
	}
	slices.Sort(grants)
	return grants
}

// wantGrants lists what iam/policy.json allows, in the same form.
func wantGrants(source, output string) []string {
	var want []string
	for _, g := range iam.Function(source, output).Grants() {
		want = append(want, "Allow "+g.Action+" on "+g.Resource)
	}
	slices.Sort(want)
	return want
}

func TestFiles_GrantWhatThePolicySays(t *testing.T) {
	bySAM, byOSLS := fromFiles(t)
	inIAM := documented(t, "*.json")
	for _, s := range slices.Concat(bySAM, byOSLS) {
		for _, action := range s.Action {
			if !slices.Contains(inIAM[s.Sid], action) {
				t.Errorf("statement %q allows %s; by that name iam/*.json allows %q", s.Sid, action, inIAM[s.Sid])
			}
		}
	}
	for name, statements := range map[string][]statement{"template.yaml": bySAM, "serverless.yml": byOSLS} {
		got := bucketGrants(statements)
		for i := range got {
			got[i] = strings.ReplaceAll(got[i], "${AWS::Partition}", "aws")
		}
		if want := wantGrants("${SourceBucket}", "${OutputBucket}"); !slices.Equal(got, want) {
			t.Errorf("%s grants\n\t%s\nand iam/policy.json\n\t%s", name, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
}

// What an expression for a resource comes to is seen where it is deployed.
func TestFiles_GrantOneOfTheWaysToNotify(t *testing.T) {
	conditions := map[string]string{"NotifyEventBridge": "NotifiesBus", "NotifySNS": "NotifiesTopic", "NotifySQS": "NotifiesQueue"}
	bySAM, byOSLS := fromFiles(t)
	find := func(statements []statement, sid string) statement {
		for _, s := range statements {
			if s.Sid == sid {
				return s
			}
		}
		return statement{}
	}
	for sid, actions := range documented(t, "notify.json") {
		sam, osls := find(bySAM, sid), find(byOSLS, sid)
		for file, s := range map[string]statement{"template.yaml": sam, "serverless.yml": osls} {
			if s.only == "" || s.only != conditions[sid] || s.Effect != "Allow" || !slices.Equal(s.Action, actions) {
				t.Errorf("%s: statement %s is %+v, want %q with the condition %q", file, sid, s, actions, conditions[sid])
			}
			if len(s.Resource) != 1 || !strings.Contains(s.Resource[0], "${Notify}") || strings.Contains(s.Resource[0], "*") {
				t.Errorf("%s: statement %s is on %q, want what the parameter names", file, sid, s.Resource)
			}
		}
		if !slices.Equal(sam.Resource, osls.Resource) {
			t.Errorf("statement %s is on\n\t%s in template.yaml,\n\t%s in serverless.yml", sid, sam.Resource, osls.Resource)
		}
	}
}

// documented are the actions of each statement in files of iam.
func documented(t *testing.T, pattern string) map[string][]string {
	t.Helper()
	names, err := filepath.Glob(root(t, "iam", pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("no iam/%s: %v", pattern, err)
	}
	actions := map[string][]string{}
	for _, name := range names {
		text, err := iam.Files.ReadFile(filepath.Base(name))
		if err != nil {
			t.Fatal(err)
		}
		document, err := iam.Parse(string(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, s := range document.Statement {
			actions[s.Sid] = s.Action
		}
	}
	return actions
}

// policyIsMinimal wants the role to allow on buckets what iam/policy.json says, to
// send to the dead letters and to where completion events go, and nothing else. The
// scripts make no role: LocalStack asks for none.
func (s *stack) policyIsMinimal(t *testing.T, d deployment) {
	t.Helper()
	statements := s.roleStatements(t, d)
	if got, want := bucketGrants(statements), wantGrants(d.source, d.output); !slices.Equal(got, want) {
		t.Errorf("the role allows\n\t%s\nand iam/policy.json\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	want := []string{"Allow sqs:SendMessage on arn:aws:sqs:" + region + ":" + account + ":" + d.name + "-dead"}
	if d.notifyGrant != "" {
		want = append(want, "Allow "+d.notifyGrant)
		slices.Sort(want)
	}
	if got := sendGrants(statements); !slices.Equal(got, want) {
		t.Errorf("with Notify=%s the role allows\n\t%s\nwant\n\t%s", d.notify, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// roleStatements reads all policies of the function's role.
func (s *stack) roleStatements(t *testing.T, d deployment) []statement {
	t.Helper()
	ctx := t.Context()
	f, err := s.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &d.name})
	if err != nil {
		t.Fatal(err)
	}
	role := aws.ToString(f.Role)[strings.LastIndex(aws.ToString(f.Role), "/")+1:]
	attached, err := s.iam.ListAttachedRolePolicies(ctx, &awsiam.ListAttachedRolePoliciesInput{RoleName: &role})
	if err != nil || len(attached.AttachedPolicies) > 0 {
		t.Fatalf("role %s: managed policies %v, %v; want none", role, attached, err)
	}
	list, err := s.iam.ListRolePolicies(ctx, &awsiam.ListRolePoliciesInput{RoleName: &role})
	if err != nil {
		t.Fatal(err)
	}
	var statements []statement
	for _, name := range list.PolicyNames {
		p, err := s.iam.GetRolePolicy(ctx, &awsiam.GetRolePolicyInput{RoleName: &role, PolicyName: &name})
		if err != nil {
			t.Fatal(err)
		}
		var document struct{ Statement []statement }
		text, err := url.QueryUnescape(aws.ToString(p.PolicyDocument))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(text), &document); err != nil {
			t.Fatalf("policy %s: %v", name, err)
		}
		statements = append(statements, document.Statement...)
	}
	return statements
}
