package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"pixmill/internal/config"
	"pixmill/internal/event"
)

// newExplainEvent returns `pixmill explain-event`.
func newExplainEvent(e *env) *cobra.Command {
	var file string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain-event FILE",
		Short: "Say what is in an event and what it would lead to",
		Long: `Reads one payload as a function would get it (an event of S3, SQS, SNS or
EventBridge, of one in the other, a record for a destination, a direct
invocation; "-" is standard input) and says what is in it, which rule matches,
what would be written, and why something would be skipped. It sends nothing:
what the object is now, only the function will see.`,
		Example: `  pixmill explain-event event.json
  pixmill explain-event event.json --config staging.yaml --json
  pbpaste | pixmill explain-event -`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("explain-event takes one file, or - for standard input, as in: pixmill explain-event event.json")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			settings, err := config.Load(e.Getenv, file)
			if err != nil {
				return usageError{err}
			}
			name, payload, err := readEvent(e.Stdin, args[0])
			if err != nil {
				return err
			}
			d, err := event.Decode(payload)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			r := explainDelivery(d, settings.Presets)
			r.File, r.Config = name, settings.From
			if asJSON {
				enc := json.NewEncoder(e.Stdout)
				enc.SetIndent("", "  ")
				return enc.Encode(r)
			}
			return r.writeText(e.Stdout)
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the `FILE` with rules and presets (default: "+config.DefaultFile+" if it is there, else a built-in one)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// readEvent reads a file, or standard input for "-". It returns the name for messages.
func readEvent(stdin io.Reader, path string) (name string, payload []byte, err error) {
	name, r := "standard input", stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return path, nil, err // it names the file
		}
		defer func() { _ = f.Close() }() // it was only read
		name, r = path, f
	}
	payload, err = io.ReadAll(io.LimitReader(r, event.MaxPayloadBytes+1)) // Decode refuses the one byte more
	if err != nil {
		return name, nil, fmt.Errorf("%s: %w", name, err)
	}
	return name, payload, nil
}
