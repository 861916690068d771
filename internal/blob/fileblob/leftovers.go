package fileblob

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"pixmill/internal/blob/driver"
)

// removeLeftovers removes temporary files of writes that a crash cut off: those
// that nobody has written to since.
func (b *bucket) removeLeftovers(since time.Time) error {
	root, err := b.root()
	if driver.CodeOf(err) == driver.CodeNoSuchBucket {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close() // a handle to read with: nothing is lost by a failing Close
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return mapped(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), temporary) || !e.Type().IsRegular() {
			continue
		}
		if err := removeOld(root, e, since); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return mapped(err)
		}
	}
	return nil
}

func removeOld(root *os.Root, e fs.DirEntry, since time.Time) error {
	info, err := e.Info()
	if err != nil || !info.ModTime().Before(since) {
		return err
	}
	return root.Remove(e.Name())
}
