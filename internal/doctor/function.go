package doctor

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"pixmill/internal/config"
	"pixmill/internal/preset"
)

// minMemory is where a function is slow for want of CPU, MB. Lambda gives CPU by
// memory, one vCPU at 1769 MB.
const minMemory = 512

// functionSettings are what matters of a function.
type functionSettings struct {
	name, role, logGroup string
	runtime, packageType string
	architecture         string
	state, stateReason   string
	update, updateReason string
	timeout              int // seconds
	memory               int // MB
	deadLetters          string
	environment          map[string]string
}

// functionSettings reads the function's configuration, once.
func (x *examination) functionSettings(ctx context.Context, function string) (*functionSettings, error) {
	if x.settings != nil && x.settings.name == nameOf(function) {
		return x.settings, nil
	}
	out, err := x.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: aws.String(nameOf(function))})
	if err != nil {
		return nil, err
	}
	f := &functionSettings{
		name: aws.ToString(out.FunctionName), role: aws.ToString(out.Role),
		runtime: string(out.Runtime), packageType: string(out.PackageType),
		state: string(out.State), stateReason: aws.ToString(out.StateReason),
		update: string(out.LastUpdateStatus), updateReason: aws.ToString(out.LastUpdateStatusReason),
		timeout: int(aws.ToInt32(out.Timeout)), memory: int(aws.ToInt32(out.MemorySize)),
	}
	f.logGroup = "/aws/lambda/" + f.name
	if l := out.LoggingConfig; l != nil && aws.ToString(l.LogGroup) != "" {
		f.logGroup = *l.LogGroup
	}
	if len(out.Architectures) > 0 {
		f.architecture = string(out.Architectures[0])
	}
	if out.DeadLetterConfig != nil {
		f.deadLetters = aws.ToString(out.DeadLetterConfig.TargetArn)
	}
	if out.Environment != nil {
		f.environment = out.Environment.Variables
	}
	x.settings = f
	return f, nil
}

// failureDestination returns where failed asynchronous events go, or "".
func (x *examination) failureDestination(ctx context.Context, function string) string {
	out, err := x.lambda.GetFunctionEventInvokeConfig(ctx, &lambda.GetFunctionEventInvokeConfigInput{FunctionName: &function})
	if err != nil || out.DestinationConfig == nil || out.DestinationConfig.OnFailure == nil {
		return ""
	}
	return aws.ToString(out.DestinationConfig.OnFailure.Destination)
}

func checkFunction(ctx context.Context, x *examination) []Finding {
	if x.function == "" || !x.place.hasServices() {
		return nil // notifications has said it
	}
	f, err := x.functionSettings(ctx, x.function)
	if _, gone := errors.AsType[*lambdatypes.ResourceNotFoundException](err); gone {
		return one(problem("there is no function "+nameOf(x.function), "events are not worked on", "deploy it (docs/lambda.md), or say with --function what it is called"))
	}
	if err != nil {
		return one(notSeen("the function "+nameOf(x.function), "lambda:GetFunctionConfiguration", err))
	}
	found := slices.Concat(f.checkState(), f.checkSize(), f.checkEnvironment(x.opts.Presets))
	if len(found) == 0 {
		found = one(ok("%s: %s, %s, %d MB, %d s, %s", f.name, f.runtimeName(), f.architecture, f.memory, f.timeout, strings.ToLower(f.state)))
	}
	if !f.tellsPresets() {
		found = append(found, f.presetsUnseen())
	}
	return found
}

// tellsPresets reports whether the text of the function's configuration is in its
// environment. Else it is a file that was deployed with it, or built in.
func (f *functionSettings) tellsPresets() bool {
	return strings.Contains(f.environment[config.VarConfig], "\n")
}

// presetsUnseen says that the presets of what was deployed may be others than those
// here, which were perhaps edited since.
func (f *functionSettings) presetsUnseen() Finding {
	where := "zip"
	if f.packageType == string(lambdatypes.PackageTypeImage) {
		where = "image"
	}
	found := skipped(fmt.Sprintf("the presets of %s are not looked at: they are in its %s, and may be others than those here", f.name, where))
	found.Fix = "after the next image, pixmill doctor KEY says whether it was made with these"
	return found
}

