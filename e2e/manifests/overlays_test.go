package manifests

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pixmill"
)

func TestOverlays_KeepTheirPromises(t *testing.T) {
	for _, dir := range overlays(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			for _, p := range problems(parse(t, render(t, dir))) {
				t.Error(p)
			}
		})
	}
}

// Each of these is an overlay that somebody broke.
func TestProblems_AreFound(t *testing.T) {
	shipped := map[string]string{"hpa": "", "minikube": ""}
	for name := range shipped {
		shipped[name] = render(t, root+"/overlays/"+name)
	}
	for _, tt := range []struct{ overlay, old, broken, want string }{
		{"hpa", "pixmill:dev", "pixmill:latest", "image is"},
		{"hpa", "dev.local/pixmill:dev", "pixmill:dev", "image is"},
		{"hpa", "dev.local/pixmill:dev", "dev.local/pixmill", "image is"},
		{"hpa", "memory: 1Gi", "ephemeral-storage: 1Gi", "memory is requested"},
		{"hpa", "runAsNonRoot: true", "runAsNonRoot: false", "runs as root"},
		{"hpa", "readOnlyRootFilesystem: true", "privileged: false", "can write to its root"},
		{"hpa", "allowPrivilegeEscalation: false", "privileged: false", "can gain privileges"},
		{"hpa", "- ALL", "- NET_RAW", "has capabilities"},
		{"hpa", "type: RuntimeDefault", "type: Unconfined", "all of the system calls"},
		{"hpa", "path: /health/liveness", "path: /", "liveness probe"},
		{"hpa", "terminationGracePeriodSeconds: 30\n", "successThreshold: 1\n", "a process that hangs"},
		{"hpa", "startupProbe:", "otherProbe:", "startup probe"},
		{"minikube", "path: /health/readiness", "path: /ready", "readiness probe"},
		{"hpa", "preStop:", "postStart:", "does not wait"},
		{"hpa", "automountServiceAccountToken: false", "automountServiceAccountToken: true", "gets a token"},
		{"minikube", "serviceAccountName: pixmill", "serviceAccountName: default", `account "default" is not there`},
		{"minikube", "AWS_REGION: us-east-1", "AWS_REGOIN: us-east-1", "nobody reads AWS_REGOIN"},
		{"minikube", "AWS_REGION: us-east-1", `AWS_REGION: ""`, "has no AWS_REGION"},
		{"minikube", "AWS_REGION: us-east-1", "AWS_REGION: us-east-1\n  AWS_SECRET_ACCESS_KEY: abc", "AWS_SECRET_ACCESS_KEY is in the tree"},
		{"minikube", "source: {bucket: uploads", "source: {bukcet: uploads", "refuses its settings"},
		{"minikube", "kind: ConfigMap", "kind: Secret", "the Secret pixmill-"},
		{"minikube", "PIXMILL_GRACE: 240s", "PIXMILL_GRACE: 280s", "the pod has 5m0s"},
		{"hpa", "PIXMILL_GRACE: 240s", "PIXMILL_GRACE: soon", "PIXMILL_GRACE"},
		{"minikube", "timeoutSeconds: 300", "timeoutSeconds: 280", "Knative waits 280 s"},
		{"hpa", "terminationGracePeriodSeconds: 300", "terminationGracePeriodSeconds: 240", "the pod has 4m0s"},
		{"hpa", "kind: NetworkPolicy", "kind: NetworkPolicies", "1 network policies"},
		{"hpa", "podSelector:\n    matchLabels:\n      app.kubernetes.io/name: pixmill", "podSelector:\n    matchLabels:\n      app.kubernetes.io/name: pixmil", "NetworkPolicy pixmill-egress selects"},
		{"hpa", "selector:\n    app.kubernetes.io/name: pixmill", "selector:\n    app: pixmill", "Service pixmill selects"},
		{"minikube", "template:", "templates:", "no workload"},
	} {
		text := shipped[tt.overlay]
		if !strings.Contains(text, tt.old) {
			t.Errorf("there is no %q in %s to break", tt.old, tt.overlay)
			continue
		}
		found := problems(parse(t, strings.Replace(text, tt.old, tt.broken, 1)))
		if !slices.ContainsFunc(found, func(p string) bool { return strings.Contains(p, tt.want) }) {
			t.Errorf("%s in place of %s in %s: found %q, want %q", tt.broken, tt.old, tt.overlay, found, tt.want)
		}
	}
}

