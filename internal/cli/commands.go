package cli

import "github.com/spf13/cobra"

// commands returns every command of pixmill in the order in which help shows
// them. Each constructor has a file of its own and takes the same *env.
func commands(e *env) []*cobra.Command {
	return []*cobra.Command{
		newRun(e),
		newProcess(e),
		newExplainEvent(e),
		newDoctor(e),
		newRedrive(e),
		newSchema(e),
		newVersion(e),
		newFunction(e),
	}
}
