package main

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pinned is a pin for content.
func pinned(path, content string) pin {
	sum := sha512.Sum512([]byte(content))
	return pin{path, "sha512-" + base64.StdEncoding.EncodeToString(sum[:])}
}

// serve answers every request with content and counts them.
func serve(t *testing.T, status int, content string) (base string, requests *[]*http.Request) {
	t.Helper()
	requests = new([]*http.Request)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*requests = append(*requests, r)
		w.WriteHeader(status)
		if _, err := w.Write([]byte(content)); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL + "/npm/", requests
}

func TestFetch_OnceWithTheUsersToken(t *testing.T) {
	base, requests := serve(t, http.StatusOK, "library")
	f := fetcher{dir: t.TempDir(), registry: registry{url: base, token: "secret"}, log: &bytes.Buffer{}}
	for range 2 {
		b, err := f.npm(t.Context(), pinned("@img/a/-/a-1.tgz", "library"))
		if err != nil || string(b) != "library" {
			t.Fatalf("got %q, %v", b, err)
		}
	}
	if len(*requests) != 1 {
		t.Fatalf("%d requests, want one", len(*requests))
	}
	if r := (*requests)[0]; r.URL.Path != "/npm/@img/a/-/a-1.tgz" || r.Header.Get("Authorization") != "Bearer secret" {
		t.Errorf("asked for %s with %q", r.URL, r.Header)
	}
}

func TestFetch_TakesNothingButWhatIsPinned(t *testing.T) {
	base, _ := serve(t, http.StatusOK, "something else")
	f := fetcher{dir: t.TempDir(), registry: registry{url: base}, log: &bytes.Buffer{}}
	p := pinned("a.tgz", "library")
	// Neither from the network nor from a cache that was tampered with.
	if err := os.WriteFile(filepath.Join(f.dir, "a.tgz"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.npm(t.Context(), p); err == nil || !strings.Contains(err.Error(), p.sum) || !strings.Contains(err.Error(), base+"a.tgz") {
		t.Errorf("error is %v, want one with the address and the checksum", err)
	}
}

func TestFetch_ShowsNoPassword(t *testing.T) {
	base, _ := serve(t, http.StatusNotFound, "")
	var log bytes.Buffer
	f := fetcher{dir: t.TempDir(), registry: registry{url: strings.Replace(base, "http://", "http://user:secret@", 1)}, log: &log}
	_, err := f.npm(t.Context(), pinned("a.tgz", "library"))
	if err == nil || strings.Contains(err.Error()+log.String(), "secret") || !strings.Contains(log.String(), "/npm/a.tgz") {
		t.Errorf("error is %v, log %q", err, log.String())
	}
}

func TestFetch_GoesOnToTheNextArchive(t *testing.T) {
	gone, _ := serve(t, http.StatusNotFound, "")
	base, _ := serve(t, http.StatusOK, "package")
	f := fetcher{dir: t.TempDir(), log: &bytes.Buffer{}}
	b, err := f.get(t.Context(), pinned("a.deb", "package"), "", gone, base)
	if err != nil || string(b) != "package" {
		t.Errorf("got %q, %v", b, err)
	}
	if _, err := f.get(t.Context(), pinned("b.deb", "other"), "", gone, base); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("error is %v, want both reasons", err)
	}
}

func TestPin_BothKindsOfChecksum(t *testing.T) {
	// The empty string's, from FIPS 180-4's examples.
	for _, sum := range []string{
		"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
	} {
		if err := (pin{"a", sum}).check(nil); err != nil {
			t.Error(err)
		}
		if err := (pin{"a", sum}).check([]byte("a")); err == nil {
			t.Errorf("%s is taken for another content", sum)
		}
	}
}
