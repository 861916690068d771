// Package cli is the pixmill command line: one file for each command, all of
// them driven through Main. It parses flags, calls the packages that do the
// work, and says what came of it; it does no work of its own and never exits
// the process.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"pixmill/internal/app"
)

// What Main returns.
const (
	exitOK     = 0
	exitFailed = 1 // something did not work, or some source failed
	exitUsage  = 2 // the command line or the configuration is wrong: nothing was done
)

// env is what a command sees of the process it runs in.
type env struct {
	Self   *app.Self
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
}

// Main runs one command line (without the program's name) and returns the exit
// code of the process. The end of ctx stops a command as Ctrl-C does: cleanly.
func Main(ctx context.Context, self *app.Self, args []string, stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string) int {
	started := false
	root := newRoot(&env{Self: self, Stdin: stdin, Stdout: stdout, Stderr: stderr, Getenv: getenv})
	root.PersistentPreRun = func(*cobra.Command, []string) { started = true }
	mistake := guardHelp(root)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = mistake()
	}
	if err == nil {
		return exitOK
	}
	if _, quiet := errors.AsType[reportedError](err); !quiet {
		printError(stderr, err)
	}
	if _, usage := errors.AsType[usageError](err); usage || !started {
		return exitUsage
	}
	return exitFailed
}

// newRoot returns the command tree.
func newRoot(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:   "pixmill",
		Short: "Drop an image into a bucket and get every variant of it",
		Long: `Pixmill makes the variants of your images: the sizes, crops and formats that
pixmill.yaml asks for, and a manifest that says what was made. Without a
pixmill.yaml it uses a built-in one, made for the images of a web page.`,
		Example: `  pixmill process photo.jpg --out variants    make the variants of one photograph
  pixmill run --sample                        serve S3 here, and watch a sample go through
  pixmill schema                              every field of pixmill.yaml`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          knownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(e.Stdin)
	root.SetOut(e.Stdout)
	root.SetErr(e.Stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w; see %s --help", err, cmd.CommandPath())
	})
	root.AddCommand(commands(e)...)
	root.SetHelpCommand(newHelp(root))
	return root
}

// knownCommand refuses the arguments of `pixmill` itself: they are no commands.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if similar := cmd.SuggestionsFor(args[0]); len(similar) > 0 {
		return usagef("there is no command %q; did you mean %q?", args[0], similar[0])
	}
	return usagef("there is no command %q; see pixmill --help", args[0])
}

// printError prints one line, or when several things are wrong, one for each.
func printError(w io.Writer, err error) {
	lines := strings.Split(plain(err), "\n")
	if len(lines) == 1 {
		fmt.Fprintf(w, "pixmill: %s\n", lines[0])
		return
	}
	fmt.Fprintf(w, "pixmill: %d things are wrong:\n", len(lines))
	for _, line := range lines {
		fmt.Fprintf(w, "  %s\n", line)
	}
}

// usageError is a mistake in the command line or the configuration.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

// usagef returns a usageError; a command returns it for exit code 2.
func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// reportedError has been shown to the user already, in more than a line.
type reportedError struct{ error }

func (r reportedError) Unwrap() error { return r.error }