func (f *functionSettings) runtimeName() string {
	if f.packageType == string(lambdatypes.PackageTypeImage) {
		return "an image"
	}
	return f.runtime
}

func (f *functionSettings) checkState() []Finding {
	var found []Finding
	switch lambdatypes.State(f.state) {
	case lambdatypes.StateActive, "":
	case lambdatypes.StateInactive: // it was idle for weeks, and the next event wakes it
	default:
		found = append(found, problem(fmt.Sprintf("%s is %s: %s", f.name, strings.ToLower(f.state), f.stateReason), "it is not called", "aws lambda get-function --function-name "+f.name+"   (says more), then deploy it again"))
	}
	if lambdatypes.LastUpdateStatus(f.update) == lambdatypes.LastUpdateStatusFailed {
		found = append(found, problem(fmt.Sprintf("the last update of %s failed: %s", f.name, f.updateReason), "what runs is older than what was deployed", "deploy it again"))
	}
	if f.packageType != string(lambdatypes.PackageTypeImage) && f.runtime != string(lambdatypes.RuntimeProvidedal2023) {
		found = append(found, problem(fmt.Sprintf("%s has the runtime %s", f.name, f.runtime), "the zip has a program named bootstrap and a libvips for Amazon Linux 2023",
			"aws lambda update-function-configuration --function-name "+f.name+" --runtime provided.al2023 --handler bootstrap"))
	}
	return found
}

func (f *functionSettings) checkSize() []Finding {
	var found []Finding
	change := "aws lambda update-function-configuration --function-name " + f.name
	if f.memory < minMemory {
		found = append(found, warning(fmt.Sprintf("%s has %d MB", f.name, f.memory), "Lambda gives CPU by memory: below 512 MB it is slow and costs no less, and large images are refused", change+" --memory-size 1769"))
	}
	if f.timeout < 30 {
		found = append(found, warning(fmt.Sprintf("%s may take %d s", f.name, f.timeout), "a large image, or ten small ones from a queue, takes longer; finished variants are kept, and the event comes again", change+" --timeout 60"))
	}
	return found
}

// checkEnvironment compares what the function was given with the configuration here.
func (f *functionSettings) checkEnvironment(here *preset.Config) []Finding {
	const why = "the function works with what it was deployed with, not with the file here"
	if !f.tellsPresets() {
		return f.checkBuckets(here)
	}
	s, err := config.Load(func(name string) string { return f.environment[name] }, "")
	if err != nil {
		return one(problem(f.name+" has a configuration that does not hold: "+strings.Join(strings.Fields(err.Error()), " "), "it ends at each start, and no event is worked on", "mend "+config.VarConfig+" in its environment and deploy it again"))
	}
	switch theirs := s.Presets; {
	case theirs.Source != here.Source || theirs.Output != here.Output:
		return one(problem(fmt.Sprintf("%s works from s3://%s to s3://%s, the configuration here from s3://%s to s3://%s", f.name,
			path.Join(theirs.Source.Bucket, theirs.Source.Prefix), path.Join(theirs.Output.Bucket, theirs.Output.Prefix),
			path.Join(here.Source.Bucket, here.Source.Prefix), path.Join(here.Output.Bucket, here.Output.Prefix)), why, "deploy it again, or name its configuration here with --config"))
	case !sameRules(theirs, here):
		return one(warning(f.name+" has other rules or presets than the configuration here", why, "deploy it again, or name its configuration here with --config"))
	}
	return nil
}

func (f *functionSettings) checkBuckets(here *preset.Config) []Finding {
	for _, v := range []struct{ name, want string }{{config.VarSourceBucket, here.Source.Bucket}, {config.VarOutputBucket, here.Output.Bucket}} {
		if got := f.environment[v.name]; got != "" && got != v.want {
			return one(problem(fmt.Sprintf("%s of %s is %s, the configuration here says %s", v.name, f.name, got, v.want),
				"events of another bucket than its own are refused, and come again until they are dead letters", "deploy it again with "+v.want+", or say "+v.name+"="+got+" here"))
		}
	}
	return nil
}

func sameRules(a, b *preset.Config) bool {
	return slices.EqualFunc(a.Rules, b.Rules, func(r, s preset.Rule) bool { return r.Match == s.Match && r.Hash == s.Hash })
}
