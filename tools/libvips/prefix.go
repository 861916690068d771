package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// library is the name of the shared library, by which programs find it.
const library = "libvips-cpp.so." + vipsVersion

// pkgConfig is for pkg-config: with it any build of Pixmill takes this libvips.
const pkgConfig = `prefix=${pcfiledir}/../..
libdir=${prefix}/lib
includedir=${prefix}/include

Name: vips
Description: libvips with its codecs in one library
Version: ` + vipsVersion + `
Libs: -L${libdir} -lvips-cpp
Cflags: -I${includedir} -I${includedir}/glib-2.0 -I${libdir}/glib-2.0/include
`

// makePrefix unpacks the library and its headers as if they were installed in dir:
// include, lib, lib/pkgconfig, and the package's notices in share/doc.
func makePrefix(ctx context.Context, f *fetcher, dir, arch string) error {
	lib, err := f.npm(ctx, packages[arch].library)
	if err != nil {
		return err
	}
	found := false
	err = npmFiles(lib, func(name string, content []byte) error {
		switch {
		case name == "README.md" || name == "versions.json":
			return write(dir, filepath.Join("share/doc/libvips", name), content)
		case name == "lib/"+library:
			found = true
			return write(dir, name, content)
		case strings.HasPrefix(name, "lib/") && strings.HasSuffix(name, ".h"):
			return write(dir, name, content)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", packages[arch].library.path, err)
	}
	if !found {
		return fmt.Errorf("%s has no lib/%s", packages[arch].library.path, library)
	}
	include, err := f.npm(ctx, headers)
	if err != nil {
		return err
	}
	err = npmFiles(include, func(name string, content []byte) error {
		if strings.HasPrefix(name, "include/vips/") || strings.HasPrefix(name, "include/glib-2.0/") {
			return write(dir, name, content)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", headers.path, err)
	}
	if err := os.Symlink(library, filepath.Join(dir, "lib/libvips-cpp.so")); err != nil {
		return err
	}
	return write(dir, "lib/pkgconfig/vips.pc", []byte(pkgConfig))
}
