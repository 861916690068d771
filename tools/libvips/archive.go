package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// npmFiles calls use for each file of an npm package, with its path inside.
func npmFiles(pkg []byte, use func(name string, content []byte) error) error {
	z, err := gzip.NewReader(bytes.NewReader(pkg))
	if err != nil {
		return err
	}
	return tarFiles(z, func(name string, content []byte) error {
		return use(strings.TrimPrefix(name, "package/"), content)
	})
}

// debFile returns one file of a Debian package.
func debFile(ctx context.Context, pkg []byte, want string) ([]byte, error) {
	members, err := arMembers(pkg)
	if err != nil {
		return nil, err
	}
	var data []byte
	for _, m := range members {
		if m.name == "data.tar.xz" {
			data = m.content
		}
	}
	if data == nil {
		return nil, errors.New("a Debian package without data.tar.xz")
	}
	cmd := exec.CommandContext(ctx, "xz", "--decompress", "--stdout")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(data), os.Stderr
	tarball, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("xz (apt-get install xz-utils): %w", err)
	}
	var found []byte
	err = tarFiles(bytes.NewReader(tarball), func(name string, content []byte) error {
		if name == want {
			found = content
		}
		return nil
	})
	if err == nil && found == nil {
		err = fmt.Errorf("no %s in the package", want)
	}
	return found, err
}

func tarFiles(r io.Reader, use func(name string, content []byte) error) error {
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		content, err := io.ReadAll(t)
		if err != nil {
			return err
		}
		if err := use(strings.TrimPrefix(path.Clean(h.Name), "./"), content); err != nil {
			return err
		}
	}
}

// member is a file of an ar archive.
type member struct {
	name    string
	content []byte
}

// arMembers reads the format that Debian packages and static libraries share:
// after eight bytes, headers of 60 bytes, each before its even-sized content.
func arMembers(b []byte) ([]member, error) {
	const magic, header = "!<arch>\n", 60
	rest, ok := bytes.CutPrefix(b, []byte(magic))
	if !ok {
		return nil, errors.New("not an ar archive")
	}
	var members []member
	for len(rest) > 0 {
		if len(rest) < header {
			return nil, errors.New("an ar archive that was cut off")
		}
		size, err := strconv.Atoi(strings.TrimSpace(string(rest[48:58])))
		if err != nil || size < 0 || size > len(rest)-header {
			return nil, errors.New("an ar archive with a wrong size in it")
		}
		name := strings.TrimSuffix(strings.TrimSpace(string(rest[:16])), "/")
		members = append(members, member{name, rest[header : header+size]})
		rest = rest[min(len(rest), header+size+size%2):]
	}
	return members, nil
}

// write writes a file below dir; a name that leads out of it is an error.
func write(dir, name string, content []byte) error {
	if !filepath.IsLocal(name) {
		return fmt.Errorf("%q leads out of its archive", name)
	}
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o644)
}
