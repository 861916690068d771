package cli

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"pixmill/internal/app"
	"pixmill/internal/imaging"
	"pixmill/internal/imaging/vips"
)

// newVersion returns `pixmill version`.
func newVersion(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, and which formats this build reads and writes",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if _, err := fmt.Fprintf(e.Stdout, "pixmill  %s (%s, %s/%s)\n", app.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH); err != nil {
				return err
			}
			engine, err := vips.New(imaging.Limits{}, vips.Options{Sandbox: e.Self})
			if err != nil {
				return err
			}
			c := engine.Capability()
			_, err = fmt.Fprintf(e.Stdout, "libvips  %s\nreads    %s\nwrites   %s\n", c.Version, formatList(c.Inputs), formatList(c.Outputs))
			return errors.Join(err, engine.Close())
		},
	}
}

func formatList(formats []imaging.Format) string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = string(f)
	}
	return strings.Join(names, ", ")
}
