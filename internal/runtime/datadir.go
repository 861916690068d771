package runtime

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"pixmill/internal/fault"
)

// ignoreAll is the .gitignore of a data directory: keys and photographs are not
// to be committed with the checkout that it may be in.
const ignoreAll = "*\n"

// dataDir is the directory of a runtime.
type dataDir struct {
	path string
	made []string // folders that were missing, the outermost last
	from string   // the working directory before; the store changes it
}

// openDataDir makes the directory if it is missing. One that is new or empty gets
// a .gitignore; what a user has put beside it, or removed, is left alone.
func openDataDir(path string) (*dataDir, error) {
	d := &dataDir{path: path}
	if err := d.make(); err != nil {
		d.removeFolders() // it is not locked: another start may have begun to use it
		return nil, fault.New(fault.Misconfigured, "open data directory", path, err)
	}
	return d, nil
}

func (d *dataDir) make() error {
	d.from, _ = os.Getwd() // only to go back to
	for p := d.path; ; p = filepath.Dir(p) {
		if _, err := os.Stat(p); !errors.Is(err, fs.ErrNotExist) {
			break // MkdirAll says what is wrong, if anything
		}
		d.made = append(d.made, p)
	}
	if err := os.MkdirAll(d.path, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(d.path)
	if err != nil || len(entries) > 0 {
		return err
	}
	ignore := filepath.Join(d.path, ".gitignore")
	if err := os.WriteFile(ignore, []byte(ignoreAll), 0o600); err != nil {
		_ = os.Remove(ignore) // with a part of it the folder would not be empty at the next start
		return err
	}
	return nil
}

// remove takes back what a start made that failed, while the directory is locked,
// and goes back to where it was. A directory that was there before stays with all
// that is in it.
func (d *dataDir) remove() error {
	if d.from != "" {
		_ = os.Chdir(d.from) // nobody needs it for what follows
	}
	if len(d.made) == 0 {
		return nil
	}
	err := os.RemoveAll(d.path)
	d.removeFolders()
	return err
}

// removeFolders removes the folders that make made, as far as they are empty.
func (d *dataDir) removeFolders() {
	for _, p := range d.made {
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			break // somebody has put something there
		}
	}
}
