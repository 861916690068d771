// Package kube is what tests and benchmarks need of a Kubernetes cluster: kubectl,
// namespaces that go with a test, the tree's manifests with other settings, images,
// pods, and requests through Knative's ingress.
//
// It speaks to the cluster through kubectl alone and parses nothing that kubectl can
// print as JSON. It never changes what belongs to the cluster as a whole, never works
// in a namespace that it did not make, never tries a request again, and never puts a
// secret onto a command line.
//
// All of it is found in the environment; see FromEnvironment.
package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"strings"
)

// The environment variables. Only the first must be set.
const (
	VarConfig  = "KUBECONFIG"      // of the cluster
	VarKubectl = "KUBECTL"         // the program; "kubectl"
	VarIngress = "KNATIVE_INGRESS" // where requests go: "http://192.168.49.2:31080"; the NodePort of Kourier
	VarDomain  = "KNATIVE_DOMAIN"  // services are NAME.NAMESPACE.DOMAIN; as config-domain says
	VarHost    = "HOST_FROM_PODS"  // this machine's address for pods; that of Minikube's Docker network
	VarLoad    = "LOAD_IMAGE"      // puts a tarball's images into the cluster; "minikube image load"
)

// ErrNoCluster says that KUBECONFIG is not set: tests skip then.
var ErrNoCluster = errors.New(VarConfig + " is not set: these tests want a Kubernetes cluster with Knative Serving, such as Minikube's")

// hostOfMinikube is this machine in the network of Minikube's Docker driver.
const hostOfMinikube = "192.168.49.1"

// Cluster is access to one cluster.
type Cluster struct {
	Kubectl             // in no namespace
	Ingress      string // host:port
	Domain       string // of Knative Services
	HostFromPods string // an address of this machine, to listen on
	load         []string
}

// FromEnvironment finds the cluster, and what the environment does not say of it
// where Minikube has it. The error is ErrNoCluster where no cluster is meant.
func FromEnvironment(ctx context.Context, getenv func(string) string) (*Cluster, error) {
	if getenv(VarConfig) == "" {
		return nil, ErrNoCluster
	}
	path, err := exec.LookPath(cmp.Or(getenv(VarKubectl), "kubectl"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", VarKubectl, err)
	}
	c := &Cluster{
		Kubectl:      Kubectl{path: path},
		Domain:       getenv(VarDomain),
		HostFromPods: cmp.Or(getenv(VarHost), hostOfMinikube),
		load:         strings.Fields(cmp.Or(getenv(VarLoad), "minikube image load")),
	}
	if c.Ingress, err = c.ingress(ctx, getenv(VarIngress)); err != nil {
		return nil, fmt.Errorf("%s: %w", VarIngress, err)
	}
	if c.Domain == "" {
		if c.Domain, err = c.domain(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", VarDomain, err)
		}
	}
	return c, nil
}

// ingress returns host:port of a URL, or else of Kourier's NodePort.
func (c *Cluster) ingress(ctx context.Context, given string) (string, error) {
	if given != "" {
		u, err := url.Parse(given)
		if err != nil || u.Scheme != "http" || u.Host == "" {
			return "", fmt.Errorf("%q: want http://HOST or http://HOST:PORT", given)
		}
		return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "80")), nil
	}
	port, err := c.Run(ctx, "get", "service", "kourier", "-n", "kourier-system",
		"-o", `jsonpath={.spec.ports[?(@.name=="http2")].nodePort}`)
	if err != nil {
		return "", err
	}
	node, err := c.NodeAddress(ctx)
	return net.JoinHostPort(node, string(port)), err
}

// domain returns the first domain of Knative's configuration.
func (c *Cluster) domain(ctx context.Context) (string, error) {
	var config struct{ Data map[string]string }
	if err := c.JSON(ctx, &config, "get", "configmap", "config-domain", "-n", "knative-serving"); err != nil {
		return "", err
	}
	for name := range config.Data {
		if !strings.HasPrefix(name, "_") {
			return name, nil
		}
	}
	return "", errors.New("there is no domain in the ConfigMap config-domain")
}

// NodeAddress returns the address of a node, at which NodePorts are.
func (c *Cluster) NodeAddress(ctx context.Context) (string, error) {
	out, err := c.Run(ctx, "get", "nodes", "-o", `jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}`)
	return string(out), err
}

// Host returns the host name of a Knative Service.
func (c *Cluster) Host(service, namespace string) string {
	return service + "." + namespace + "." + c.Domain
}
