package kube

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFromEnvironment_WithoutClusterSaysSo(t *testing.T) {
	if _, err := FromEnvironment(t.Context(), func(string) string { return "" }); !errors.Is(err, ErrNoCluster) {
		t.Errorf("error is %v, want ErrNoCluster", err)
	}
}

func TestNeed_WorksInNoClusterThatNobodyAskedFor(t *testing.T) {
	for _, env := range []map[string]string{
		{VarConfig: "/a/cluster", varPlaces: ""},
		{VarConfig: "/a/cluster", varPlaces: "local,localstack"},
		{VarConfig: "", varPlaces: "local,knative"},
	} {
		for name, value := range env {
			t.Setenv(name, value)
		}
		t.Run("", func(t *testing.T) {
			Need(t)
			t.Errorf("with %q it was not skipped", env)
		})
	}
}

func TestFromEnvironment_RefusesWhatIsNoAddress(t *testing.T) {
	env := map[string]string{VarConfig: "x", VarKubectl: "true", VarDomain: "d", VarIngress: "10.0.0.1:80"}
	_, err := FromEnvironment(t.Context(), func(name string) string { return env[name] })
	if err == nil || !strings.Contains(err.Error(), VarIngress) {
		t.Errorf("error is %v, want one that names %s", err, VarIngress)
	}
	env[VarIngress] = "http://10.0.0.1"
	c, err := FromEnvironment(t.Context(), func(name string) string { return env[name] })
	if err != nil || c.Ingress != "10.0.0.1:80" || c.Host("s", "n") != "s.n.d" {
		t.Errorf("cluster is %+v, %v", c, err)
	}
}

func TestClient_ConnectsToTheIngressForAnyHost(t *testing.T) {
	seen := make(chan string, 8)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen <- r.Proto + " " + r.Host
	}))
	srv.Config.Protocols = new(http.Protocols)
	srv.Config.Protocols.SetHTTP1(true)
	srv.Config.Protocols.SetUnencryptedHTTP2(true)
	srv.Start()
	defer srv.Close()
	c := &Cluster{Ingress: srv.Listener.Addr().String()}
	for _, d := range []Dial{{}, {Fresh: true}, {H2C: true}} {
		client := c.Client(d)
		for range 2 {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://pixmill.somewhere.invalid/", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			res, err := client.Do(r)
			if err != nil {
				t.Fatalf("%+v: %v", d, err)
			}
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
			want := "HTTP/1.1 pixmill.somewhere.invalid"
			if d.H2C {
				want = "HTTP/2.0 pixmill.somewhere.invalid"
			}
			if got := <-seen; got != want {
				t.Errorf("%+v: server saw %q, want %q", d, got, want)
			}
		}
		client.CloseIdleConnections()
	}
}

// somePods are two, one that is about to end, and one that has ended.
const somePods = `{"items": [
	{"metadata": {"name": "young", "creationTimestamp": "2020-01-01T00:00:02Z", "labels": {"pod-template-hash": "h"}},
	 "spec": {"containers": [{"name": "user-container"}, {"name": "queue-proxy"}]},
	 "status": {"phase": "Running", "podIP": "10.1.1.1", "conditions": [{"type": "Ready", "status": "True"}],
	  "containerStatuses": [{"name": "queue-proxy", "restartCount": 7}, {"name": "user-container", "restartCount": 1,
	   "containerID": "containerd://abc", "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}}]}},
	{"metadata": {"name": "old", "creationTimestamp": "2020-01-01T00:00:01Z"}, "spec": {"containers": [{"name": "c"}]}, "status": {"phase": "Pending"}},
	{"metadata": {"name": "ending", "deletionTimestamp": "2020-01-01T00:00:01Z"}, "spec": {"containers": [{"name": "c"}]}},
	{"metadata": {"name": "evicted"}, "spec": {"containers": [{"name": "c"}]}, "status": {"phase": "Failed"}}]}`

func TestPods_LeavesOutWhatIsEnding(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/namespaces/n/pods" && r.FormValue("labelSelector") == "a=b" {
			_, _ = io.WriteString(w, somePods)
		}
	}))
	defer srv.Close()
	api := &API{url: srv.URL, client: srv.Client()}
	for through, list := range map[string]func() ([]Pod, error){
		"kubectl": func() ([]Pod, error) { return printing(t, somePods).Pods(t.Context(), "a=b") },
		"the API": func() ([]Pod, error) { return api.Pods(t.Context(), "n", "a=b") },
	} {
		pods, err := list()
		if err != nil || len(pods) != 2 || pods[0].Name != "old" || Ready(pods) != 1 {
			t.Fatalf("through %s: pods are %+v, %v; want old and young, of which one is ready", through, pods, err)
		}
		got := pods[1]
		if got.Restarts != 1 || got.LastExit != (LastExit{"OOMKilled", 137}) || got.Container != "abc" || got.Owner != "h" || got.IP != "10.1.1.1" {
			t.Errorf("through %s: pod is %+v", through, got)
		}
	}
}

