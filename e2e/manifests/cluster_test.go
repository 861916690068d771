package manifests

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"pixmill/e2e/kube"
)

// dryRun lets the API server do with manifests all that it would do but keep them.
func dryRun(ctx context.Context, n *kube.Namespace, text string) error {
	_, err := n.RunWith(ctx, []byte(text), "apply", "--dry-run=server", "-f", "-")
	return err
}

// restricted returns a namespace with the "restricted" standard and the function's account: Knative's
// webhook tries a pod, which needs it.
func restricted(t *testing.T) *kube.Namespace {
	t.Helper()
	n := kube.Need(t).ForTest(t, "manifests")
	account, err := os.ReadFile(root + "/components/function/serviceaccount.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Kubectl.Apply(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	return n
}

// podOf returns the pod that a workload's template asks for.
func podOf(t *testing.T, text string) string {
	t.Helper()
	for d := yaml.NewDecoder(strings.NewReader(text)); ; {
		var document struct {
			Spec struct {
				Template struct {
					Metadata, Spec map[string]any
				}
			}
		}
		if err := d.Decode(&document); errors.Is(err, io.EOF) {
			t.Fatalf("no pod in %s", text)
		}
		template := document.Spec.Template
		if template.Spec == nil {
			continue
		}
		for _, ofKnative := range []string{"containerConcurrency", "timeoutSeconds"} {
			delete(template.Spec, ofKnative)
		}
		pod, err := json.Marshal(map[string]any{
			"apiVersion": "v1", "kind": "Pod", "spec": template.Spec,
			"metadata": map[string]any{"name": "trial", "labels": template.Metadata["labels"]},
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(pod)
	}
}

// The API server, Knative's webhooks, and for the pod the "restricted" standard.
func TestCluster_TakesEachOverlay(t *testing.T) {
	n := restricted(t)
	for _, dir := range overlays(t) {
		text := render(t, dir)
		if err := dryRun(t.Context(), n, text+"---\n"+podOf(t, text)); err != nil {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

// brokenIn returns what of rendered manifests has a part, with another in its place; empty
// where nothing has it.
func brokenIn(text, part, broken string) string {
	for _, document := range strings.Split(text, "\n---\n") {
		if strings.Contains(document+"\n", part) {
			return strings.Replace(document+"\n", part, broken, 1)
		}
	}
	return ""
}

// The same dry run refuses what is wrong, and says why.
func TestCluster_RefusesBrokenOverlays(t *testing.T) {
	n := restricted(t)
	shipped := map[string]string{}
	for _, dir := range overlays(t) {
		shipped[filepath.Base(dir)] = render(t, dir)
	}
	for _, tt := range []struct{ overlay, old, broken, want string }{
		{"minikube", "containerConcurrency: 4", "containerConcurrency: -4", "expected 0 <= -4"},
		{"minikube", "timeoutSeconds: 300", "timeoutSeconds: 7000", "expected 0 <= 7000"},
		{"minikube", `max-scale: "10"`, `max-scale: "many"`, "max-scale"},
		{"minikube", "name: function\n", "name: function\n        lifecycle:\n          preStop: {sleep: {seconds: 5}}\n", "lifecycle"},
		{"minikube", "serviceAccountName: pixmill", "serviceAccountName: nobody", `serviceaccount "nobody" not found`},
		{"minikube", "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "violates PodSecurity"},
		{"hpa", "minReplicas: 3", "minReplicas: 30", "must be greater than or equal to `minReplicas`"},
		{"eks", "cidr: ::/0", "cidr: ::/129", "must be a valid CIDR value"},
		{"hpa", "whenUnsatisfiable: ScheduleAnyway", "whenUnsatisfiable: Sometimes", "Unsupported value"},
		{"hpa", "preStop:", "preStopping:", "unknown field"},
		{"hpa", "unhealthyPodEvictionPolicy: AlwaysAllow", "unhealthyPodEvictionPolicy: Always", "unhealthyPodEvictionPolicy"},
		{"ingress", "pathType: Exact", "pathType: Same", "pathType"},
	} {
		text := brokenIn(shipped[tt.overlay], tt.old, tt.broken)
		if text == "" {
			t.Errorf("there is no %q in %s to break", tt.old, tt.overlay)
			continue
		}
		err := dryRun(t.Context(), n, text)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s in place of %s in %s: %v, want %q", tt.broken, tt.old, tt.overlay, err, tt.want)
		}
	}
	// Of a Deployment's pods, the standard only warns until they are there.
	pod := strings.Replace(podOf(t, shipped["hpa"]), `"runAsNonRoot":true`, `"runAsNonRoot":false`, 1)
	if err := dryRun(t.Context(), n, pod); err == nil || !strings.Contains(err.Error(), "violates PodSecurity") {
		t.Errorf("a pod that runs as root: %v", err)
	}
}

// Both forms become ready as they are shipped but for their request of CPU, with no
// store that could be reached: readiness does not ask for one.
func TestCluster_PodsBecomeReady(t *testing.T) {
	image, err := filepath.Abs(cmp.Or(os.Getenv("PIXMILL_E2E_IMAGE"), "../../dist/image.tar"))
	if err != nil {
		t.Fatal(err)
	}
	c := kube.Need(t)
	name, err := kube.ImageName(image)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%v: run make image", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := c.LoadImage(t.Context(), image); err != nil {
		t.Fatal(err)
	}
	for overlay, ready := range map[string]func(*kube.Namespace) error{
		"minikube": func(n *kube.Namespace) error {
			return n.Wait(t.Context(), time.Minute, "ksvc/pixmill", "condition=Ready")
		},
		"hpa": func(n *kube.Namespace) error {
			return errors.Join(
				n.Wait(t.Context(), time.Minute, "deployment/pixmill", "jsonpath={.status.readyReplicas}=3"), // which only the HPA asks for
				n.Wait(t.Context(), time.Minute, "pdb/pixmill", "jsonpath={.status.disruptionsAllowed}=1"),
			)
		},
	} {
		n := c.ForTest(t, "manifests-"+overlay)
		if err := n.S3Keys(t.Context(), "nobody", "nothing"); err != nil {
			t.Fatal(err)
		}
		o := kube.Overlay{Dir: root + "/overlays/" + overlay, Image: name, Requests: map[string]string{"cpu": "20m"}}
		if err := n.Apply(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if err := ready(n); err != nil {
			t.Errorf("%s: %v", overlay, err)
		}
	}
}
