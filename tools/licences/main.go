// Command licences lists the licences of the modules that are linked into
// Pixmill's programs. It reads the modules' own files, and fails on a licence
// that it does not know or that is not on its list: somebody has to look then.
//
//	go run ./tools/licences            write the list, THIRD_PARTY.md
//	go run ./tools/licences -check     fail if the list says something else
//	go run ./tools/licences -texts     print the licences and notices in full, to go with a binary
//	go run ./tools/licences -texts -of ./functions/lambda     of one program
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

// list is the file that names the modules.
const list = "THIRD_PARTY.md"

func main() {
	check := flag.Bool("check", false, "fail if "+list+" is out of date")
	texts := flag.Bool("texts", false, "print the licences in full")
	of := flag.String("of", "./functions/...", "the programs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, *of, *check, *texts)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, of string, check, texts bool) error {
	mods, err := linked(ctx, ".", of)
	if err != nil {
		return err
	}
	for i := range mods {
		if err := mods[i].read(); err != nil {
			return err
		}
	}
	switch {
	case texts:
		return writeTexts(out, mods)
	case check:
		have, err := os.ReadFile(list)
		if err != nil {
			return err
		}
		if string(have) != table(mods) {
			return errors.New(list + " is out of date: run `make licences`")
		}
		return nil
	}
	return os.WriteFile(list, []byte(table(mods)), 0o644)
}
