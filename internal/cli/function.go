package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"pixmill/internal/adapter/lambdafn"
)

// newFunction returns `pixmill function`, which the local runtime starts: this
// program in the role of the Lambda function.
func newFunction(e *env) *cobra.Command {
	return &cobra.Command{
		Use:    "function",
		Short:  "Serve invocations from the Lambda Runtime API",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if code := lambdafn.Main(cmd.Context(), e.Self, e.Getenv, e.Stderr); code != 0 {
				return reportedError{errors.New("the function did not start")} // Main has said why
			}
			return nil
		},
	}
}
