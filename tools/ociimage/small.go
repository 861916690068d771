package main

import (
	"context"
	"os"
	"slices"
	"strings"

	"pixmill/tools/bundle"
)

// The places in the image.
const (
	appDir   = "app/"
	program  = "function"
	configAt = "etc/pixmill"
	// user is the number of the user and of the group that the function runs as, the one
	// that distroless images call nonroot. System has their names, for programs that ask.
	user = 65532
)

// system are the files that both images have in the same way.
var system = []node{
	{name: "etc/passwd", content: []byte("root:x:0:0:root:/nonexistent:/sbin/nologin\npixmill:x:65532:65532:pixmill:/nonexistent:/sbin/nologin\n")},
	{name: "etc/group", content: []byte("root:x:0:\npixmill:x:65532:\n")},
	{name: configAt, dir: true},
	{name: "tmp", dir: true, mode: 0o1777},
}

// small returns the layers of the small image: what seldom changes, and above it the
// program.
func small(ctx context.Context, o options) ([]part, error) {
	libraries, err := bundle.Libraries(o.libvips)
	if err != nil {
		return nil, err
	}
	function, err := os.ReadFile(o.function)
	if err != nil {
		return nil, err
	}
	files := append([]bundle.File{{Name: program, Content: function, Executable: true}}, libraries...)
	glibc, err := closure(files, linkedWith(ctx, o.cc))
	if err != nil {
		return nil, err
	}
	if err := bundle.Check(slices.Concat(files, glibc), program, bundle.System{Name: "the image"}); err != nil {
		return nil, err
	}
	notices, err := bundle.Notices(o.libvips)
	if err != nil {
		return nil, err
	}
	packages, err := debian(ctx, o.cc)
	if err != nil {
		return nil, err
	}
	above, err := above(ctx, files[0])
	if err != nil {
		return nil, err
	}
	below := slices.Concat(system, packages, nodes("", glibc), nodes(appDir, libraries), nodes(appDir, notices))
	return []part{{name: "system", comment: "glibc, libvips, CA certificates", nodes: below}, above}, nil
}

// above is the layer with the program and the licences of the modules in it.
func above(ctx context.Context, function bundle.File) (part, error) {
	modules, err := bundle.Modules(ctx, "./functions/knative")
	if err != nil {
		return part{}, err
	}
	return part{name: "program", comment: "the function", nodes: nodes(appDir, []bundle.File{function, modules})}, nil
}

// nodes are files in a folder of the image, which ends in a slash.
func nodes(folder string, files []bundle.File) []node {
	var all []node
	for _, f := range files {
		n := node{name: folder + strings.TrimPrefix(f.Name, "/"), content: f.Content}
		if f.Executable {
			n.mode = 0o755
		}
		all = append(all, n)
	}
	return all
}
