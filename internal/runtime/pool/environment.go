package pool

import (
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"pixmill/internal/runtime/lambdaapi"
)

// Function is what a pool runs.
type Function struct {
	Name    string
	Command []string // the program, absolute, and its arguments
	Root    string   // LAMBDA_TASK_ROOT and working directory; absolute
}

// apiVariable has the host and port of the Runtime API.
const apiVariable = "AWS_LAMBDA_RUNTIME_API"

// version is the function version that AWS calls the unpublished code.
const version = "$LATEST"

// arn is the function's name as AWS would write it.
func (f Function) arn() string { return "arn:aws:lambda:us-east-1:000000000000:function:" + f.Name }

// environment is what AWS gives every function, then Options.Env, which wins.
// Of the runtime's own environment only what says where things are and
// PIXMILL_… is passed on: no credentials.
//
// LD_LIBRARY_PATH has the function's own libraries first, in AWS's order, then
// what the user says. AWS begins with /lib64 and /usr/lib64, where its image has
// no libraries that a function brings along; here another libvips may be there,
// and the dynamic linker looks there without being told, last.
//
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
func (o *Options) environment(api string) []string {
	root := o.Function.Root
	libraries := []string{root, filepath.Join(root, "lib")}
	inherited := []string(nil)
	for _, kv := range o.Inherit {
		name, value, _ := strings.Cut(kv, "=")
		switch {
		case name == "LD_LIBRARY_PATH" && value != "":
			libraries = append(libraries, value)
		case name == "PATH" || name == "TMPDIR" || strings.HasPrefix(name, "PIXMILL_"):
			inherited = append(inherited, kv)
		}
	}
	env := []string{
		apiVariable + "=" + api,
		"AWS_LAMBDA_FUNCTION_NAME=" + o.Function.Name,
		"AWS_LAMBDA_FUNCTION_VERSION=" + version,
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + o.Function.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME=local",
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_EXECUTION_ENV=AWS_Lambda_provided.al2023",
		"AWS_REGION=us-east-1",
		"AWS_DEFAULT_REGION=us-east-1",
		"LAMBDA_TASK_ROOT=" + root,
		"PWD=" + root,
		"LAMBDA_RUNTIME_DIR=" + root,
		"_HANDLER=bootstrap",
		"TZ=:UTC",
		"LANG=C.UTF-8",
		"LD_LIBRARY_PATH=" + strings.Join(append(libraries, "/opt/lib"), ":"),
		fmt.Sprintf("GOMAXPROCS=%d", o.share()),
	}
	if o.Memory > 0 {
		env = append(env, fmt.Sprintf("AWS_LAMBDA_FUNCTION_MEMORY_SIZE=%d", o.Memory>>20))
	}
	return slices.Concat(env, inherited, o.Env)
}

// share is the number of processors of one process when all work.
func (o *Options) share() int {
	cores := runtime.GOMAXPROCS(0)
	return max(1, (cores+o.Max-1)/o.Max)
}

// invocation gives a payload its request ID and trace.
func (o *Options) invocation(deadline time.Time, payload []byte) (lambdaapi.Invocation, error) {
	var b [28]byte
	if _, err := io.ReadFull(o.Rand, b[:]); err != nil {
		return lambdaapi.Invocation{}, fmt.Errorf("read random bytes: %w", err)
	}
	id := hex.EncodeToString(b[:16])
	return lambdaapi.Invocation{
		RequestID:   strings.Join([]string{id[:8], id[8:12], id[12:16], id[16:20], id[20:]}, "-"),
		FunctionARN: o.Function.arn(),
		TraceID:     fmt.Sprintf("Root=1-%08x-%s;Sampled=0", deadline.Add(-o.Timeout).Unix(), hex.EncodeToString(b[16:])),
		Deadline:    deadline,
		Payload:     payload,
	}, nil
}
