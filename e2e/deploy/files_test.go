package deploy

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/goccy/go-yaml"

	"pixmill/iam"
)

// statement is what these tests read of a policy's.
type statement struct {
	Sid      string
	Effect   string
	Action   oneOrMore
	Resource oneOrMore
}

// oneOrMore is a list, which policies write as its only element, too.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*o = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(o))
}

// template is what these tests read of template.yaml. Tags like !Sub are passed over.
type template struct {
	Parameters map[string]struct{ Default any }
	Resources  struct {
		Role struct {
			Properties struct {
				Policies []struct {
					PolicyDocument struct{ Statement []statement }
				}
			}
		}
	}
}

// serverless is what these tests read of serverless.yml.
type serverless struct {
	Params   struct{ Default map[string]any }
	Provider struct {
		IAM struct {
			Role struct{ Statements []statement }
		}
	}
}

// read reads a YAML file by way of JSON, which cares about no capitals in names.
func read(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(root(t, name))
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	data, err := json.Marshal(document)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// bucketGrants lists what statements allow on buckets, sorted.
func bucketGrants(statements []statement) []string {
	var grants []string
	for _, s := range statements {
		for _, action := range s.Action {
			for _, resource := range s.Resource {
				if strings.HasPrefix(action, "s3:") || strings.Contains(action, "*") {
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
	var sam template
	read(t, "template.yaml", &sam)
	var fromSAM []statement
	for _, p := range sam.Resources.Role.Properties.Policies {
		fromSAM = append(fromSAM, p.PolicyDocument.Statement...)
	}
	var osls serverless
	read(t, "serverless.yml", &osls)

	inIAM := documented(t)
	for _, s := range slices.Concat(fromSAM, osls.Provider.IAM.Role.Statements) {
		for _, action := range s.Action {
			if !slices.Contains(inIAM[s.Sid], action) {
				t.Errorf("statement %q allows %s; by that name iam/*.json allows %q", s.Sid, action, inIAM[s.Sid])
			}
		}
	}

	anyPartition := strings.NewReplacer("${AWS::Partition}", "aws", "${param:", "${")
	for name, statements := range map[string][]statement{
		"template.yaml": fromSAM, "serverless.yml": osls.Provider.IAM.Role.Statements,
	} {
		got := bucketGrants(statements)
		for i := range got {
			got[i] = anyPartition.Replace(got[i])
		}
		if want := wantGrants("${SourceBucket}", "${OutputBucket}"); !slices.Equal(got, want) {
			t.Errorf("%s grants\n\t%s\nand iam/policy.json\n\t%s", name, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
}

// documented are the actions of each statement in iam/*.json.
func documented(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(root(t, "iam", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no iam/*.json: %v", err)
	}
	actions := map[string][]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		document, err := iam.Parse(string(text))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, s := range document.Statement {
			actions[s.Sid] = s.Action
		}
	}
	return actions
}

// policyIsMinimal wants the role to allow on buckets what iam/policy.json says and
// nothing else. The scripts make no role: LocalStack asks for none.
func (s *stack) policyIsMinimal(t *testing.T, d deployment) {
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
	if got, want := bucketGrants(statements), wantGrants(d.source, d.output); !slices.Equal(got, want) {
		t.Errorf("role %s allows\n\t%s\nand iam/policy.json\n\t%s", role, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// Parameters whose defaults differ, with the reason.
var apart = map[string]string{
	"SourceBucket":  "names of buckets are unique in all of AWS",
	"OutputBucket":  "names of buckets are unique in all of AWS",
	"CreateBuckets": "the scripts make the buckets that are missing",
	"Architecture":  "the scripts take this machine's",
}

func TestFiles_ParametersAndDefaultsAreTheSame(t *testing.T) {
	sam, osls, scripts := defaults(t)
	names := slices.Sorted(maps.Keys(sam))
	if len(names) < 16 {
		t.Fatalf("template.yaml has the parameters %q only", names)
	}
	for _, name := range names {
		if apart[name] != "" {
			continue
		}
		if sam[name] != osls[name] || sam[name] != scripts[name] {
			t.Errorf("%s is %q in template.yaml, %q in serverless.yml and %q in settings.sh", name, sam[name], osls[name], scripts[name])
		}
	}
	for name := range osls {
		if _, ok := sam[name]; !ok {
			t.Errorf("serverless.yml has %s, which template.yaml has not", name)
		}
	}
	timeout, _ := strconv.Atoi(sam["Timeout"])
	if visibility, err := strconv.Atoi(sam["VisibilityTimeout"]); err != nil || visibility < 6*timeout {
		t.Errorf("VisibilityTimeout is %s, want at least six times Timeout, %s", sam["VisibilityTimeout"], sam["Timeout"])
	}
}

func TestDocs_TableOfSettingsIsTrue(t *testing.T) {
	doc, err := os.ReadFile(root(t, "docs/lambda.md"))
	if err != nil {
		t.Fatal(err)
	}
	sam, _, _ := defaults(t)
	for _, name := range slices.Sorted(maps.Keys(sam)) {
		row := "| `" + name + "` | "
		if name != "CreateBuckets" {
			row += "`" + variable(name) + "` | "
		} else {
			row += "– | "
		}
		if apart[name] == "" && sam[name] != "" {
			row += "`" + sam[name] + "` |"
		}
		if !strings.Contains(string(doc), row) {
			t.Errorf("docs/lambda.md has no row that begins with %s", row)
		}
	}
}

// defaults returns the parameters of each file with their defaults.
func defaults(t *testing.T) (sam, osls, scripts map[string]string) {
	t.Helper()
	var s template
	read(t, "template.yaml", &s)
	var o serverless
	read(t, "serverless.yml", &o)
	sam, osls, scripts = map[string]string{}, map[string]string{}, map[string]string{}
	for name, p := range s.Parameters {
		sam[name] = ""
		if p.Default != nil {
			sam[name] = fmt.Sprint(p.Default)
		}
	}
	for name, v := range o.Params.Default {
		osls[name] = fmt.Sprint(v)
	}
	// What bash makes of settings.sh when nothing is set.
	program := "source localstack-init/settings.sh;"
	for name := range sam {
		program += fmt.Sprintf(" echo %s=${%s-unset};", name, strings.ToLower(strings.TrimPrefix(variable(name), "PIXMILL_")))
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-euc", program)
	cmd.Dir, cmd.Env = root(t), []string{"PATH=" + os.Getenv("PATH")}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("settings.sh: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		scripts[name] = value
	}
	return sam, osls, scripts
}

var hump = regexp.MustCompile(`([a-z])([A-Z])`)

// variable is the environment variable by which the scripts know a parameter.
func variable(parameter string) string {
	return "PIXMILL_" + strings.ToUpper(hump.ReplaceAllString(parameter, "${1}_$2"))
}
