// Command libvips makes the libvips that the Lambda function carries: one shared
// library with all its codecs inside, its headers, and the small part of the C++
// runtime that it needs. It prints the directory, which is good for
// LIBVIPS_PREFIX:
//
//	go run ./tools/libvips                          for this machine's architecture
//	go run ./tools/libvips -arch arm64 -cc aarch64-linux-gnu-gcc
//
// What it fetches, and the checksums, are in pins.go; downloads and results are
// kept under pixmill in the user's cache, and a second call fetches nothing. It
// changes nothing of the system's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
)

func main() {
	arch := flag.String("arch", runtime.GOARCH, "amd64 or arm64")
	cc := flag.String("cc", "gcc", "the C compiler for that architecture")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	dir, err := run(ctx, *arch, *cc)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "libvips:", err)
		os.Exit(1)
	}
	fmt.Println(dir)
}

func run(ctx context.Context, arch, cc string) (string, error) {
	if _, ok := packages[arch]; !ok {
		return "", fmt.Errorf("-arch is %q, not amd64 or arm64", arch)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no place for a cache (set HOME or XDG_CACHE_HOME): %w", err)
	}
	cache = filepath.Join(cache, "pixmill")
	key, err := recipe(ctx, arch, cc)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "libvips", vipsVersion+"-linux-"+arch+"-"+key)
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		return dir, err
	}
	registry, err := npmRegistry(os.Getenv)
	if err != nil {
		return "", err
	}
	f := fetcher{dir: filepath.Join(cache, "downloads"), registry: registry, log: os.Stderr}
	return dir, build(ctx, &f, dir, arch, cc)
}

// build makes dir beside its place and moves it there when it is complete.
func build(ctx context.Context, f *fetcher, dir, arch, cc string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), ".making-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)                      //nolint:errcheck // what is left is in a cache, under a name that is never used again
	if err := os.Chmod(tmp, 0o755); err != nil { //nolint:gosec // a directory, which MkdirTemp hides from others
		return err
	}
	if err := makePrefix(ctx, f, tmp, arch); err != nil {
		return err
	}
	if err := makeRuntime(ctx, f, tmp, arch, cc); err != nil {
		return err
	}
	err = os.Rename(tmp, dir)
	if _, statErr := os.Stat(dir); statErr == nil {
		return nil // another process may have been first, with the same
	}
	return err
}
