// Package doctor looks at everything around Pixmill that can be set up wrong, and
// says what is, why it matters and what mends it: credentials, buckets,
// permissions, notifications, queues, the function, this build. For one key it says
// why a variant is missing.
//
// It looks and changes nothing, but for one probe object in the output bucket,
// which Options.ReadOnly leaves out. What it may not look at it says, with the
// permission that it lacks, and goes on. What a check costs in time is bounded.
package doctor

import (
	"context"
	"strings"
	"time"

	"pixmill/internal/imaging"
	"pixmill/internal/preset"
)

// DefaultTimeout is the Timeout of the zero Options.
const DefaultTimeout = 15 * time.Second

// Options say what is looked at. Presets and Now are needed.
type Options struct {
	Presets    *preset.Config
	ConfigFrom string // where Presets are from, for people

	Function string // name of the function; empty: the one that the notifications lead to
	Key      string // a source key: say why its variants are missing; empty: look at everything
	ReadOnly bool   // put no probe object

	// Local is the local runtime's store, in place of what the environment says of AWS.
	Local *Local

	// Capability is what this build can do, or Broken why it can do nothing.
	Capability imaging.Capability
	Broken     error

	Timeout time.Duration // of a check; 0: DefaultTimeout
	Now     func() time.Time
}

// Local is the local runtime as seen from its data directory.
type Local struct {
	Endpoint             string // URL
	AccessKey, SecretKey string
	Data                 string // the directory
	Running              string // the process that uses it; empty: none
	Dead                 int    // dead letters; -1: not known, since it runs
}

// check is one look. Findings of a check share its name.
type check struct {
	name string
	run  func(context.Context, *examination) []Finding
}

// Run makes every check that makes sense and tells emit of each finding at once.
// An error means that nothing could be looked at: what is wrong is a finding.
func Run(ctx context.Context, o Options, emit func(Finding)) (Report, error) {
	x, err := newExamination(ctx, o)
	if err != nil {
		return Report{}, err
	}
	defer x.close()
	checks := setUpChecks()
	if o.Key != "" {
		checks = keyChecks()
	}
	var r Report
	for _, c := range checks {
		found := x.make(ctx, c)
		if ctx.Err() != nil { // what a check found that was cut off says nothing
			return r, ctx.Err()
		}
		for _, f := range found {
			f.Check, f.Fix = c.name, x.reachable(f.Fix)
			r.add(f)
			emit(f)
		}
	}
	return r, nil
}

// reachable makes a command of AWS's ask the same endpoint as doctor did, whatever
// the version of the command line makes of the environment.
func (x *examination) reachable(fix string) string {
	if x.endpoint == "" {
		return fix
	}
	aws := "aws --endpoint-url " + x.endpoint + " "
	if command, isAWS := strings.CutPrefix(fix, "aws "); isAWS {
		return aws + strings.ReplaceAll(command, "&& aws ", "&& "+aws)
	}
	if i := strings.LastIndex(fix, "| aws "); i >= 0 { // before it may stand a key
		return fix[:i] + "| " + aws + fix[i+len("| aws "):]
	}
	return fix
}

// make runs one check within its time.
func (x *examination) make(ctx context.Context, c check) []Finding {
	limit := x.opts.Timeout
	if limit == 0 {
		limit = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	findings := c.run(ctx, x)
	if ctx.Err() != nil && len(findings) == 0 {
		return []Finding{warning("no answer within "+limit.String(), "what it would have found is not known", "try again; a firewall or a proxy may be in the way")}
	}
	return findings
}

// setUpChecks are in the order in which one depends on another.
func setUpChecks() []check {
	return []check{
		{"configuration", checkConfiguration},
		{"endpoint", checkEndpoint},
		{"credentials", checkCredentials},
		{"source bucket", checkSourceBucket},
		{"output bucket", checkOutputBucket},
		{"source permissions", checkSourcePermissions},
		{"output permissions", checkOutputPermissions},
		{"conditional writes", checkConditions},
		{"notifications", checkNotifications},
		{"recursion", checkRecursion},
		{"queue", checkQueues},
		{"dead letters", checkDeadLetters},
		{"function", checkFunction},
		{"role", checkRole},
		{"formats", checkFormats},
		{"memory", checkMemory},
	}
}

// keyChecks follow a source from its rule to its variants.
func keyChecks() []check {
	return []check{
		{"endpoint", checkEndpoint},
		{"credentials", needCredentials},
		{"rule", explainRule},
		{"source", explainSource},
		{"manifest", explainManifest},
		{"variants", explainVariants},
		{"notifications", discoverOnly},
		{"dead letters", explainDeadLetters},
		{"log", explainLog},
	}
}
