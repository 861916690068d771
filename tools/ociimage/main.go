// Command ociimage assembles the container images of the HTTP function from files, with
// neither Docker nor a registry. `make image`, `make image-full` and the Dockerfile call
// it. The same input gives the same bytes, and a program that could not be loaded in the
// image is not packed. It builds nothing and fetches nothing.
//
//	go run ./tools/ociimage -function FILE -libvips DIR -name dev.local/pixmill:dev -o dist/image.tar
//	go run ./tools/ociimage -function FILE -root TARBALL -name dev.local/pixmill:dev-full -o dist/image-full.tar
//
// DIR is what tools/libvips made; with it the rest of the system is glibc and the CA
// certificates of this machine. TARBALL is a whole system with a libvips of its own, as
// mmdebstrap writes it.
package main

import (
	"context"
	"debug/elf"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"time"
)

// options are the command line.
type options struct {
	arch, cc      string
	function      string
	libvips, root string
	name, out     string
	dir           string
	labels        labels
}

// labels are what the image says of itself.
type labels struct {
	version, revision string
	created           time.Time
}

func main() {
	var o options
	flag.StringVar(&o.arch, "arch", runtime.GOARCH, "amd64 or arm64")
	flag.StringVar(&o.cc, "cc", "gcc", "the C compiler that the program was linked with; it knows where its glibc is")
	flag.StringVar(&o.function, "function", "", "the program")
	flag.StringVar(&o.libvips, "libvips", "", "the directory that tools/libvips printed, for the small image")
	flag.StringVar(&o.root, "root", "", "a system with libvips as a tarball, for the full image")
	flag.StringVar(&o.name, "name", "dev.local/pixmill:dev", "the image's name and tag")
	flag.StringVar(&o.labels.version, "version", "", "the version, for the image's labels")
	flag.StringVar(&o.labels.revision, "revision", "", "the commit, for the image's labels")
	created := flag.Int64("created", 0, "when the image was made, in seconds since 1970")
	flag.StringVar(&o.out, "o", "", "the file to write, as docker save does")
	flag.StringVar(&o.dir, "dir", "", "instead of a file: a folder for the layers' content, each in a folder of its own")
	flag.Parse()
	o.labels.created = time.Unix(*created, 0).UTC()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "ociimage:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, stdout io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	contents := small
	if o.root != "" {
		contents = full
	}
	parts, err := contents(ctx, o)
	if err != nil {
		return err
	}
	if o.dir != "" {
		return unpack(o.dir, parts)
	}
	return write(o, parts, stdout)
}

// check finds what is missing or does not fit before anything is read that takes long.
func (o options) check() error {
	machine, ok := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[o.arch]
	switch {
	case !ok:
		return fmt.Errorf("-arch is %q, want amd64 or arm64", o.arch)
	case o.function == "":
		return errors.New("-function is missing: the program")
	case (o.libvips == "") == (o.root == ""):
		return errors.New("want either -libvips, for the small image, or -root, for the full one")
	case (o.out == "") == (o.dir == ""):
		return errors.New("want either -o, for an image, or -dir, for its files")
	}
	f, err := elf.Open(o.function)
	if err != nil {
		return fmt.Errorf("-function %s: %w", o.function, err)
	}
	defer f.Close() //nolint:errcheck // it is only read
	if f.Machine != machine {
		return fmt.Errorf("-function %s is for %v, the image for %s", o.function, f.Machine, o.arch)
	}
	return nil
}
