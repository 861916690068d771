package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pixmill/e2e/kube"
)

// pod is the function as a Knative Service in a namespace of its own, as the tree
// deploys it to Minikube. Its S3 and its queue are a `pixmill run` on this machine, which
// sends the events through the cluster's ingress.
type pod struct {
	*local
	ns *kube.Namespace
}

// podSelector selects what belongs to it.
const podSelector = "app.kubernetes.io/name=pixmill"

// knativePlace deploys in the cluster of KUBECONFIG, with the image in a tarball.
func knativePlace(t *testing.T, pixmill, tarball string) place {
	t.Helper()
	cluster, err := kube.FromEnvironment(t.Context(), os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	image, err := kube.ImageName(tarball)
	if err == nil {
		err = cluster.LoadImage(t.Context(), tarball)
	}
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := filepath.Abs("../knative/overlays/minikube")
	if err != nil {
		t.Fatal(err)
	}
	return place{name: "Knative", deploy: func(t *testing.T, p plan) target {
		t.Helper()
		d := &pod{local: newLocal(t, newProxy(t, cluster.HostFromPods)), ns: cluster.ForTest(t, "e2e-"+p.name)}
		d.deploy(kube.Overlay{
			Dir: overlay, Image: image, Config: presets,
			Env: map[string]string{endpointVariable: d.via.URL, marker: d.ns.Name},
			// One pod: what the scenarios break is broken in all of them at once.
			Annotations: map[string]string{"autoscaling.knative.dev/max-scale": "1"},
			Requests:    map[string]string{"cpu": "20m", "memory": "64Mi"},
			Limits:      map[string]string{"memory": fmt.Sprintf("%dMi", memoryMiB)},
		})
		d.start(pixmill, p, "--function", "http://"+cluster.Host("pixmill", d.ns.Name), "--function-via", cluster.Ingress)
		return d
	}}
}

// deploy returns when the function is ready.
func (d *pod) deploy(o kube.Overlay) {
	d.t.Helper()
	ctx := d.t.Context()
	err := d.ns.S3Keys(ctx, accessKey, secretKey)
	if err == nil {
		err = d.ns.Apply(ctx, o)
	}
	if err == nil {
		err = d.ns.Wait(ctx, patience, "ksvc/pixmill", "condition=Ready")
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *pod) processes() ([]int, error) { return processesOf(d.ns.Name) }

// nodesAreHere reports whether every node runs on this machine's kernel: its processes
// are then among this machine's.
func (d *pod) nodesAreHere(ctx context.Context) (bool, error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return false, err
	}
	out, err := d.ns.Run(ctx, "get", "nodes", "-o", "jsonpath={.items[*].status.nodeInfo.bootID}")
	if err != nil {
		return false, err
	}
	nodes := strings.Fields(string(out))
	other := func(node string) bool { return node != strings.TrimSpace(string(id)) }
	return len(nodes) > 0 && !slices.ContainsFunc(nodes, other), nil
}

// fate: an event is tried once with others in the process, and then alone.
func (*pod) fate() fate { return fate{deaths: 3, givenUp: true} }

// logs are those of the function, and behind them those of the runtime.
func (d *pod) logs(ctx context.Context) (string, error) {
	out, err := d.ns.Run(ctx, "logs", "-l", podSelector, "-c", "function", "--tail", "-1", "--ignore-errors")
	return string(out) + d.log.String(), err
}

// stop ends the runtime first, which has the events, and then the pods at once: they
// have nothing to finish. What else there is goes with the namespace.
func (d *pod) stop(ctx context.Context) (leftovers, error) {
	left, err := d.local.stop(ctx)
	_, serviceErr := d.ns.Run(ctx, "delete", "ksvc", "pixmill", "--wait=false")
	_, podErr := d.ns.Run(ctx, "delete", "pods", "-l", podSelector, "--grace-period=1", "--wait=false")
	return left, errors.Join(err, serviceErr, podErr)
}
