package kube

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeProxy is a kubectl that says a line and stays.
func fakeProxy(t *testing.T, line string) Kubectl {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubectl")
	script := fmt.Sprintf("#!/bin/sh\n[ \"$1\" = proxy ] || exit 1\necho '%s'\nexec sleep 60\n", line)
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return Kubectl{path: path}
}

func TestProxy_AsksTheAPI(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/nodes" {
			http.Error(w, "no such thing", http.StatusNotFound)
			return
		}
		fmt.Fprint(w, `{"kind": "NodeList"}`)
	}))
	defer srv.Close()
	api, err := fakeProxy(t, "Starting to serve on "+srv.Listener.Addr().String()).Proxy(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ Kind string }
	if err := api.JSON(t.Context(), &list, "/api/v1/nodes"); err != nil || list.Kind != "NodeList" {
		t.Errorf("answer is %+v, %v", list, err)
	}
	if _, err := api.Get(t.Context(), "/other"); err == nil || !strings.Contains(err.Error(), "no such thing") {
		t.Errorf("error is %v, want what the API said", err)
	}
	if err := api.Close(); err != nil || api.cmd.ProcessState == nil {
		t.Errorf("closed: %v, %v", err, api.cmd.ProcessState)
	}
}

func TestProxy_SaysWhatKubectlSaidInstead(t *testing.T) {
	if _, err := fakeProxy(t, "oh no").Proxy(t.Context()); err == nil || !strings.Contains(err.Error(), "oh no") {
		t.Errorf("error is %v", err)
	}
}