// printing is a kubectl that prints a text whatever it is asked.
func printing(t *testing.T, text string) Kubectl {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubectl")
	script := "#!/bin/sh\ncat <<'END'\n" + text + "\nEND\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return Kubectl{path: path}
}

func TestRun_ErrorHasTheCommandAndWhatKubectlSaid(t *testing.T) {
	k := Kubectl{path: "/bin/sh"}
	_, err := k.Run(t.Context(), "-c", "echo forbidden >&2; exit 1")
	if err == nil || !strings.Contains(err.Error(), "kubectl -c") || !strings.Contains(err.Error(), "forbidden") {
		t.Errorf("error is %v", err)
	}
}

// The overlay is read by kustomize itself, and by the cluster's Knative.
func TestApply_SetsWhatIsAskedAndLeavesTheRest(t *testing.T) {
	c := Need(t)
	n := c.ForTest(t, "kube")
	ctx := t.Context()
	err := n.Apply(ctx, Overlay{
		Dir: "testdata/overlay", Image: "dev.local/other:7", Config: "a: 1\nb: two\n",
		Env:         map[string]string{"KEPT": "no longer", "NEW": "=x, \"y\""},
		Annotations: map[string]string{"autoscaling.knative.dev/max-scale": "2"},
		Requests:    map[string]string{"cpu": "20m"},
		Patches:     []Patch{{"Service", []Op{Set("/spec/template/spec/containerConcurrency", 3)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Spec struct {
			Template struct {
				Metadata struct{ Annotations map[string]string }
				Spec     struct {
					ContainerConcurrency int
					Containers           []struct {
						Image     string
						Env       []struct{ Name, Value string }
						Resources struct{ Requests, Limits map[string]string }
					}
					Volumes []struct{ ConfigMap struct{ Name string } }
				}
			}
		}
	}
	if err := n.JSON(ctx, &s, "get", "ksvc", "thing"); err != nil {
		t.Fatal(err)
	}
	pod := s.Spec.Template.Spec
	first := pod.Containers[0]
	if first.Image != "dev.local/other:7" || pod.ContainerConcurrency != 3 || len(first.Env) != 2 ||
		first.Env[0].Value != "no longer" || first.Env[1].Value != "=x, \"y\"" ||
		first.Resources.Requests["cpu"] != "20m" || first.Resources.Requests["memory"] != "16Mi" || first.Resources.Limits["memory"] != "64Mi" {
		t.Errorf("the pods are to be %+v", pod)
	}
	notes := s.Spec.Template.Metadata.Annotations
	if notes["autoscaling.knative.dev/max-scale"] != "2" || notes["autoscaling.knative.dev/window"] != "6s" {
		t.Errorf("annotations are %q", notes)
	}
	var config struct{ Data map[string]string }
	if err := n.JSON(ctx, &config, "get", "configmap", pod.Volumes[0].ConfigMap.Name); err != nil || config.Data[configFile] != "a: 1\nb: two\n" {
		t.Errorf("configuration is %q, %v", config.Data, err)
	}
}

func TestSecret_IsOnNoCommandLine(t *testing.T) {
	dir := t.TempDir()
	k := Kubectl{path: filepath.Join(dir, "kubectl"), namespace: "here"}
	script := "#!/bin/sh\necho \"$@\" >" + dir + "/args\ncat >" + dir + "/stdin\n"
	if err := os.WriteFile(k.path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := k.Secret(t.Context(), "s", map[string]string{"KEY": "hush"}); err != nil {
		t.Fatal(err)
	}
	args, _ := os.ReadFile(dir + "/args")
	stdin, _ := os.ReadFile(dir + "/stdin")
	if strings.Contains(string(args), "hush") || !json.Valid(stdin) || !strings.Contains(string(stdin), `"hush"`) || !strings.HasPrefix(string(args), "--namespace here ") {
		t.Errorf("arguments are %q, standard input %q", args, stdin)
	}
}

func TestForTest_RemovesTheNamespace(t *testing.T) {
	c := Need(t)
	var name string
	t.Run("inner", func(t *testing.T) { name = c.ForTest(t, "kube").Name })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		out, err := c.Run(ctx, "get", "namespaces", "-o", "name")
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(strings.Fields(string(out)), "namespace/"+name) {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
}
