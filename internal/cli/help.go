package cli

import (
	"github.com/spf13/cobra"
)

// guardHelp makes `pixmill nope --help` a mistake, where cobra would show the
// help of pixmill itself and succeed. The mistake is known after the command ran.
func guardHelp(root *cobra.Command) (mistake func() error) {
	var found error
	show := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if cmd == root {
			found = knownCommand(root, root.Flags().Args())
		}
		if found == nil {
			show(cmd, args)
		}
	})
	return func() error { return found }
}

// newHelp returns `pixmill help COMMAND`.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Show the help of a command",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil {
				return usageError{err}
			}
			if err := knownCommand(root, rest); err != nil {
				return err
			}
			cmd.InitDefaultHelpFlag() // cobra adds -h to a command that runs, and this one does not
			return cmd.Help()
		},
	}
}
