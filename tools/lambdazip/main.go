// Command lambdazip packs the Lambda function: the program, the libvips that it
// was linked to, the part of the C++ runtime that this needs, and the licences.
// `make lambda` calls it. It refuses to pack what AWS Lambda's provided.al2023
// could not load, and the same input gives the same bytes. It builds nothing and
// fetches nothing.
//
//	go run ./tools/lambdazip -bootstrap FILE -libvips DIR [-config pixmill.yaml] -o dist/lambda.zip
//
// DIR is what tools/libvips made.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"pixmill/tools/bundle"
)

// options are the command line.
type options struct {
	bootstrap, libvips, config, out string
}

func main() {
	var o options
	flag.StringVar(&o.bootstrap, "bootstrap", "", "the program")
	flag.StringVar(&o.libvips, "libvips", "", "the directory that tools/libvips printed")
	flag.StringVar(&o.config, "config", "", "a pixmill.yaml to pack with it; empty: the program's built-in configuration")
	flag.StringVar(&o.out, "o", "dist/lambda.zip", "the zip to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lambdazip:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, stdout io.Writer) error {
	files, err := gather(ctx, o)
	if err != nil {
		return err
	}
	if err := bundle.Check(files, program, lambda); err != nil {
		return err
	}
	var b bytes.Buffer
	inside, err := pack(ctx, &b, files)
	if err != nil {
		return err
	}
	if err := write(o.out, b.Bytes()); err != nil {
		return err
	}
	report(stdout, o.out, b.Len(), inside)
	return nil
}

// write replaces file whole or not at all: somebody may be deploying it.
func write(file string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", b, 0o644); err != nil {
		return errors.Join(err, os.Remove(file+".new"))
	}
	return os.Rename(file+".new", file)
}

// report says what is in the zip and what it weighs.
func report(w io.Writer, name string, size int, files []packed) {
	fmt.Fprintf(w, "%s: %.2f MB\n", name, float64(size)/1e6)
	var licences, unpacked int
	for _, f := range files {
		if strings.HasPrefix(f.Name, bundle.LicenceDir) {
			licences, unpacked = licences+f.size, unpacked+len(f.Content)
			continue
		}
		reportLine(w, f.Name, f.size, len(f.Content))
	}
	reportLine(w, bundle.LicenceDir, licences, unpacked)
}

// reportLine says what a file or folder weighs, in kB.
func reportLine(w io.Writer, name string, packed, unpacked int) {
	fmt.Fprintf(w, "  %-32s %8.1f kB, unpacked %8.1f kB\n", name, float64(packed)/1e3, float64(unpacked)/1e3)
}
