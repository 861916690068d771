package manifests

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"pixmill/e2e/kube"
)

// root is the folder of the manifests.
const root = "../../knative"

// overlays returns the folders of all overlays.
func overlays(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob(root + "/overlays/*")
	if err != nil || len(dirs) < 7 {
		t.Fatal(dirs, err)
	}
	return dirs
}

// render returns what kustomize makes of a folder.
func render(t *testing.T, dir string) string {
	t.Helper()
	kubectl, err := exec.LookPath(cmp.Or(os.Getenv(kube.VarKubectl), "kubectl"))
	if err != nil {
		t.Skipf("no kubectl: %v", err)
	}
	out, err := exec.CommandContext(t.Context(), kubectl, "kustomize", dir).Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("kubectl kustomize %s: %s", dir, exit.Stderr)
		}
		t.Fatal(err)
	}
	return string(out)
}

// object is what is read of a manifest.
type object struct {
	APIVersion, Kind string
	Metadata         struct {
		Name        string
		Annotations map[string]string
	}
	Data                         map[string]string // of a ConfigMap
	AutomountServiceAccountToken *bool             // of a ServiceAccount
	Spec                         spec
}

// spec has the fields of all kinds that are looked at.
type spec struct {
	Selector    json.RawMessage // a map of a Service, an object of others
	PodSelector *selector
	Template    *struct {
		Metadata struct{ Labels, Annotations map[string]string }
		Spec     pod
	}
}

type selector struct{ MatchLabels map[string]string }

type pod struct {
	ServiceAccountName            string
	TerminationGracePeriodSeconds int // of a Deployment's pods
	TimeoutSeconds                int // of a Knative Service's, and as much as the other
	ContainerConcurrency          int
	Containers                    []container
	Volumes                       []struct{ ConfigMap *named }
}

type container struct {
	Name, Image string
	Env         []struct {
		Name, Value string
		ValueFrom   struct{ SecretKeyRef *named }
	}
	EnvFrom   []struct{ ConfigMapRef *named }
	Resources struct{ Requests, Limits map[string]string }

	ReadinessProbe, LivenessProbe, StartupProbe *struct {
		HTTPGet struct {
			Path string
			Port int
		}
		TerminationGracePeriodSeconds int
	}
	Lifecycle struct {
		PreStop struct{ Sleep struct{ Seconds int } }
	}
	SecurityContext struct {
		RunAsNonRoot, ReadOnlyRootFilesystem bool
		AllowPrivilegeEscalation             *bool
		Capabilities                         struct{ Add, Drop []string }
		SeccompProfile                       struct{ Type string }
	}
}

type named struct{ Name string }

// parse reads manifests as kustomize prints them.
func parse(t *testing.T, text string) []object {
	t.Helper()
	var all []object
	for d := yaml.NewDecoder(strings.NewReader(text)); ; {
		var document any
		err := d.Decode(&document)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		plain, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		var o object
		if err := json.NewDecoder(bytes.NewReader(plain)).Decode(&o); err != nil {
			t.Fatalf("%s: %v", plain, err)
		}
		all = append(all, o)
	}
	if len(all) == 0 {
		t.Fatalf("nothing in %q", text)
	}
	return all
}

// find returns the object of a kind, of which there is to be one.
func find(t *testing.T, all []object, apiVersion, kind string) object {
	t.Helper()
	i := slices.IndexFunc(all, func(o object) bool { return o.APIVersion == apiVersion && o.Kind == kind })
	if i < 0 {
		t.Fatalf("there is no %s", kind)
	}
	return all[i]
}

// workload returns the Knative Service or the Deployment.
func workload(all []object) (object, bool) {
	i := slices.IndexFunc(all, func(o object) bool { return o.Spec.Template != nil })
	if i < 0 {
		return object{}, false
	}
	return all[i], true
}

// configMap returns the data of a ConfigMap, nil where it is not there.
func configMap(all []object, ref *named) map[string]string {
	for _, o := range all {
		if ref != nil && o.Kind == "ConfigMap" && o.Metadata.Name == ref.Name {
			return o.Data
		}
	}
	return nil
}
