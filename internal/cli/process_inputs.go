package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// input is one file to process.
type input struct {
	key  string // relative to the folder that was given; of a file that was given, its name
	path string // as a person would write it from here
}

// collector finds the files behind the arguments of `pixmill process`. It reads
// no file and writes nothing, so that what is wrong is said before anything happens.
type collector struct {
	out    fs.FileInfo // of the output folder; nil where there is none yet
	note   func(format string, args ...any)
	inputs []input
	byKey  map[string]string // key → path
	errs   []error
}

// collectInputs returns the files, in the order of the arguments and within a
// folder by name. Everything that is wrong is reported together; note is told of
// what is passed over.
func collectInputs(args []string, out string, note func(format string, args ...any)) ([]input, error) {
	c := &collector{note: note, byKey: map[string]string{}}
	info, err := os.Stat(out)
	switch {
	case err == nil && !info.IsDir():
		return nil, fmt.Errorf("--out %s is a file: it must be a folder", out)
	case err == nil:
		c.out = info
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("--out: %w", err)
	}
	for _, arg := range args {
		c.argument(arg)
	}
	if len(c.errs) == 0 && len(c.inputs) == 0 {
		c.errs = append(c.errs, fmt.Errorf("there are no files in %s", strings.Join(args, ", ")))
	}
	return c.inputs, errors.Join(c.errs...)
}

func (c *collector) fail(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

// argument takes a file or a folder; a link in an argument is followed.
func (c *collector) argument(arg string) {
	info, err := os.Stat(arg)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.fail("%s: there is no such file or folder", arg)
	case err != nil:
		c.fail("%w", err) // it names the file
	case c.withinOut(arg):
		c.fail("%s is within --out: variants would be made of variants", arg)
	case info.IsDir():
		c.folder(arg)
	case info.Mode().IsRegular():
		c.add(filepath.Base(arg), arg)
	default:
		c.fail("%s is neither a file nor a folder", arg)
	}
}

// withinOut reports whether a path is the output folder or lies in it.
func (c *collector) withinOut(path string) bool {
	if c.out == nil {
		return false
	}
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	for err == nil {
		if info, statErr := os.Stat(real); statErr == nil && os.SameFile(info, c.out) {
			return true
		}
		parent := filepath.Dir(real)
		if parent == real {
			return false
		}
		real = parent
	}
	return false
}

// folder takes every regular file under root. Hidden files, links and special
// files are passed over, and so is the output folder.
func (c *collector) folder(root string) {
	walkRoot, err := filepath.EvalSymlinks(root)
	if err != nil {
		c.fail("%w", err)
		return
	}
	err = filepath.WalkDir(walkRoot, func(path string, entry fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(walkRoot, path)
		if err := errors.Join(err, relErr); err != nil {
			c.fail("%w", err)
			return nil // look at the rest, so that all is reported
		}
		if rel == "." {
			return nil
		}
		shown := filepath.Join(root, rel)
		switch reason := c.passOver(entry); {
		case reason != "":
			c.note("passed over %s: %s", printable(shown), reason)
			if entry.IsDir() {
				return filepath.SkipDir
			}
		case !entry.IsDir():
			c.add(filepath.ToSlash(rel), shown)
		}
		return nil
	})
	if err != nil {
		c.fail("%w", err)
	}
}

// passOver says why an entry of a folder is no source, or returns "".
func (c *collector) passOver(entry fs.DirEntry) string {
	switch {
	case strings.HasPrefix(entry.Name(), "."):
		return "hidden"
	case entry.Type()&fs.ModeSymlink != 0:
		return "a link"
	case !entry.IsDir() && !entry.Type().IsRegular():
		return "not a regular file"
	case entry.IsDir() && c.out != nil:
		if info, err := entry.Info(); err == nil && os.SameFile(info, c.out) {
			return "the output folder"
		}
	}
	return ""
}

func (c *collector) add(key, path string) {
	if other, taken := c.byKey[key]; taken {
		if same(other, path) {
			c.fail("%s is given twice", printable(path))
			return
		}
		c.fail("%s and %s would have one key, %q: their variants would be in one place; process them into two folders",
			printable(other), printable(path), key)
		return
	}
	c.byKey[key] = path
	c.inputs = append(c.inputs, input{key: key, path: path})
}

func same(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}
