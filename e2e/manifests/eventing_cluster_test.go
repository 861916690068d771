package manifests

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pixmill/e2e/kube"
)

// withEventing installs what eventing/ uses of Knative Eventing, unless it is there. These
// are its schemas alone: no webhook of Eventing has a say, and nothing is delivered.
func withEventing(t *testing.T, c *kube.Cluster) {
	t.Helper()
	if _, err := c.Run(t.Context(), "get", "crd", "triggers.eventing.knative.dev"); err == nil {
		return
	}
	var files []string
	for _, name := range definitions() {
		files = append(files, "-f", filepath.Join(module(t, eventingModule), "config/core/resources", name))
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := c.Run(ctx, append([]string{"delete", "--ignore-not-found"}, files...)...); err != nil {
			t.Error(err)
		}
	})
	if _, err := c.Run(t.Context(), append([]string{"create"}, files...)...); err != nil {
		t.Fatal(err)
	}
	for _, crd := range []string{"brokers.eventing.knative.dev", "triggers.eventing.knative.dev", "integrationsources.sources.knative.dev", "integrationsinks.sinks.knative.dev"} {
		if err := c.Wait(t.Context(), time.Minute, "crd/"+crd, "condition=Established"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCluster_TakesEventing(t *testing.T) {
	c := kube.Need(t)
	n := c.ForTest(t, "manifests")
	withEventing(t, c)
	text := render(t, root+"/eventing")
	if err := dryRun(t.Context(), n, text); err != nil {
		t.Error(err)
	}
	for _, tt := range []struct{ old, broken, want string }{
		{"waitTimeSeconds: 20", "waitSeconds: 20", "unknown field"},
		{"waitTimeSeconds: 20", "waitTimeSeconds: long", "waitTimeSeconds"},
		{"retry: 10", "retry: ten", "spec.delivery.retry"},
		{"filters:", "filters: {}\n  others:", "spec.filters"},
		{"apiVersion: sinks.knative.dev/v1alpha1\nkind", "apiVersion: sinks.knative.dev/v1\nkind", "sinks.knative.dev/v1"},
		{"broker: pixmill", "broker: {name: pixmill}", "spec.broker"},
	} {
		broken := brokenIn(text, tt.old, tt.broken)
		if broken == "" {
			t.Errorf("there is no %q to break", tt.old)
			continue
		}
		err := dryRun(t.Context(), n, broken)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s in place of %s: %v, want %q", tt.broken, tt.old, err, tt.want)
		}
	}
}
