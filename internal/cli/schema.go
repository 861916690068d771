package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"pixmill"
)

// newSchema returns `pixmill schema`.
func newSchema(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of pixmill.yaml",
		Long: `Prints the JSON Schema of pixmill.yaml: every field with what it takes. Editors
with the YAML language server complete and check a file that names it.`,
		Example: `  pixmill schema > pixmill.schema.json
  # then, as the first line of pixmill.yaml:
  # yaml-language-server: $schema=pixmill.schema.json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(e.Stdout, pixmill.Schema)
			return err
		},
	}
}
