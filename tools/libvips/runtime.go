package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/elf"
	_ "embed" // the directives below
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// The C++ runtime cannot come from the system: Debian 12's wants glibc 2.36 and
// Amazon Linux 2023 has 2.34, and most of its 2 MB would never run. So it is put
// together from the objects that Debian offers for such subsets: what libvips
// imports, under the same names and versions, and what that needs. No symbol that
// this leaves in is of a glibc newer than 2.34; ADR 7 has the figures.

const (
	cxxName      = "libstdc++.so.6"
	unwinderName = "libgcc_s.so.1"
)

//go:embed c/find_object.c
var findObject []byte

//go:embed c/unwinder.map
var unwinderMap []byte

// linkFlags are common to both: small, stripped, nothing left undefined.
var linkFlags = []string{"-shared", "-nodefaultlibs", "-O2", "-fPIC", "-s", "-Wl,-O2,--gc-sections,-z,defs,-z,nopack-relative-relocs,--build-id=none"}

// makeRuntime adds libstdc++ and libgcc_s to dir/runtime, where no other program
// can take them for the whole ones, and their licence to
// share/doc. The library of makePrefix must be there.
func makeRuntime(ctx context.Context, f *fetcher, dir, arch, cc string) error {
	work, err := os.MkdirTemp(dir, ".runtime-")
	if err != nil {
		return err
	}
	a := packages[arch]
	for _, part := range []struct {
		pin        pin
		name, file string
	}{
		{a.cxx, "usr/lib/gcc/" + a.triplet + "/12/libstdc++_pic.a", filepath.Join(work, "cxx.a")},
		{a.unwinder, "usr/lib/gcc/" + a.triplet + "/12/libgcc_eh.a", filepath.Join(work, "unwinder.a")},
		{a.notice, "usr/share/doc/gcc-12-base/copyright", filepath.Join(dir, "share/doc/gcc.txt")},
	} {
		pkg, err := f.debian(ctx, part.pin)
		if err != nil {
			return err
		}
		content, err := debFile(ctx, pkg, part.name)
		if err != nil {
			return fmt.Errorf("%s: %w", part.pin.path, err)
		}
		if part.pin == a.unwinder {
			if err := unhide(content); err != nil {
				return fmt.Errorf("%s: %w", part.name, err)
			}
		}
		if err := os.WriteFile(part.file, content, 0o644); err != nil {
			return err
		}
	}
	l := linker{cc: strings.Fields(cc), work: work, lib: filepath.Join(dir, "lib"), out: filepath.Join(dir, "runtime")}
	if err := os.Mkdir(l.out, 0o755); err != nil {
		return err
	}
	if err := l.unwinder(ctx); err != nil {
		return err
	}
	if err := l.cxx(ctx); err != nil {
		return err
	}
	return os.RemoveAll(work)
}

// linker makes shared libraries in out from the parts in work.
type linker struct {
	cc             []string
	work, lib, out string
}

func (l *linker) unwinder(ctx context.Context) error {
	source := filepath.Join(l.work, "find_object.c")
	if err := os.WriteFile(source, findObject, 0o644); err != nil {
		return err
	}
	names := regexp.MustCompile(`_Unwind_\w+`).FindAllString(string(unwinderMap), -1)
	return l.link(ctx, unwinderName, unwinderMap, names, source, filepath.Join(l.work, "unwinder.a"), "-lgcc", "-lc")
}

func (l *linker) cxx(ctx context.Context) error {
	imported, err := imports(filepath.Join(l.lib, library), cxxName)
	if err != nil {
		return err
	}
	var names []string
	for _, s := range imported {
		names = append(names, s.Name)
	}
	return l.link(ctx, cxxName, versionScript(imported), names,
		filepath.Join(l.work, "cxx.a"), "-lgcc", filepath.Join(l.out, unwinderName), "-lm", "-lc")
}

