package runtime

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"pixmill/internal/config"
	"pixmill/internal/preset"
	"pixmill/internal/runtime/pool"
	"pixmill/internal/runtime/store"
)

// ours are the variables that the runtime and its functions must have alike, or
// the recheck would never agree with what the functions make.
var ours = map[string]string{
	config.VarConfig:       "give the runtime the configuration, and its functions get the same",
	config.VarSourceBucket: "set it for the runtime, and its functions get the same",
	config.VarOutputBucket: "set it for the runtime, and its functions get the same",
}

// CheckVariable says what is wrong with "NAME=VALUE" as one of Options.Env.
// Anything goes but the names that Lambda reserves and the configuration, which
// the functions have from the runtime. AWS_ENDPOINT_URL_S3 puts something between
// the functions and the store.
func CheckVariable(variable string) error {
	name, _, _ := strings.Cut(variable, "=")
	if why, ok := ours[name]; ok {
		return fmt.Errorf("%s is reserved: %s", name, why)
	}
	return pool.CheckVariable(variable)
}

// functionEnv is the environment that leads a function to the store e.
func (o *Options) functionEnv(e store.Endpoint) []string {
	return slices.Concat(e.Environment(), []string{
		"AWS_DEFAULT_REGION=" + e.Region,
		"AWS_CONFIG_FILE=" + os.DevNull, // what the user has set up for AWS is not for this store
		"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
		"AWS_EC2_METADATA_DISABLED=true",
		config.VarConfig + "=" + o.Config,
		config.VarLogFormat + "=json", // the pool reads it
		// EventBridge, SNS and SQS are not here. Who has them elsewhere says so in
		// Env, with AWS_ENDPOINT_URL_SQS or the like.
		config.VarNotify + "=" + preset.NotifyNone,
	}, o.Env)
}

// mentionNotify says that completion events go nowhere from here, where somebody
// might wait for them.
func (o *Options) mentionNotify(ctx context.Context) {
	own := func(variable string) bool { return strings.HasPrefix(variable, config.VarNotify+"=") }
	if o.Presets.Notify != (preset.Notify{}) && !slices.ContainsFunc(o.Env, own) {
		o.Log.InfoContext(ctx, "no completion events are sent: the places that notify names are not here",
			"unless", "--env "+config.VarNotify+"=… --env AWS_ENDPOINT_URL_SQS=… or the like")
	}
}
