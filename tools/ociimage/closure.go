package main

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"pixmill/tools/bundle"
)

// resolver finds the dynamic linker, by its path, or a library, by its name. It returns
// the place in the image and the content.
type resolver func(name string) (bundle.File, error)

// closure returns what files need to be loaded and is not among them: the dynamic linker
// of the first, which is the program, and libraries, and what these need.
func closure(files []bundle.File, resolve resolver) ([]bundle.File, error) {
	loader, err := interpreter(files[0].Content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", files[0].Name, err)
	}
	have := map[string]bool{path.Base(loader): true} // glibc's libraries name it, too
	for _, f := range files {
		have[path.Base(f.Name)] = true
	}
	first, err := resolve(loader)
	if err != nil {
		return nil, err
	}
	found := []bundle.File{first}
	for todo := append(files, first); len(todo) > 0; todo = todo[1:] {
		needed, err := needs(todo[0].Content)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", todo[0].Name, err)
		}
		for _, name := range needed {
			if have[name] {
				continue
			}
			have[name] = true
			library, err := resolve(name)
			if err != nil {
				return nil, fmt.Errorf("%s needs %s: %w", todo[0].Name, name, err)
			}
			found, todo = append(found, library), append(todo, library)
		}
	}
	return found, nil
}

// interpreter returns the dynamic linker that a program names.
func interpreter(program []byte) (string, error) {
	f, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		return "", err
	}
	section := f.Section(".interp")
	if section == nil {
		return "", errors.New("it is linked statically")
	}
	name, err := section.Data()
	return string(bytes.TrimRight(name, "\x00")), err
}

func needs(object []byte) ([]string, error) {
	f, err := elf.NewFile(bytes.NewReader(object))
	if err != nil {
		return nil, err
	}
	return f.ImportedLibraries()
}

// linkedWith resolves to what a compiler links with, and puts it where the dynamic linker
// looks when it has no cache.
func linkedWith(ctx context.Context, cc string) resolver {
	return func(name string) (bundle.File, error) {
		file, err := ask(ctx, cc, "-print-file-name="+path.Base(name))
		if err != nil {
			return bundle.File{}, err
		}
		if !filepath.IsAbs(file) {
			return bundle.File{}, fmt.Errorf("%s has no %s", cc, name)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return bundle.File{}, err
		}
		if !path.IsAbs(name) {
			triplet, err := ask(ctx, cc, "-print-multiarch")
			if err != nil {
				return bundle.File{}, err
			}
			name = path.Join("/lib", triplet, name)
		}
		return bundle.File{Name: name, Content: content, Executable: true}, nil
	}
}

// ask asks the compiler, which may be a command with arguments.
func ask(ctx context.Context, cc, question string) (string, error) {
	words := strings.Fields(cc)
	if len(words) == 0 {
		return "", errors.New("-cc is empty")
	}
	out, err := exec.CommandContext(ctx, words[0], append(words[1:], question)...).Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", cc, question, err)
	}
	return strings.TrimSpace(string(out)), nil
}
