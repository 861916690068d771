package manifests

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"pixmill/internal/schematest"
)

func asJSON(t *testing.T, text string) []byte {
	t.Helper()
	plain, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func funcYAML(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(root + "/func.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// FUNC_SCHEMA is another schema than the module's, such as that of func's main branch.
func TestFunc_FitsThePublishedSchema(t *testing.T) {
	file := os.Getenv("FUNC_SCHEMA")
	if file == "" {
		file = filepath.Join(module(t, funcModule), "schema/func_yaml-schema.json")
	}
	schema := schematest.Compile(t, file)
	text := funcYAML(t)
	if err := schema.Validate(t, asJSON(t, text)); err != nil {
		t.Error(err)
	}
	for _, broken := range [][2]string{
		{"specVersion:", "version:"},
		{"created:", "made:"},
		{"invoke: cloudevent", "invoke: event"},
		{"name: pixmill", "name: Pixmill"},
		{"min: 0", "min: none"},
		{"concurrency: 4", "concurrency: -4"},
		{"path: /etc/pixmill", "mountPath: /etc/pixmill"},
		{"envs:", "env:"},
	} {
		if !strings.Contains(text, broken[0]) {
			t.Errorf("there is no %q to break", broken[0])
		}
		if schema.Validate(t, asJSON(t, strings.Replace(text, broken[0], broken[1], 1))) == nil {
			t.Errorf("%q in place of %q fits, too", broken[1], broken[0])
		}
	}
}

// func's file repeats what the manifests say: it cannot include them.
func TestFunc_SaysWhatTheManifestsSay(t *testing.T) {
	var f struct {
		Run struct {
			Envs    []struct{ Name, Value string }
			Volumes []struct{ ConfigMap, Path string }
		}
		Deploy struct {
			ServiceAccountName string
			HealthEndpoints    struct{ Liveness, Readiness string }
			Options            struct {
				Scale     struct{ Min, Max, Target json.Number }
				Resources struct {
					Requests map[string]string
					Limits   struct {
						CPU, Memory string
						Concurrency int
					}
				}
			}
		}
	}
	if err := json.Unmarshal(asJSON(t, funcYAML(t)), &f); err != nil {
		t.Fatal(err)
	}
	all := parse(t, render(t, root+"/base"))
	w := find(t, all, "serving.knative.dev/v1", "Service")
	p := w.Spec.Template.Spec
	c := p.Containers[0]
	for i, same := range []bool{
		f.Deploy.ServiceAccountName == p.ServiceAccountName,
		f.Deploy.HealthEndpoints.Liveness == c.LivenessProbe.HTTPGet.Path,
		f.Deploy.HealthEndpoints.Readiness == c.ReadinessProbe.HTTPGet.Path,
		maps.Equal(f.Deploy.Options.Resources.Requests, c.Resources.Requests),
		f.Deploy.Options.Resources.Limits.CPU == c.Resources.Limits["cpu"],
		f.Deploy.Options.Resources.Limits.Memory == c.Resources.Limits["memory"],
		f.Deploy.Options.Resources.Limits.Concurrency == p.ContainerConcurrency,
		len(f.Run.Volumes) == 1 && f.Run.Volumes[0].Path == "/etc/pixmill",
	} {
		if !same {
			t.Errorf("difference %d between func.yaml %+v and %+v", i, f, p)
		}
	}
	annotations := w.Spec.Template.Metadata.Annotations
	for name, value := range map[string]json.Number{
		"min-scale": f.Deploy.Options.Scale.Min, "max-scale": f.Deploy.Options.Scale.Max, "target": f.Deploy.Options.Scale.Target,
	} {
		if annotations["autoscaling.knative.dev/"+name] != value.String() {
			t.Errorf("%s is %s in func.yaml, and %v", name, value, annotations)
		}
	}
	env := configMap(all, c.EnvFrom[0].ConfigMapRef)
	for _, e := range f.Run.Envs {
		if !slices.Contains(variables, e.Name) || !strings.HasPrefix(e.Value, "{{ secret:pixmill-s3:") && e.Value != env[e.Name] {
			t.Errorf("func.yaml has %s=%s, the manifests %q", e.Name, e.Value, env[e.Name])
		}
	}
}
