package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"pixmill/tools/bundle"
)

// full returns the layers of the full image: a system with libvips, less what the
// function never uses, and above it the program.
func full(ctx context.Context, o options) ([]part, error) {
	tarball, err := os.Open(o.root)
	if err != nil {
		return nil, err
	}
	defer tarball.Close() //nolint:errcheck // it is only read
	tree, err := readTree(tarball)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.root, err)
	}
	function, err := os.ReadFile(o.function)
	if err != nil {
		return nil, err
	}
	files := append([]bundle.File{{Name: program, Content: function, Executable: true}}, tree.modules()...)
	libraries, err := closure(files, tree.library)
	if err != nil {
		return nil, err
	}
	if err := bundle.Check(slices.Concat(files, libraries), program, bundle.System{Name: "the image"}); err != nil {
		return nil, err
	}
	own, err := above(ctx, files[0])
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"LICENSE", "NOTICE"} {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		own.nodes = append(own.nodes, node{name: appDir + bundle.LicenceDir + name, content: content})
	}
	below := slices.Concat(tree.kept(), tree.certificates(), system)
	return []part{{name: "system", comment: "libvips and what it needs", nodes: below}, own}, nil
}

// tree is a system's files, by name.
type tree map[string]node

func readTree(r io.Reader) (tree, error) {
	t := tree{}
	for archive := tar.NewReader(r); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return nil, err
		}
		n := node{name: strings.TrimPrefix(path.Clean("/"+h.Name), "/"), mode: h.Mode & 0o777}
		switch h.Typeflag {
		case tar.TypeDir:
			n.dir = true
		case tar.TypeSymlink:
			n.link = h.Linkname
		case tar.TypeLink:
			other, ok := t[strings.TrimPrefix(path.Clean("/"+h.Linkname), "/")]
			if !ok {
				return nil, fmt.Errorf("%s is another name of %s, which does not come before it", h.Name, h.Linkname)
			}
			n.content = other.content
		case tar.TypeReg:
			if n.content, err = io.ReadAll(archive); err != nil {
				return nil, err
			}
		default: // devices, which are the container runtime's business
			continue
		}
		if n.name != "" {
			t[n.name] = n
		}
	}
}

// dropped are folders and files that the function has no use for. Without programs there
// is no shell in the image either, and what tells of the machine that built it (its
// mirrors may have passwords in their addresses) is nobody's business.
var dropped = []string{
	"bin", "sbin", "usr/bin", "usr/sbin", "usr/games", "usr/local", "usr/include", "usr/src",
	"usr/share/base-files", "usr/share/bash-completion", "usr/share/bug", "usr/share/debconf", "usr/share/dict", "usr/share/doc-base",
	"usr/share/dpkg", "usr/share/info", "usr/share/lintian", "usr/share/locale", "usr/share/man", "usr/share/mime", "usr/share/perl5", "usr/share/zsh",
	"boot", "dev", "home", "media", "mnt", "opt", "proc", "root", "run", "srv", "sys", "tmp",
	"etc/alternatives", "etc/apt", "etc/cron.d", "etc/cron.daily", "etc/debconf.conf", "etc/default", "etc/dpkg", "etc/fstab", "etc/hostname", "etc/hosts",
	"etc/init.d", "etc/issue", "etc/issue.net", "etc/logrotate.d", "etc/profile.d", "etc/resolv.conf", "etc/rmt", "etc/skel", "etc/update-motd.d",
	"usr/lib/mime", "usr/lib/systemd", "usr/lib/tmpfiles.d",
	"var/backups", "var/cache", "var/lib/apt", "var/log", "var/mail", "var/run", "var/lock", "var/tmp", "var/lib/systemd", "var/lib/pam", "var/lib/ucf",
	"var/lib/dpkg/arch", "var/lib/dpkg/info", "var/lib/dpkg/lock", "var/lib/dpkg/lock-frontend", "var/lib/dpkg/status", "var/lib/dpkg/status-old",
	"var/lib/dpkg/triggers",
}

// kept returns what goes into the image: no program, no documentation but the licences, and
// nothing that runs as somebody else.
func (t tree) kept() []node {
	var all []node
	for name, n := range t {
		if n.dir || slices.ContainsFunc(dropped, func(dir string) bool { return name == dir || strings.HasPrefix(name, dir+"/") }) {
			continue
		}
		shared := n.link != "" && path.Dir(name) == "usr/share/doc" // another package's copyright
		if strings.HasPrefix(name, "usr/share/doc/") && path.Base(name) != "copyright" && !shared {
			continue
		}
		if n.startable() {
			continue
		}
		if n.mode&0o111 == 0 || n.link != "" {
			n.mode = 0
		} else {
			n.mode = 0o755 // the dynamic linker
		}
		all = append(all, n)
	}
	return all
}

// startable reports whether a file is a program or a script, and not a library.
func (n node) startable() bool {
	if bytes.HasPrefix(n.content, []byte("#!")) {
		return true
	}
	return n.mode&0o111 != 0 && n.link == "" && !strings.Contains(path.Base(n.name), ".so")
}

// certificates makes what the package's own program would, if anything were run.
func (t tree) certificates() []node {
	var all [][]byte
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if strings.HasPrefix(name, roots) && !t[name].dir {
			all = append(all, t[name].content)
		}
	}
	return []node{{name: trusted, content: joined(all)}}
}

// modules are libvips's and libheif's, which these look for in folders of their own.
func (t tree) modules() []bundle.File {
	var found []bundle.File
	for name, n := range t {
		folder := path.Dir(name)
		theirs := strings.Contains(folder, "/vips-modules-") || strings.HasSuffix(folder, "/libheif/plugins")
		if theirs && path.Ext(name) == ".so" && n.link == "" {
			found = append(found, bundle.File{Name: name, Content: n.content, Executable: true})
		}
	}
	slices.SortFunc(found, func(a, b bundle.File) int { return strings.Compare(a.Name, b.Name) })
	return found
}

// library is a resolver: it looks where the dynamic linker does.
func (t tree) library(name string) (bundle.File, error) {
	places := []string{name}
	if !path.IsAbs(name) {
		places = nil
		for dir := range t {
			if strings.HasSuffix(dir, "-linux-gnu") && (path.Dir(dir) == "lib" || path.Dir(dir) == "usr/lib") {
				places = append(places, path.Join("/", dir, name))
			}
		}
	}
	for _, place := range places {
		if n, ok := t.follow(place); ok {
			return bundle.File{Name: name, Content: n.content, Executable: true}, nil
		}
	}
	return bundle.File{}, errors.New("it is not in the system's folders of libraries")
}

// follow returns the file that a path leads to.
func (t tree) follow(name string) (node, bool) {
	const most = 40 // links, as for Linux
	for range most {
		name = strings.TrimPrefix(path.Clean(name), "/")
		at := name // what of the path is a link: all of it, or a folder
		for ; at != "."; at = path.Dir(at) {
			if t[at].link != "" {
				break
			}
		}
		if at == "." {
			n, ok := t[name]
			return n, ok && !n.dir
		}
		target := t[at].link
		if !path.IsAbs(target) {
			target = path.Join(path.Dir(at), target)
		}
		name = target + strings.TrimPrefix(name, at)
	}
	return node{}, false
}
