package main

import (
	"bytes"
	"debug/buildinfo"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"
)

// programs are Pixmill's in an image and in a zip.
var programs = []string{"app/function", "bootstrap"}

// program is what the linker has noted in Pixmill's program.
func program(a artefact) (*buildinfo.BuildInfo, error) {
	for _, name := range programs {
		content, ok := a.files[name]
		if !ok {
			continue
		}
		info, err := buildinfo.Read(bytes.NewReader(content))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return info, nil
	}
	return nil, errors.New("none of Pixmill's programs is in it")
}

// modules are Go's own and those in the program.
func modules(info *buildinfo.BuildInfo, a artefact) []cyclonedx.Component {
	licences := moduleLicences(a)
	found := []cyclonedx.Component{library("std", strings.TrimPrefix(info.GoVersion, "go"), "pkg:golang/std@", "BSD-3-Clause")}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		found = append(found, library(m.Path, m.Version, "pkg:golang/"+strings.ToLower(m.Path)+"@", licences[m.Path]))
	}
	return found
}

// heading is a module's in modules.txt, which tools/licences writes.
var heading = regexp.MustCompile(`(?m)^==== (\S+) \S+ \((.+)\)$`)

// moduleLicences are SPDX expressions, by the module's path.
func moduleLicences(a artefact) map[string]string {
	found := map[string]string{}
	for _, name := range []string{"app/licences/modules.txt", "licences/modules.txt"} {
		for _, m := range heading.FindAllSubmatch(a.files[name], -1) {
			found[string(m[1])] = string(m[2])
		}
	}
	return found
}

// library is a component with a package URL that begins with purl, and a licence as an
// SPDX expression, or "" where it is not known.
func library(name, version, purl, expression string) cyclonedx.Component {
	c := cyclonedx.Component{Type: cyclonedx.ComponentTypeLibrary, Name: name, Version: version}
	c.PackageURL = purl + strings.ReplaceAll(version, "+", "%2B")
	c.BOMRef = c.PackageURL
	switch {
	case expression == "":
	case strings.Contains(expression, " "):
		c.Licenses = &cyclonedx.Licenses{{Expression: expression}}
	default:
		c.Licenses = &cyclonedx.Licenses{{License: &cyclonedx.License{ID: expression}}}
	}
	return c
}

// named is the same with licences that have names of their own and no SPDX identifiers.
func named(c cyclonedx.Component, licences ...string) cyclonedx.Component {
	var all cyclonedx.Licenses
	for _, name := range licences {
		all = append(all, cyclonedx.LicenseChoice{License: &cyclonedx.License{Name: name}})
	}
	if len(all) > 0 {
		c.Licenses = &all
	}
	return c
}
