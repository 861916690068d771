package deploy

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// template is what these tests read of template.yaml. Tags like !Sub are passed over.
type template struct {
	Parameters map[string]struct {
		Default       any
		AllowedValues []string
	}
	Resources struct {
		Function struct {
			Properties struct{ CodeURI string }
		}
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
	Resources struct {
		Resources struct {
			NotifyPolicy struct {
				Properties struct {
					PolicyDocument struct{ Statement []statement }
				}
			}
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
	decode(t, name, text, into)
}

func decode(t *testing.T, name string, text []byte, into any) {
	t.Helper()
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
	if len(names) < 17 {
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

// template.yaml names one zip, and so takes one architecture; the documents have the
// command that makes it one for the other.
func TestDocs_CommandMakesTheTemplateOneForArm64(t *testing.T) {
	doc, err := os.ReadFile(root(t, "docs/lambda.md"))
	if err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile(`(?m)^    (sed .* template\.yaml) > template-arm64\.yaml$`).FindSubmatch(doc)
	if command == nil {
		t.Fatal("docs/lambda.md has no sed command for template-arm64.yaml")
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", string(command[1]))
	cmd.Dir = root(t)
	arm, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", command[1], err)
	}
	amd, err := os.ReadFile(root(t, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for architecture, file := range map[string]struct {
		text []byte
		zip  string
	}{"x86_64": {amd, "dist/lambda.zip"}, "arm64": {arm, "dist/lambda-arm64.zip"}} {
		var tm template
		decode(t, architecture, file.text, &tm)
		p, zip := tm.Parameters["Architecture"], tm.Resources.Function.Properties.CodeURI
		if p.Default != architecture || !slices.Equal(p.AllowedValues, []string{architecture}) || zip != file.zip {
			t.Errorf("the template for %s deploys %s and takes %q, by default %v", architecture, zip, p.AllowedValues, p.Default)
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
