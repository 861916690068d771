package main

import (
	"os"
	"runtime"
	"strings"
	"testing"
)

func TestRun_SaysWhatIsMissingOrDoesNotFit(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	other := map[string]string{"amd64": "arm64", "arm64": "amd64"}[runtime.GOARCH]
	good := options{arch: runtime.GOARCH, function: program, libvips: "/absent", out: "image.tar"}
	for _, c := range []struct {
		change func(o *options)
		want   string
	}{
		{func(*options) {}, "/absent is not what tools/libvips makes"},
		{func(o *options) { o.arch = "riscv64" }, `-arch is "riscv64"`},
		{func(o *options) { o.arch = other }, "the image for " + other},
		{func(o *options) { o.function = "" }, "-function is missing"},
		{func(o *options) { o.function = heicFile }, "tiny.heic: bad magic number"},
		{func(o *options) { o.libvips = "" }, "either -libvips"},
		{func(o *options) { o.root = "root.tar" }, "either -libvips"},
		{func(o *options) { o.out = "" }, "either -o"},
		{func(o *options) { o.dir = "image" }, "either -o"},
	} {
		o := good
		c.change(&o)
		if err := run(t.Context(), o, t.Output()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error is %v, want %q in it", err, c.want)
		}
	}
}
