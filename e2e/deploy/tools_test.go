package deploy

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// workspace is a copy of the files that deploy, so that what sam and osls leave
// beside them does not come into the tree.
type workspace struct {
	dir string
	env []string
}

func newWorkspace(t *testing.T) workspace {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "localstack-init"), os.DirFS(root(t, "localstack-init"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"template.yaml", "samconfig.toml", "serverless.yml"} {
		copyFile(t, root(t, name), filepath.Join(dir, name))
	}
	zip := cmp.Or(os.Getenv(varZip), root(t, "dist", "lambda.zip"))
	copyFile(t, zip, filepath.Join(dir, "dist", "lambda.zip"))
	return workspace{dir: dir, env: environment()}
}

// environment is what the tools need to know, and what makes them quick and quiet.
func environment() []string {
	return append(os.Environ(),
		"SAM_CLI_TELEMETRY=0", "SAM_CLI_POLL_DELAY=1", // seconds between looks at a stack
		"SLS_AWS_MONITORING_FREQUENCY=1000", // the same of osls, in milliseconds
		"NODE_NO_WARNINGS=1",
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_REGION="+region, "AWS_DEFAULT_REGION="+region,
	)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// run runs a command in the workspace and returns what it printed. It fails the
// test with all of that if the command fails.
func (w workspace) run(ctx context.Context, t *testing.T, extra []string, name string, args ...string) string {
	t.Helper()
	out, err := w.try(ctx, extra, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

func (w workspace) try(ctx context.Context, extra []string, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = w.dir, append(w.env, extra...)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	return out.String(), err
}

// need fails the test, saying how to get the command that is missing.
func need(t *testing.T, command, how string) {
	t.Helper()
	if _, err := exec.LookPath(command); err != nil {
		t.Fatalf("there is no %s: %s", command, how)
	}
}

const howTools = "scripts/deploy-tools.sh installs sam, osls and awslocal; make e2e-deploys calls it"

// scripts are localstack-init/ready.d, run as LocalStack runs them.
type scripts struct {
	workspace
	files []string
}

func newScripts(t *testing.T) *scripts {
	t.Helper()
	need(t, "awslocal", howTools)
	s := &scripts{workspace: newWorkspace(t)}
	files, err := filepath.Glob(filepath.Join(s.dir, "localstack-init/ready.d/*.sh"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	s.files = files
	return s
}

func (s *scripts) deploy(t *testing.T, d deployment) {
	t.Helper()
	extra := []string{
		"PIXMILL_NAME=" + d.name, "PIXMILL_SOURCE_BUCKET=" + d.source, "PIXMILL_OUTPUT_BUCKET=" + d.output,
		"PIXMILL_TRIGGER=" + d.trigger, "PIXMILL_NOTIFY=" + d.notify, "PIXMILL_FUNCTION_ZIP=" + filepath.Join(s.dir, "dist/lambda.zip"),
	}
	runs := 1
	if d.trigger == triggers[0] {
		runs = 2 // a second one changes nothing and fails at nothing
	}
	for range runs {
		for _, file := range s.files {
			s.run(t.Context(), t, extra, "bash", file)
		}
	}
}

// remove does what stopping LocalStack's container does for users.
func (s *scripts) remove(ctx context.Context, t *testing.T, d deployment) {
	t.Helper()
	newStack(t, os.Getenv(varEndpoint)).remove(ctx, t, d)
}

// parameters are what sam and osls are told, as NAME=VALUE.
func (d deployment) parameters() []string {
	params := []string{"Name=" + d.name, "SourceBucket=" + d.source, "OutputBucket=" + d.output, "Trigger=" + d.trigger}
	if d.notify != "" {
		params = append(params, "Notify="+d.notify)
	}
	return params
}

// sam is template.yaml, deployed with the AWS SAM CLI.
type sam struct{ workspace }

func newSAM(t *testing.T) *sam {
	t.Helper()
	need(t, "sam", howTools)
	return &sam{newWorkspace(t)}
}

func (s *sam) deploy(t *testing.T, d deployment) {
	t.Helper()
	args := []string{"deploy", "--stack-name", d.name, "--no-progressbar", "--parameter-overrides"}
	s.run(t.Context(), t, nil, "sam", append(args, d.parameters()...)...)
}

func (s *sam) remove(ctx context.Context, t *testing.T, d deployment) {
	t.Helper()
	s.run(ctx, t, nil, "sam", "delete", "--stack-name", d.name, "--no-prompts", "--region", region)
}

func TestSAM_TemplateIsValid(t *testing.T) {
	endpoint(t)
	newSAM(t).run(t.Context(), t, nil, "sam", "validate", "--lint")
}

// osls is serverless.yml, deployed with osls.
type osls struct{ workspace }

func newOSLS(t *testing.T) *osls {
	t.Helper()
	need(t, "osls", howTools)
	return &osls{newWorkspace(t)}
}

func (o *osls) params(d deployment) []string {
	var params []string
	for _, p := range d.parameters() {
		params = append(params, "--param", p)
	}
	return params
}

func (o *osls) deploy(t *testing.T, d deployment) {
	t.Helper()
	o.run(t.Context(), t, nil, "osls", append([]string{"deploy"}, o.params(d)...)...)
}

// remove removes the stack. After that osls asks the container registry, which
// LocalStack does not have without a licence, and fails at that alone.
func (o *osls) remove(ctx context.Context, t *testing.T, d deployment) {
	t.Helper()
	out, err := o.try(ctx, nil, "osls", append([]string{"remove"}, o.params(d)...)...)
	if err != nil && !regexp.MustCompile(`(?i)service ecr is either not included`).MatchString(out) {
		t.Errorf("osls remove: %v\n%s", err, out)
	}
}

// What docker compose reads its files with says whether it would take this one.
func TestCompose_FileIsValid(t *testing.T) {
	endpoint(t)
	w := workspace{dir: t.TempDir(), env: append(environment(), "GOFLAGS=-mod=mod", "LOCALSTACK_VERSION=")}
	out := w.run(t.Context(), t, nil, "go", "run", "github.com/compose-spec/compose-go/v2/cmd@v2.16.2", root(t, "compose.yaml"))
	for _, want := range []string{"image: localstack/localstack:4.14.0", "host_ip: 127.0.0.1", "source: /var/run/docker.sock"} {
		if !strings.Contains(out, want) {
			t.Errorf("compose.yaml is read as\n%s\nwithout %q", out, want)
		}
	}
}
