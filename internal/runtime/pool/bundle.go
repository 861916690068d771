package pool

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"pixmill/internal/fault"
)

// Limits of a function's zip: Lambda's for the unpacked size, and one of ours.
const (
	maxUnpacked = 250 << 20 // bytes
	maxEntries  = 20_000
	maxLink     = 4096 // bytes of a symbolic link's target
)

// bootstrap is the program of a provided.al2023 function.
const bootstrap = "bootstrap"

// Load finds the function at path: a bootstrap executable, a folder that holds
// one, or a zip with one at its top, which is unpacked into a folder under dir
// named after the zip's content. Other zips' folders are removed from dir, which
// the caller has for itself, with no function running from it.
func Load(path, dir string) (Function, error) {
	f, err := load(path, dir)
	if err != nil {
		return Function{}, fault.New(fault.Misconfigured, "load function", path, err)
	}
	return f, nil
}

func load(path, dir string) (Function, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Function{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return Function{}, err
	}
	name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	switch {
	case info.IsDir():
		path = filepath.Join(path, bootstrap)
	case isZip(path):
		root, err := unpackOnce(path, dir)
		if err != nil {
			return Function{}, err
		}
		path = filepath.Join(root, bootstrap)
	}
	if err := checkExecutable(path); err != nil {
		return Function{}, err
	}
	return Function{Name: name, Command: []string{path}, Root: filepath.Dir(path)}, nil
}

func checkExecutable(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return fmt.Errorf("%s is not an executable file (mode %v)", path, info.Mode())
	}
	return nil
}

func isZip(path string) bool {
	r, err := zip.OpenReader(path)
	if err != nil {
		return strings.EqualFold(filepath.Ext(path), ".zip") // say what is wrong with it later
	}
	_ = r.Close() // nothing was written
	return true
}

// unpack writes a zip's entries into dir. os.Root refuses every name that leads
// out of it, also through a link.
func unpack(zipPath, dir string) error {
	r, err := zip.OpenReader(zipPath)
	if err != nil {
		return err
	}
	defer r.Close() // read only
	if n := int64(len(r.File)); n > maxEntries {
		return &fault.LimitError{Field: "entries of the zip", Limit: maxEntries, Value: n}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close() // a directory handle
	left := int64(maxUnpacked)
	for _, f := range r.File {
		n, err := unpackEntry(root, f, left)
		if err != nil {
			return fmt.Errorf("entry %q: %w", f.Name, err)
		}
		left -= n
	}
	return nil
}

// unpackEntry writes one entry and returns its size in bytes.
func unpackEntry(root *os.Root, f *zip.File, left int64) (int64, error) {
	name := strings.TrimSuffix(f.Name, "/")
	if !filepath.IsLocal(name) {
		return 0, errors.New("the name leads out of the folder")
	}
	mode := f.Mode()
	if mode.IsDir() {
		return 0, root.MkdirAll(name, 0o755)
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return 0, err
	}
	switch {
	case mode&fs.ModeSymlink != 0:
		return 0, unpackLink(root, f, name)
	case !mode.IsRegular():
		return 0, fmt.Errorf("a %v is not unpacked", mode.Type())
	}
	perm := fs.FileMode(0o644)
	if mode&0o111 != 0 || name == bootstrap { // zips made on Windows know no executable bit
		perm = 0o755
	}
	return unpackFile(root, f, name, perm, left)
}

func unpackFile(root *os.Root, f *zip.File, name string, perm fs.FileMode, left int64) (_ int64, err error) {
	if f.UncompressedSize64 > uint64(left) {
		return 0, overUnpacked(maxUnpacked - left + int64(min(f.UncompressedSize64, 1<<62)))
	}
	in, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer in.Close() // read to its end, where the checksum is checked
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	// What the zip says of the size was looked at; archive/zip holds it to that.
	n, err := io.Copy(out, io.LimitReader(in, left+1))
	if err == nil && n > left {
		err = overUnpacked(maxUnpacked - left + n)
	}
	return n, err
}

func overUnpacked(n int64) error {
	return &fault.LimitError{Field: "unpacked bytes of the zip", Limit: maxUnpacked, Value: n, Unit: "bytes"}
}

// unpackLink makes a relative symbolic link that stays inside, as packages of
// shared libraries have them.
func unpackLink(root *os.Root, f *zip.File, name string) error {
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close() // read to its end
	target, err := io.ReadAll(io.LimitReader(in, maxLink))
	if err != nil {
		return err
	}
	if path.IsAbs(string(target)) || !filepath.IsLocal(path.Join(path.Dir(name), string(target))) {
		return fmt.Errorf("the link to %q leads out of the folder", target)
	}
	return root.Symlink(string(target), name)
}
