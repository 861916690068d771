package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// unpack writes the layers' content to folders of dir, for a Dockerfile to copy. Nothing is
// written beside them, whatever names and links say.
func unpack(dir string, parts []part) error {
	for _, p := range parts {
		folder := filepath.Join(dir, p.name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		root, err := os.OpenRoot(folder)
		if err != nil {
			return err
		}
		for _, n := range p.sorted() {
			if err := place(root, n); err != nil {
				return errors.Join(err, root.Close())
			}
		}
		if err := root.Close(); err != nil {
			return err
		}
	}
	return nil
}

func place(root *os.Root, n node) error {
	switch {
	case n.link != "":
		return root.Symlink(n.link, n.name)
	case n.dir:
		if err := root.MkdirAll(n.name, 0o755); err != nil {
			return err
		}
	default:
		if err := root.WriteFile(n.name, n.content, 0o644); err != nil {
			return err
		}
	}
	mode := fs.FileMode(n.perm() & 0o777)
	if n.perm()&0o1000 != 0 {
		mode |= fs.ModeSticky
	}
	if err := root.Chmod(n.name, mode); err != nil {
		return err
	}
	return root.Chtimes(n.name, time.Unix(0, 0), time.Unix(0, 0))
}