// Who has no configuration of their own gets the one that is built in, on a cluster too.
func TestConfig_IsTheBuiltInOne(t *testing.T) {
	text, err := os.ReadFile(root + "/components/function/pixmill.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := same(string(text), pixmill.DefaultConfig); !ok || err != nil {
		t.Errorf("knative/components/function/pixmill.yaml asks for something else than pixmill.yaml: %v", err)
	}
	other := strings.Replace(pixmill.DefaultConfig, "width: 1600", "width: 1601", 1)
	if ok, err := same(string(text), other); ok || err != nil {
		t.Errorf("another width is the same: %v", err)
	}
}

// No keys where a role gives them, and keys where none does.
func TestOverlays_KeysOnlyWhereThereIsNoRole(t *testing.T) {
	for _, dir := range overlays(t) {
		text := render(t, dir)
		role, keys := strings.Contains(text, "eks.amazonaws.com/role-arn"), strings.Contains(text, "secretKeyRef")
		if role == keys || role != strings.Contains(dir, "eks") {
			t.Errorf("%s has a role: %v, keys: %v", dir, role, keys)
		}
	}
}

// Where there is an internet before it, a function without authentication stays inside.
func TestOverlays_CloudsKeepItInside(t *testing.T) {
	for overlay, want := range map[string]string{
		"eks": "networking.knative.dev/visibility: cluster-local", "gke": "networking.knative.dev/visibility: cluster-local",
		"eks-hpa": "alb.ingress.kubernetes.io/scheme: internal", "loadbalancer": "loadBalancerSourceRanges:",
	} {
		if text := render(t, root+"/overlays/"+overlay); !strings.Contains(text, want) {
			t.Errorf("%s has no %s", overlay, want)
		}
	}
}

// Clusters resolve names at different addresses, some of them the node's, of which nothing
// else may be reached.
func TestOverlays_CloudsReachNamesAndNotTheNode(t *testing.T) {
	for _, overlay := range []string{"eks", "eks-hpa", "gke"} {
		text := render(t, root+"/overlays/"+overlay)
		for _, want := range []string{
			"  - ports:\n    - port: 53\n      protocol: UDP\n    - port: 53\n      protocol: TCP\n  - ports:\n    - port: 443\n", // with no `to` between
			"cidr: 0.0.0.0/0\n        except:\n        - 169.254.0.0/16\n",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s has no\n%s", overlay, want)
			}
		}
	}
}

// Each file belongs to some kustomization: one that nobody names is one that nobody applies.
func TestFiles_AreAllUsed(t *testing.T) {
	var named []string
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" || filepath.Base(path) == "func.yaml" {
			return err
		}
		if filepath.Base(path) != "kustomization.yaml" {
			files = append(files, path)
			return nil
		}
		text, err := os.ReadFile(path)
		for _, word := range strings.FieldsFunc(string(text), func(r rune) bool { return strings.ContainsRune(" []\n,", r) }) {
			named = append(named, filepath.Join(filepath.Dir(path), word))
		}
		return err
	})
	if err != nil || len(files) < 20 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if !slices.Contains(named, f) {
			t.Errorf("no kustomization names %s", f)
		}
	}
}

// The overlay that README shows is one, with both forms.
func TestReadme_OwnOverlayKeepsThePromises(t *testing.T) {
	text, err := os.ReadFile(root + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, ok := strings.Cut(string(text), "    apiVersion: kustomize")
	shown, _, end := strings.Cut("apiVersion: kustomize"+shown, "\n\n")
	if !ok || !end {
		t.Fatal("README shows no overlay")
	}
	tree, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"base", "deployment"} {
		dir := t.TempDir()
		if err := errors.Join(
			os.Symlink(tree, filepath.Join(dir, "pixmill")),
			os.Mkdir(filepath.Join(dir, "mine"), 0o755),
			os.WriteFile(filepath.Join(dir, "mine", "kustomization.yaml"), []byte(strings.ReplaceAll(strings.Replace(shown, "/base", "/"+form, 1), "\n    ", "\n")), 0o600),
			os.WriteFile(filepath.Join(dir, "mine", "pixmill.yaml"), []byte("revision: 7\n"+pixmill.DefaultConfig), 0o600),
		); err != nil {
			t.Fatal(err)
		}
		rendered := render(t, filepath.Join(dir, "mine"))
		for _, p := range problems(parse(t, rendered)) {
			t.Errorf("%s: %s", form, p)
		}
		for _, want := range []string{"registry.example.com/pixmill:v1.0.0", "AWS_REGION: eu-central-1", "revision: 7", "PIXMILL_GRACE"} {
			if !strings.Contains(rendered, want) {
				t.Errorf("%s has no %q", form, want)
			}
		}
	}
}
