package main

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// glibcMinor is the 34 of glibc 2.34, which provided.al2023 (Amazon Linux 2023)
// has.
const glibcMinor = 34

// glibc are the libraries that every system with glibc has.
var glibc = []string{
	"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libresolv.so.2",
	"ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1",
}

// check returns an error for everything about the programs and libraries that
// would keep them from loading on provided.al2023.
func check(files []entry) error {
	var errs []error
	objects := map[string]*elf.File{}
	for _, f := range files {
		if !f.executable {
			continue
		}
		object, err := elf.NewFile(bytes.NewReader(f.content))
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", f.name, err))
			continue
		}
		objects[path.Base(f.name)] = object
	}
	offered, err := exports(objects)
	if err != nil || objects[program] == nil {
		return errors.Join(append(errs, err)...)
	}
	for _, f := range files {
		object := objects[path.Base(f.name)]
		if object == nil || !f.executable {
			continue
		}
		if object.Machine != objects[program].Machine {
			errs = append(errs, fmt.Errorf("%s is for %v, %s for %v", f.name, object.Machine, program, objects[program].Machine))
			continue
		}
		if err := checkObject(object, offered, objects); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", f.name, err))
		}
	}
	return errors.Join(errs...)
}

// checkObject looks at one program or library among those of the zip.
func checkObject(object *elf.File, offered map[string]bool, objects map[string]*elf.File) error {
	needed, err := object.ImportedLibraries()
	if err != nil {
		return err
	}
	var versions []elf.DynamicVersionNeed
	if object.SectionByType(elf.SHT_GNU_VERNEED) != nil {
		if versions, err = object.DynamicVersionNeeds(); err != nil {
			return err
		}
	}
	imported, err := object.ImportedSymbols()
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range needed {
		if objects[name] == nil && !slices.Contains(glibc, name) {
			errs = append(errs, fmt.Errorf("it needs %s, which is neither in the zip nor a part of glibc", name))
		}
	}
	for _, library := range versions {
		for _, version := range library.Needs {
			if newerGlibc(version.Dep) {
				errs = append(errs, fmt.Errorf("it needs %s for %s; provided.al2023 has glibc 2.%d",
					version.Dep, using(imported, version.Dep), glibcMinor))
			}
		}
	}
	return errors.Join(append(errs, missing(imported, offered, objects)...)...)
}

// using names the symbols of a version.
func using(imported []elf.ImportedSymbol, version string) string {
	var names []string
	for _, s := range imported {
		if s.Version == version {
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		return "its format"
	}
	return strings.Join(names, ", ")
}

// missing returns an error for each symbol that a library of the zip should have
// and has not. glibc's all have versions; one without may be in any library.
func missing(imported []elf.ImportedSymbol, offered map[string]bool, objects map[string]*elf.File) []error {
	var errs []error
	for _, s := range imported {
		switch {
		case s.Library == "" && !offered[s.Name]:
			errs = append(errs, fmt.Errorf("no library in the zip has %s", s.Name))
		case objects[s.Library] != nil && !offered[s.Library+" "+s.Version+" "+s.Name]:
			errs = append(errs, fmt.Errorf("%s in the zip has no %s of version %s", s.Library, s.Name, s.Version))
		}
	}
	return errs
}

// exports is what all libraries offer: each name alone, and with its library and
// version.
func exports(objects map[string]*elf.File) (map[string]bool, error) {
	found := map[string]bool{}
	for library, o := range objects {
		symbols, err := o.DynamicSymbols()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", library, err)
		}
		for _, s := range symbols {
			if s.Section != elf.SHN_UNDEF {
				found[s.Name], found[library+" "+s.Version+" "+s.Name] = true, true
			}
		}
	}
	return found, nil
}

// newerGlibc reports whether a version of a symbol or of the format, such as
// GLIBC_2.36 or GLIBC_ABI_DT_RELR, is one that provided.al2023 may not have.
func newerGlibc(version string) bool {
	rest, ok := strings.CutPrefix(version, "GLIBC_")
	if !ok {
		return false
	}
	rest, two := strings.CutPrefix(rest, "2.")
	minor, _, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(minor)
	return !two || err != nil || n > glibcMinor
}
