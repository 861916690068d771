package kube

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Overlay is an overlay of the tree with settings of a test's own: a kustomization that
// has it as its resource. What is not set here stays as it is shipped.
type Overlay struct {
	Dir         string            // of the overlay: "../../knative/overlays/minikube"
	Image       string            // "dev.local/pixmill:dev"
	Config      string            // the text of pixmill.yaml
	Env         map[string]string // of the function's container
	Annotations map[string]string // of the pods
	Requests    map[string]string // "cpu": "20m"
	Limits      map[string]string
	Patches     []Patch // after all of these
}

// Patch is a JSON patch (RFC 6902) of all objects of a kind, whatever their API group.
type Patch struct {
	Kind string // "Service", "Deployment", "HorizontalPodAutoscaler"
	Ops  []Op
}

// Op is one operation of a patch.
type Op struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// Set is an operation that sets a field, there or not. The field above must be there.
func Set(path string, value any) Op { return Op{"add", path, value} }

// Apply applies the overlay to a namespace.
func (n *Namespace) Apply(ctx context.Context, o Overlay) (err error) {
	dir, err := os.MkdirTemp("", "pixmill-overlay-") // not t.TempDir: benchmarks have none
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := n.cluster.Write(ctx, dir, n.Name, o); err != nil {
		return err
	}
	return n.ApplyDir(ctx, dir)
}

// Write writes the kustomization of an overlay in a namespace into a directory.
func (c *Cluster) Write(ctx context.Context, dir, namespace string, o Overlay) error {
	shipped, err := c.render(ctx, o.Dir)
	if err != nil {
		return err
	}
	k, err := o.kustomization(dir, namespace, shipped)
	if err != nil {
		return fmt.Errorf("overlay %s: %w", o.Dir, err)
	}
	text, err := json.MarshalIndent(k, "", "  ") // which is YAML, too
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, configFile), []byte(o.Config), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "kustomization.yaml"), text, 0o600)
}

// object is what is read of a rendered manifest.
type object struct {
	Kind     string
	Metadata struct{ Name string }
	Data     map[string]string // of a ConfigMap
	Spec     struct {
		Template struct {
			Metadata struct{ Annotations map[string]string }
			Spec     struct {
				Containers []struct {
					Image     string
					Env       []struct{ Name string }
					Resources struct{ Requests, Limits map[string]string }
				}
			}
		}
	}
}

// render returns what an overlay consists of.
func (c *Cluster) render(ctx context.Context, dir string) ([]object, error) {
	text, err := c.Run(ctx, "kustomize", dir)
	if err != nil {
		return nil, err
	}
	out, err := c.RunWith(ctx, text, "create", "--dry-run=client", "--validate=false", "-o", "json", "-f", "-")
	if err != nil {
		return nil, err
	}
	var all []object
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var o struct {
			object
			Items []object // of a List
		}
		err := d.Decode(&o)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, o.Items...)
		if o.Kind != "List" {
			all = append(all, o.object)
		}
	}
}
