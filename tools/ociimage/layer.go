package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"io"
	"maps"
	"path"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// part is a layer of the image.
type part struct {
	name, comment string
	nodes         []node
}

// node is a file, a folder or a symbolic link of the image, without a slash at its
// beginning. It belongs to root, so that the function cannot change it.
type node struct {
	name    string
	dir     bool
	link    string // where it leads
	mode    int64  // 0: 0644, or 0755 for a folder
	content []byte
}

// sorted returns the nodes by name, each after the folders that it is in.
func (p part) sorted() []node {
	all := map[string]node{}
	for _, n := range p.nodes {
		all[n.name] = n
	}
	for _, n := range p.nodes {
		for dir := path.Dir(n.name); dir != "."; dir = path.Dir(dir) {
			if _, ok := all[dir]; !ok {
				all[dir] = node{name: dir, dir: true}
			}
		}
	}
	return slices.SortedFunc(maps.Values(all), func(a, b node) int { return cmp.Compare(a.name, b.name) })
}

// layer packs a part. Nothing of the machine or the moment goes in: all times are 1970.
func layer(p part) (v1.Layer, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, n := range p.sorted() {
		if err := w.WriteHeader(header(n)); err != nil {
			return nil, err
		}
		if _, err := w.Write(n.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithCompressionLevel(gzip.BestCompression), tarball.WithCompressedCaching)
}

func header(n node) *tar.Header {
	h := &tar.Header{Name: n.name, Typeflag: tar.TypeReg, Mode: n.perm(), Size: int64(len(n.content)), ModTime: time.Unix(0, 0)}
	switch {
	case n.dir:
		h.Name, h.Typeflag = n.name+"/", tar.TypeDir
	case n.link != "":
		h.Linkname, h.Typeflag = n.link, tar.TypeSymlink
	}
	return h
}

// perm is the mode in full.
func (n node) perm() int64 {
	switch {
	case n.mode != 0:
		return n.mode
	case n.dir:
		return 0o755
	case n.link != "":
		return 0o777
	}
	return 0o644
}
