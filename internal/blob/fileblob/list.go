package fileblob

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"pixmill/internal/blob/driver"
)

// ListPage implements driver.Bucket. It reads only the folders that the page
// needs, each once.
func (b *bucket) ListPage(ctx context.Context, opts *driver.ListOptions) (*driver.Page, error) {
	root, err := b.root()
	if err != nil {
		return nil, err
	}
	defer root.Close() // a handle to read names with: nothing is lost by a failing Close
	w := &walk{ctx: ctx, root: root, folders: map[string][]string{}}
	base := opts.Prefix[:strings.LastIndex(opts.Prefix, "/")+1]
	if base != "" && checkPath(strings.TrimSuffix(base, "/")) != nil {
		return &driver.Page{}, nil // no key is there
	}
	if err := lookAbove(root, base+"x"); base != "" && err != nil {
		if driver.CodeOf(err) == driver.CodeNoSuchKey {
			return &driver.Page{}, nil
		}
		return nil, err
	}
	page, err := driver.PageOf(opts, func(from string) (string, error) { return w.first(base, from) }, w.entry)
	return page, mapped(err)
}

// walk looks up objects in the order of their keys.
type walk struct {
	ctx     context.Context
	root    *os.Root
	folders map[string][]string // what was read, by prefix: "" or "a/b/"
}

// first returns the first key that is in a folder or deeper and not before
// from; "" if there is none.
func (w *walk) first(folder, from string) (string, error) {
	names, err := w.read(folder)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(from, folder) && from > folder {
		return "", nil // behind all that is in here
	}
	rest := strings.TrimPrefix(from, folder)
	if from < folder {
		rest = ""
	}
	i, _ := slices.BinarySearch(names, rest)
	if i > 0 && strings.HasSuffix(names[i-1], "/") && strings.HasPrefix(rest, names[i-1]) {
		i-- // from is in that folder
	}
	for ; i < len(names); i++ {
		if !strings.HasSuffix(names[i], "/") {
			return folder + names[i], nil
		}
		if key, err := w.first(folder+names[i], from); key != "" || err != nil {
			return key, err
		}
	}
	return "", nil
}

// read returns the names in a folder in the order of keys: those of folders end
// in "/". What can be no object or no folder of objects is left out.
func (w *walk) read(folder string) ([]string, error) {
	if names, ok := w.folders[folder]; ok {
		return names, nil
	}
	if err := w.ctx.Err(); err != nil {
		return nil, err
	}
	entries, err := w.readDir(strings.TrimSuffix("./"+folder, "/"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) { // gone by now
		return nil, err
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if checkPath(e.Name()) != nil || !utf8.ValidString(e.Name()) {
			continue
		}
		switch {
		case e.IsDir():
			names = append(names, e.Name()+"/")
		case e.Type().IsRegular():
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	w.folders[folder] = names
	return names, nil
}

// readDir reads a folder while nothing is written: a file that is being
// replaced could be missed otherwise.
func (w *walk) readDir(name string) (_ []fs.DirEntry, err error) {
	unlock, err := flock(w.root, unix.LOCK_SH)
	if err != nil {
		return nil, err
	}
	defer func() { err = cmp.Or(err, unlock()) }()
	dir, err := w.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer dir.Close() // only read
	return dir.ReadDir(-1)
}

// entry describes an object.
func (w *walk) entry(key string) (driver.Entry, error) {
	if err := w.ctx.Err(); err != nil {
		return driver.Entry{}, err
	}
	f, a, err := openObject(w.root, key)
	if err != nil {
		return driver.Entry{}, err
	}
	if err := f.Close(); err != nil {
		return driver.Entry{}, err
	}
	return driver.Entry{Key: key, ETag: a.ETag, Size: a.Size, ModTime: a.ModTime}, nil
}
