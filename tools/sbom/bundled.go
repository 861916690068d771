package main

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"
)

// bundled are the libraries inside the prebuilt libvips, and the C++ runtime beside it. A
// full image has neither.
func bundled(a artefact) ([]cyclonedx.Component, error) {
	for _, at := range []string{"app/", ""} {
		list, ok := a.files[at+"licences/libvips.json"]
		if !ok {
			continue
		}
		var versions map[string]string
		if err := json.Unmarshal(list, &versions); err != nil {
			return nil, fmt.Errorf("libvips.json: %w", err)
		}
		licences := readmeLicences(a.files[at+"licences/libvips.md"])
		var found []cyclonedx.Component
		for _, short := range slices.Sorted(maps.Keys(versions)) {
			name := fullName(short, licences)
			c := library(name, versions[short], "pkg:generic/"+name+"@", "")
			if licence := licences[name]; licence != "" {
				c = named(c, licence)
			}
			found = append(found, c)
		}
		cxx, err := cxxRuntime(a.files[at+"libvips/libstdc++.so.6"])
		return append(found, cxx), err
	}
	return nil, nil
}

// fullName is the name by which a library is known, and by which the package's README has
// its licence: in the list of versions most go without their lib.
func fullName(short string, known map[string]string) string {
	switch {
	case short == "uhdr":
		return "libultrahdr"
	case known["lib"+short] != "":
		return "lib" + short
	}
	return short
}

var (
	row  = regexp.MustCompile(`(?m)^\| ([a-z][\w-]*) +\| (.+?) *\|$`)
	link = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

// readmeLicences are those of the table in the package's README, by the library's name.
func readmeLicences(readme []byte) map[string]string {
	found := map[string]string{}
	for _, m := range row.FindAllSubmatch(readme, -1) {
		found[string(m[1])] = string(link.ReplaceAll(m[2], []byte("$1")))
	}
	return found
}

// compiler is what Debian's GCC writes into what it compiles.
var compiler = regexp.MustCompile(`GCC: \(Debian ([^)]+)\) ([\d.]+)`)

// cxxRuntime is the part of libstdc++ and libgcc. Its own notes say which compiler's it is.
func cxxRuntime(object []byte) (cyclonedx.Component, error) {
	f, err := elf.NewFile(bytes.NewReader(object))
	if err != nil {
		return cyclonedx.Component{}, fmt.Errorf("libstdc++: %w", err)
	}
	section := f.Section(".comment")
	if section == nil {
		return cyclonedx.Component{}, errors.New("libstdc++ does not say which compiler made it")
	}
	comment, err := section.Data()
	if err != nil {
		return cyclonedx.Component{}, fmt.Errorf("libstdc++: %w", err)
	}
	m := compiler.FindSubmatch(comment)
	if m == nil {
		return cyclonedx.Component{}, fmt.Errorf("libstdc++ is of %q, which is not Debian's GCC", comment)
	}
	major, _, _ := strings.Cut(string(m[2]), ".")
	c := library("gcc-"+major, string(m[1]), "pkg:deb/debian/gcc-"+major+"@", "GPL-3.0-or-later WITH GCC-exception-3.1")
	c.Description = "parts of libstdc++ and libgcc"
	return c, nil
}
