package main

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// fetcher downloads what is pinned, once, into a directory.
type fetcher struct {
	dir      string
	registry registry
	log      io.Writer
}

// most bounds a download; the largest is 8 MB.
const most = 64 << 20

// npm returns a package of the npm registry.
func (f *fetcher) npm(ctx context.Context, p pin) ([]byte, error) {
	return f.get(ctx, p, f.registry.token, f.registry.url)
}

// debian returns a package of Debian's.
func (f *fetcher) debian(ctx context.Context, p pin) ([]byte, error) {
	return f.get(ctx, p, "", archives...)
}

// get takes p from the cache or from the first base that has what p says. Only
// content with p's checksum is kept and returned.
func (f *fetcher) get(ctx context.Context, p pin, token string, bases ...string) ([]byte, error) {
	cached := filepath.Join(f.dir, path.Base(p.path))
	if b, err := os.ReadFile(cached); err == nil && p.check(b) == nil {
		return b, nil
	}
	var errs []error
	for _, base := range bases {
		address := redacted(base + p.path)
		fmt.Fprintf(f.log, "libvips: fetching %s\n", address)
		b, err := download(ctx, base+p.path, token)
		if err == nil {
			err = p.check(b)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", address, err))
			continue
		}
		return b, keep(cached, b)
	}
	return nil, errors.Join(errs...)
}

// redacted is an address as it may be shown: a registry's may hold a password.
func redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an address that is no URL"
	}
	return u.Redacted()
}

func download(ctx context.Context, address, token string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New(resp.Status)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err == nil && len(b) > most {
		err = fmt.Errorf("more than %d bytes", most)
	}
	return b, err
}

// check compares content with the checksum.
func (p pin) check(b []byte) error {
	found := sha256.Sum256(b)
	sum := "sha256:" + hex.EncodeToString(found[:])
	if strings.HasPrefix(p.sum, "sha512-") {
		found := sha512.Sum512(b)
		sum = "sha512-" + base64.StdEncoding.EncodeToString(found[:])
	}
	if sum != p.sum {
		return fmt.Errorf("its checksum is %s, want %s (%d bytes)", sum, p.sum, len(b))
	}
	return nil
}

// keep writes a file whole or not at all.
func keep(file string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".part-")
	if err != nil {
		return err
	}
	_, err = tmp.Write(b)
	if err := errors.Join(err, tmp.Close()); err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return os.Rename(tmp.Name(), file)
}
