package kube

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
)

// Namespace is kubectl in a namespace that was made for one purpose.
type Namespace struct {
	Kubectl
	Name    string
	cluster *Cluster
}

// NewNamespace makes a namespace whose name begins with a prefix and is new. Pods in it
// must keep to the "restricted" Pod Security Standard, as the tree's manifests promise.
func (c *Cluster) NewNamespace(ctx context.Context, prefix string) (*Namespace, error) {
	name := prefix + "-" + strings.ToLower(rand.Text()[:6])
	manifest, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Namespace",
		"metadata": map[string]any{
			"name":   name,
			"labels": map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
		},
	})
	if err != nil {
		return nil, err
	}
	if _, err := c.RunWith(ctx, manifest, "create", "-f", "-"); err != nil {
		return nil, err
	}
	return &Namespace{Kubectl: Kubectl{path: c.path, namespace: name}, Name: name, cluster: c}, nil
}

// Delete begins to remove the namespace with all in it, and does not wait: pods may
// take half a minute to end.
func (n *Namespace) Delete(ctx context.Context) error {
	_, err := n.cluster.Run(ctx, "delete", "namespace", n.Name, "--wait=false", "--ignore-not-found")
	return err
}

// Report says what is in the namespace, for whoever looks into a failure.
func (n *Namespace) Report(ctx context.Context) string {
	var b strings.Builder
	for _, look := range [][]string{
		{"get", "pods,deployments,hpa,pdb", "-o", "wide"},
		{"get", "ksvc,revisions,podautoscalers", "-o", "wide"},
		{"get", "events", "--sort-by", ".lastTimestamp"},
		{"logs", "-l", "app.kubernetes.io/name=pixmill", "-c", "function", "--prefix", "--ignore-errors", "--max-log-requests", "40", "--tail", "30"},
	} {
		out, err := n.Run(ctx, look...)
		if err != nil {
			out = []byte(err.Error())
		}
		fmt.Fprintf(&b, "$ kubectl %s\n%s\n", strings.Join(look, " "), out)
	}
	return b.String()
}