// link makes one library that exports names as script says.
func (l *linker) link(ctx context.Context, soname string, script []byte, names []string, inputs ...string) error {
	file, options := filepath.Join(l.work, soname+".map"), filepath.Join(l.work, soname+".options")
	if err := os.WriteFile(file, script, 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(options, []byte("-Wl,-u,"+strings.Join(names, "\n-Wl,-u,")+"\n"), 0o644); err != nil {
		return err
	}
	args := slices.Concat(l.cc[1:], linkFlags,
		[]string{"-o", filepath.Join(l.out, soname), "-Wl,-soname," + soname, "-Wl,--version-script," + file, "@" + options}, inputs)
	out, err := exec.CommandContext(ctx, l.cc[0], args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("linking %s: %w\n%s", soname, err, out)
	}
	return nil
}

// imports lists what the library in file takes from another, by version and name.
func imports(file, from string) ([]elf.ImportedSymbol, error) {
	f, err := elf.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() // it was only read
	all, err := f.ImportedSymbols()
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(all, func(s elf.ImportedSymbol) bool { return s.Library != from })
	slices.SortFunc(found, func(a, b elf.ImportedSymbol) int {
		return strings.Compare(a.Version+" "+a.Name, b.Version+" "+b.Name)
	})
	if len(found) == 0 {
		return nil, fmt.Errorf("%s imports nothing from %s", filepath.Base(file), from)
	}
	return found, nil
}

// versionScript exports symbols, which are sorted by version, and nothing else.
func versionScript(symbols []elf.ImportedSymbol) []byte {
	var b bytes.Buffer
	rest := "local:\n\t*;\n" // only the first version hides the rest
	for i, s := range symbols {
		if i == 0 || s.Version != symbols[i-1].Version {
			fmt.Fprintf(&b, "%s {\nglobal:\n", s.Version)
		}
		fmt.Fprintf(&b, "\t%s;\n", s.Name)
		if i == len(symbols)-1 || s.Version != symbols[i+1].Version {
			fmt.Fprintf(&b, "%s};\n", rest)
			rest = ""
		}
	}
	return b.Bytes()
}

// unhide lets a static library's functions be exported. GCC compiles those of
// libgcc_eh.a as hidden, so that programs do not offer them to others.
func unhide(archive []byte) error {
	members, err := arMembers(archive)
	if err != nil {
		return err
	}
	for _, m := range members {
		if !bytes.HasPrefix(m.content, []byte(elf.ELFMAG)) {
			continue // the archive's own tables
		}
		object, err := elf.NewFile(bytes.NewReader(m.content))
		if err != nil {
			return err
		}
		symbols := object.SectionByType(elf.SHT_SYMTAB)
		if symbols == nil {
			continue // nothing in it is for this kind of machine
		}
		if object.Class != elf.ELFCLASS64 {
			return fmt.Errorf("%s is not of 64 bits", m.name)
		}
		for at := symbols.Offset; at+elf.Sym64Size <= symbols.Offset+symbols.FileSize; at += elf.Sym64Size {
			const other = 5 // the offset of st_other
			if elf.ST_VISIBILITY(m.content[at+other]) == elf.STV_HIDDEN {
				m.content[at+other] &^= byte(elf.STV_HIDDEN)
			}
		}
	}
	return nil
}

// layout is raised when the result changes for a reason that recipe does not see.
const layout = 1

// recipe is a short hash of everything that the result depends on.
func recipe(ctx context.Context, arch, cc string) (string, error) {
	words := strings.Fields(cc)
	if len(words) == 0 {
		return "", errors.New("-cc is empty")
	}
	var said []string
	for _, question := range []string{"-dumpmachine", "-dumpfullversion"} {
		out, err := exec.CommandContext(ctx, words[0], append(words[1:], question)...).Output()
		if err != nil {
			return "", fmt.Errorf("%s %s: %w", cc, question, err)
		}
		said = append(said, strings.TrimSpace(string(out)))
	}
	if cpu, _, _ := strings.Cut(packages[arch].triplet, "-"); !strings.HasPrefix(said[0], cpu+"-") {
		return "", fmt.Errorf("%s makes programs for %s, not for %s", cc, said[0], packages[arch].triplet)
	}
	h := sha256.New()
	fmt.Fprintln(h, layout, packages[arch], headers, pkgConfig, linkFlags, said)
	h.Write(findObject)
	h.Write(unwinderMap)
	return hex.EncodeToString(h.Sum(nil))[:12], nil
}
