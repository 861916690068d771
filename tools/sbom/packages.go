package main

import (
	"bytes"
	"errors"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"
)

// statusDir has a file for each of the distribution's packages, as in distroless images.
const statusDir = "var/lib/dpkg/status.d/"

// packages are the distribution's.
func packages(a artefact) ([]cyclonedx.Component, error) {
	system := fields(a.files["etc/os-release"], "=")
	if len(system) == 0 {
		system = fields(a.files["usr/lib/os-release"], "=")
	}
	var found []cyclonedx.Component
	for _, file := range slices.Sorted(maps.Keys(a.files)) {
		if !strings.HasPrefix(file, statusDir) {
			continue
		}
		if system["ID"] == "" {
			return nil, errors.New("it has packages, and no etc/os-release that says whose they are")
		}
		p := fields(a.files[file], ": ")
		c := library(p["Package"], p["Version"], "pkg:deb/"+system["ID"]+"/"+p["Package"]+"@", "")
		c.PackageURL += "?arch=" + p["Architecture"] + "&distro=" + strings.TrimSuffix(system["ID"]+"-"+system["VERSION_ID"], "-")
		c.BOMRef = c.PackageURL
		c.Description, _, _ = strings.Cut(p["Description"], "\n")
		text := a.copyright(p["Package"])
		if isMachineReadable(text) {
			c = named(c, debianLicences(text)...)
		} else {
			c = witnessed(c, proseLicences(text)...)
		}
		found = append(found, c)
	}
	return found, nil
}

// copyright is what a package says of its licences. Packages of one source may share a
// folder.
func (a artefact) copyright(pkg string) []byte {
	const folder = "usr/share/doc/"
	if link := a.links[folder+pkg]; link != "" {
		pkg = path.Base(link)
	}
	return a.files[folder+pkg+"/copyright"]
}

// fields are the lines of a file that have a name and a value. Values may be quoted, and
// lines that go on are left out.
func fields(text []byte, separator string) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(strings.TrimRight(line, "\n"), separator)
		if ok && !strings.HasPrefix(name, " ") {
			found[name] = strings.Trim(value, `"`)
		}
	}
	return found
}

// isMachineReadable reports whether a copyright file is of Debian's format for that. All
// others are prose.
//
// https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
func isMachineReadable(text []byte) bool {
	return bytes.Contains(text[:min(len(text), 200)], []byte("copyright-format/1.0"))
}

// debianLicences are the short names in a machine-readable copyright file, sorted.
func debianLicences(text []byte) []string {
	var found []string
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "License: "); ok {
			found = append(found, strings.TrimSpace(name))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
