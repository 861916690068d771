package bundle

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

// System is where a program runs.
type System struct {
	Name string
	// Glibc is the second number of its glibc's version. 0: it has none, and everything
	// must be among the files.
	Glibc int
}

// has reports whether a library is of the system's glibc.
func (s System) has(library string) bool { return s.Glibc > 0 && slices.Contains(glibc, library) }

// glibc are the libraries that every system with glibc has.
var glibc = []string{
	"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libresolv.so.2",
	"ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1",
}

// Check returns an error for everything about the executable files that would keep
// the one called program from being loaded on a system: a library or a symbol that is
// neither among them nor in its glibc, or another architecture.
func Check(files []File, program string, on System) error {
	var errs []error
	objects := map[string]*elf.File{}
	for _, f := range files {
		if !f.Executable {
			continue
		}
		object, err := elf.NewFile(bytes.NewReader(f.Content))
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", f.Name, err))
			continue
		}
		objects[path.Base(f.Name)] = object
	}
	offered, err := exports(objects)
	if err == nil && objects[program] == nil {
		err = fmt.Errorf("there is no program %s", program)
	}
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, f := range files {
		object := objects[path.Base(f.Name)]
		if object == nil || !f.Executable {
			continue
		}
		if object.Machine != objects[program].Machine {
			errs = append(errs, fmt.Errorf("%s is for %v, %s for %v", f.Name, object.Machine, program, objects[program].Machine))
			continue
		}
		if err := checkObject(object, offered, objects, on); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", f.Name, err))
		}
	}
	return errors.Join(errs...)
}

// checkObject looks at one program or library among all.
func checkObject(object *elf.File, offered map[symbol]bool, objects map[string]*elf.File, on System) error {
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
		if objects[name] == nil && !on.has(name) {
			errs = append(errs, fmt.Errorf("it needs %s, which is neither here nor a part of %s", name, on.Name))
		}
	}
	for _, library := range versions {
		for _, version := range library.Needs {
			switch {
			case objects[library.Name] != nil:
				if !offered[symbol{"", version.Dep, library.Name}] {
					errs = append(errs, fmt.Errorf("%s has nothing of version %s", library.Name, version.Dep))
				}
			case on.has(library.Name) && newerGlibc(version.Dep, on.Glibc):
				errs = append(errs, fmt.Errorf("it needs %s for %s; %s has glibc 2.%d",
					version.Dep, using(imported, version.Dep), on.Name, on.Glibc))
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

// symbol is what a library offers: a name, with its version or without, or the version
// alone with the library's name.
type symbol struct{ name, version, library string }

// missing returns an error for each symbol that a library here should have and none has.
// As the dynamic linker does, it takes a symbol of the right version from any library, and
// one without a version from any as well: glibc's all have versions.
func missing(imported []elf.ImportedSymbol, offered map[symbol]bool, objects map[string]*elf.File) []error {
	var errs []error
	for _, s := range imported {
		switch {
		case s.Library == "" && !offered[symbol{name: s.Name}]:
			errs = append(errs, fmt.Errorf("no library here has %s", s.Name))
		case objects[s.Library] != nil && !offered[symbol{name: s.Name, version: s.Version}]:
			errs = append(errs, fmt.Errorf("no library here has %s of version %s, which %s should have", s.Name, s.Version, s.Library))
		}
	}
	return errs
}

// exports is what all libraries offer.
func exports(objects map[string]*elf.File) (map[symbol]bool, error) {
	found := map[symbol]bool{}
	for library, o := range objects {
		symbols, err := o.DynamicSymbols()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", library, err)
		}
		for _, s := range symbols {
			if s.Section != elf.SHN_UNDEF {
				found[symbol{name: s.Name}], found[symbol{name: s.Name, version: s.Version}] = true, true
			}
		}
		if o.SectionByType(elf.SHT_GNU_VERDEF) == nil {
			continue
		}
		versions, err := o.DynamicVersions()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", library, err)
		}
		for _, v := range versions {
			found[symbol{version: v.Name, library: library}] = true
		}
	}
	return found, nil
}

// newerGlibc reports whether a version of a symbol or of the format, such as
// GLIBC_2.36 or GLIBC_ABI_DT_RELR, is one that glibc 2.oldest may not have.
func newerGlibc(version string, oldest int) bool {
	rest, ok := strings.CutPrefix(version, "GLIBC_")
	if !ok {
		return false
	}
	rest, two := strings.CutPrefix(rest, "2.")
	minor, _, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(minor)
	return !two || err != nil || n > oldest
}
