package kube

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// cleanTime bounds what is left to do when a test has ended.
const cleanTime = 30 * time.Second

// varPlaces says where end-to-end tests may work, with commas between; "knative" is here.
const varPlaces = "PIXMILL_E2E"

// Need returns the cluster, or skips the test: where none is meant, and where nobody asked
// for such tests, since KUBECONFIG alone may name a cluster that others depend on.
func Need(t testing.TB) *Cluster {
	t.Helper()
	if !slices.Contains(strings.Split(os.Getenv(varPlaces), ","), "knative") {
		t.Skipf("%s does not name knative: make e2e-knative sets it", varPlaces)
	}
	c, err := FromEnvironment(t.Context(), os.Getenv)
	if errors.Is(err, ErrNoCluster) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ForTest makes a namespace that goes with the test. If that fails, it says what was there.
func (c *Cluster) ForTest(t testing.TB, prefix string) *Namespace {
	t.Helper()
	n, err := c.NewNamespace(t.Context(), prefix)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), cleanTime)
		defer cancel()
		if t.Failed() {
			t.Log(n.Report(ctx))
		}
		if err := n.Delete(ctx); err != nil {
			t.Error(err)
		}
	})
	return n
}
