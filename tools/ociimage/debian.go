package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// The places of CA certificates: roots is where Debian's package ca-certificates has
// Mozilla's, one a file; trusted is where programs look for all in one. This machine's
// may have more in it, of its owner.
const (
	roots   = "usr/share/ca-certificates/mozilla/"
	trusted = "etc/ssl/certs/ca-certificates.crt"
)

// debian returns what the image takes from this machine's packages beside the libraries:
// the CA certificates, and what says which packages and licences that is, where scanners of
// images look for it.
func debian(ctx context.Context, cc string) ([]node, error) {
	certificates, err := mozilla()
	if err != nil {
		return nil, err
	}
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return nil, err
	}
	found := []node{
		{name: trusted, content: certificates},
		{name: "etc/os-release", content: release},
	}
	libc, err := ask(ctx, cc, "-print-file-name=libc.so.6")
	if err != nil {
		return nil, err
	}
	glibc, err := owner(ctx, libc)
	if err != nil {
		return nil, err
	}
	var notices []byte
	for _, name := range []string{glibc, "ca-certificates"} {
		status, err := exec.CommandContext(ctx, "dpkg-query", "--status", name).Output()
		if err != nil {
			return nil, fmt.Errorf("dpkg-query --status %s: %w", name, err)
		}
		name, _, _ = strings.Cut(name, ":")
		copyright, err := os.ReadFile("/usr/share/doc/" + name + "/copyright")
		if err != nil {
			return nil, err
		}
		found = append(
			found,
			node{name: "var/lib/dpkg/status.d/" + name, content: status},
			node{name: "usr/share/doc/" + name + "/copyright", content: copyright},
		)
		notices = append(notices, copyright...)
	}
	texts, err := commonLicences(notices)
	return append(found, texts...), err
}

// common is a file with a licence that many packages are under. Their copyright files
// name it in place of the text.
var common = regexp.MustCompile(`/usr/share/common-licenses/[A-Z][\w.+-]*\w`)

// commonLicences are the texts that copyright files refer to.
func commonLicences(copyright []byte) ([]node, error) {
	var found []node
	for _, file := range slices.Compact(slices.Sorted(slices.Values(common.FindAllString(string(copyright), -1)))) {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("%w (it is of the package base-files)", err)
		}
		found = append(found, node{name: strings.TrimPrefix(file, "/"), content: text})
	}
	return found, nil
}

// mozilla is Mozilla's certificates, all in one.
func mozilla() ([]byte, error) {
	files, err := filepath.Glob("/" + roots + "*.crt")
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("there are no certificates in /" + roots + " (apt-get install ca-certificates)")
	}
	slices.Sort(files)
	var all [][]byte
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		all = append(all, content)
	}
	return joined(all), nil
}

// joined puts certificates into one file.
func joined(certificates [][]byte) []byte {
	var all bytes.Buffer
	for _, c := range certificates {
		all.Write(append(bytes.TrimSpace(c), '\n'))
	}
	return all.Bytes()
}

// owner returns the package that a file is from.
func owner(ctx context.Context, file string) (string, error) {
	file, err := filepath.EvalSymlinks(file)
	if err != nil {
		return "", err
	}
	// Where /lib is a link to /usr/lib, packages name their files with the one or the other.
	for _, name := range []string{file, strings.TrimPrefix(file, "/usr")} {
		out, err := exec.CommandContext(ctx, "dpkg-query", "--search", name).Output()
		if pkg, _, ok := strings.Cut(string(out), ": "); err == nil && ok {
			return pkg, nil
		}
	}
	return "", errors.New("dpkg-query knows no package with " + file)
}
