package pool

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// unpackedFolder is the name of what unpackOnce makes: a zip's hash, or what is
// not finished.
var unpackedFolder = regexp.MustCompile(`^([0-9a-f]{32}|unpacking-.*)$`)

// unpackOnce unpacks a zip into dir/HASH unless an earlier run has. It appears
// there in one step, when all of it is on the disk: neither a crash nor a power
// cut leaves a part. What is there all the same without being whole is replaced.
func unpackOnce(zipPath, dir string) (string, error) {
	hash, err := fileHash(zipPath)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if err := removeUnpacked(dir, hash); err != nil {
		return "", err
	}
	root := filepath.Join(dir, hash)
	whole, err := isUnpacked(zipPath, root)
	if err != nil || whole {
		return root, err
	}
	if err := os.RemoveAll(root); err != nil {
		return "", err
	}
	tmp, err := os.MkdirTemp(dir, "unpacking-*")
	if err != nil {
		return "", err
	}
	err = unpack(zipPath, tmp)
	if err == nil {
		err = syncTree(tmp)
	}
	if err == nil {
		err = os.Rename(tmp, root)
	}
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(tmp))
	}
	return root, syncPath(dir)
}

func fileHash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() // read only
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

// removeUnpacked removes what earlier runs unpacked, or began to, except keep.
func removeUnpacked(dir, keep string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == keep || !unpackedFolder.MatchString(e.Name()) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// isUnpacked reports whether everything that is in a zip stands under dir, each
// file in its full size.
func isUnpacked(zipPath, dir string) (bool, error) {
	r, err := zip.OpenReader(zipPath)
	if err != nil {
		return false, err
	}
	defer r.Close() // read only
	for _, f := range r.File {
		if !isEntry(filepath.Join(dir, strings.TrimSuffix(f.Name, "/")), f) {
			return false, nil
		}
	}
	return true, nil
}

func isEntry(path string, f *zip.File) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().Type() == f.Mode().Type() &&
		(!info.Mode().IsRegular() || uint64(info.Size()) == f.UncompressedSize64)
}

// syncTree writes a folder and all that is in it through to the disk.
func syncTree(root string) error {
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() && !e.Type().IsRegular() {
			return err
		}
		return syncPath(path)
	})
}

// syncPath writes one file, or the names in one folder, through to the disk.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
