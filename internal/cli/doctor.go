package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"pixmill/internal/config"
	"pixmill/internal/doctor"
	"pixmill/internal/imaging/vips"
	"pixmill/internal/runtime"
	"pixmill/internal/runtime/store"
)

// doctorFlags are the flags of `pixmill doctor`.
type doctorFlags struct {
	config   string
	function string
	data     string
	endpoint string
	readOnly bool
	json     bool
	timeout  time.Duration
}

// newDoctor returns `pixmill doctor`.
func newDoctor(e *env) *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor [KEY]",
		Short: "Say what is set up wrong, or why a variant is missing, and what mends it",
		Long: `Looks at everything between an image in the source bucket and its variants:
credentials, buckets, permissions, notifications, queue, dead letters, the
function, and this build. With a KEY it follows that one source instead, from
its rule to its manifest, the dead letters and the function's log, and says why
a variant is missing.

Each finding has what was seen, why it matters, and what mends it. The exit code is
1 if there is a problem.

It asks AWS, or what AWS_ENDPOINT_URL names, with your credentials; with --data,
the local runtime. It changes nothing. To try the permissions it writes an object
.pixmill-doctor/… under output.prefix of the output bucket and deletes it again;
nothing is made of it, and --read-only leaves it out.`,
		Example: `  pixmill doctor
  pixmill doctor trip/sea.jpg
  pixmill doctor --function pixmill --config production.yaml
  pixmill doctor --data .pixmill`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			key := ""
			if len(args) > 0 {
				key = args[0]
			}
			return examine(cmd.Context(), e, f, key)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.config, "config", "c", "", "the `FILE` with buckets, rules and presets (default: "+config.DefaultFile+" if it is there, else a built-in one)")
	flags.StringVarP(&f.function, "function", "f", "", "the `NAME` of the function (default: the one that the source bucket's notifications lead to)")
	flags.StringVarP(&f.data, "data", "d", "", "look at the local runtime with its data in `FOLDER`")
	flags.StringVar(&f.endpoint, "endpoint", "http://127.0.0.1:9000", "with --data: the `URL` of the local runtime's store")
	flags.BoolVar(&f.readOnly, "read-only", false, "write no probe object, and receive no dead letters")
	flags.DurationVar(&f.timeout, "timeout", doctor.DefaultTimeout, "end a check that takes longer")
	flags.BoolVar(&f.json, "json", false, "print a JSON object for each finding, a line each")
	return cmd
}

// examine is the command.
func examine(ctx context.Context, e *env, f doctorFlags, key string) error {
	if f.timeout < time.Second {
		return usagef("--timeout is %v: at least 1s", f.timeout)
	}
	settings, err := config.Load(e.Getenv, f.config)
	if err != nil {
		return usageError{err}
	}
	o := doctor.Options{
		Presets: settings.Presets, ConfigFrom: settings.From, Function: f.function, Key: key,
		ReadOnly: f.readOnly, Timeout: f.timeout, Now: time.Now,
	}
	engine, err := vips.New(settings.Presets.Limits, vips.Options{Sandbox: e.Self})
	if err == nil {
		o.Capability = engine.Capability()
		err = engine.Close()
	}
	o.Broken = err
	if f.data != "" {
		if o.Local, err = localRuntime(ctx, f); err != nil {
			return err
		}
	}
	begin := time.Now()
	report := newDoctorReport(e.Stdout, e.Getenv, f.json)
	report.title(settings.Presets, settings.From, key)
	sum, err := doctor.Run(ctx, o, report.finding)
	if err != nil {
		return err
	}
	report.conclude(sum, key, time.Since(begin))
	if sum.Problems > 0 {
		return errors.Join(report.err, reportedError{errors.New("problems were found")})
	}
	return report.err
}

// localRuntime looks at the data directory of the local runtime.
func localRuntime(ctx context.Context, f doctorFlags) (*doctor.Local, error) {
	data, err := filepath.Abs(f.data)
	if err != nil {
		return nil, usagef("--data: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(data, "s3", "credentials.json"))
	if err != nil {
		return nil, usagef("--data: %s is no folder of pixmill run: %w", f.data, err)
	}
	var keys store.Credentials
	if err := json.Unmarshal(text, &keys); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(data, "s3", "credentials.json"), err)
	}
	local := &doctor.Local{Endpoint: f.endpoint, AccessKey: keys.AccessKey, SecretKey: keys.SecretKey, Data: f.data, Dead: -1}
	letters, err := runtime.OpenLetters(ctx, data, slog.New(slog.DiscardHandler))
	if err != nil {
		if running, ok := errors.AsType[*runtime.InUseError](err); ok {
			local.Running = running.Process
			return local, nil
		}
		return nil, err
	}
	local.Dead, err = letters.Count(ctx)
	return local, errors.Join(err, letters.Close())
}
