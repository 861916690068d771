// Package pods is the place in which benchmarks measure in a Kubernetes cluster: an S3
// on this machine that pods can reach, and Knative Services, each in a namespace of its
// own, that go when the benchmark ends. What is deployed is the overlay for Minikube as
// it is shipped, with the image, the S3 and the few settings that are measured.
package pods

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"pixmill/bench/stand"
	"pixmill/e2e/kube"
)

// Times that bound how long something may take.
const (
	deployTime = 2 * time.Minute
	patience   = time.Minute // of a request
	zeroTime   = 5 * time.Minute
	cleanTime  = 30 * time.Second
)

// zeroPoll is the time between two looks for pods: each costs a run of kubectl.
const zeroPoll = 500 * time.Millisecond

// Place is a cluster with an S3 beside it.
type Place struct {
	*kube.Cluster
	*stand.Stand

	dir      string // a temporary one
	overlay  string
	services []*Service
}

// Open opens a place at the root of the repository. As with stand.Open, the process
// works in another directory from then on. The error is kube.ErrNoCluster where the
// environment names no cluster.
func Open(ctx context.Context) (_ *Place, err error) {
	p := &Place{}
	if p.Cluster, err = kube.FromEnvironment(ctx, os.Getenv); err != nil {
		return nil, err
	}
	if p.overlay, err = filepath.Abs("knative/overlays/minikube"); err != nil {
		return nil, err
	}
	if _, err := os.Stat(p.overlay); err != nil {
		return nil, fmt.Errorf("%w (run it at the root of the repository)", err)
	}
	if p.dir, err = os.MkdirTemp("", "pixmill-pods-"); err != nil {
		return nil, err
	}
	if p.Stand, err = stand.Open(ctx, filepath.Join(p.dir, "s3"), p.HostFromPods); err != nil {
		return nil, errors.Join(err, os.RemoveAll(p.dir))
	}
	return p, nil
}

// Close removes everything. It also does that when the benchmark was interrupted.
func (p *Place) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), cleanTime)
	defer cancel()
	var errs []error
	for _, s := range p.services {
		errs = append(errs, s.Remove(ctx))
	}
	return errors.Join(append(errs, p.Stand.Close(), os.RemoveAll(p.dir))...)
}

// Service is a Knative Service in a namespace of its own.
type Service struct {
	*kube.Namespace
	name   string
	url    string
	client *http.Client
}

// Pixmill deploys the function from an image that is in the cluster. Of the overlay,
// Env, Annotations, Requests, Limits, Config and Patches may be set.
func (p *Place) Pixmill(ctx context.Context, prefix, image string, o kube.Overlay) (*Service, error) {
	s, err := p.service(ctx, prefix, "pixmill")
	if err != nil {
		return nil, err
	}
	e := p.Endpoint()
	if err := s.S3Keys(ctx, e.AccessKey, e.SecretKey); err != nil {
		return nil, err
	}
	env := map[string]string{"AWS_ENDPOINT_URL_S3": e.URL, "AWS_REGION": e.Region}
	for name, value := range o.Env {
		env[name] = value
	}
	o.Dir, o.Image, o.Env = p.overlay, image, env
	if err := s.Apply(ctx, o); err != nil {
		return nil, err
	}
	return s, s.await(ctx)
}

// Manifest deploys another Knative Service than Pixmill's: its manifest, and its name in that.
func (p *Place) Manifest(ctx context.Context, prefix, name string, manifest []byte) (*Service, error) {
	s, err := p.service(ctx, prefix, name)
	if err != nil {
		return nil, err
	}
	if err := s.Namespace.Kubectl.Apply(ctx, manifest); err != nil {
		return nil, err
	}
	return s, s.await(ctx)
}

func (p *Place) service(ctx context.Context, prefix, name string) (*Service, error) {
	n, err := p.NewNamespace(ctx, prefix)
	if err != nil {
		return nil, err
	}
	s := &Service{
		Namespace: n, name: name,
		url:    "http://" + p.Host(name, n.Name) + "/",
		client: p.Client(kube.Dial{Limit: patience}),
	}
	p.services = append(p.services, s)
	return s, nil
}

// await waits until a new Service answers.
func (s *Service) await(ctx context.Context) error {
	return s.Explain(ctx, s.Wait(ctx, deployTime, "ksvc/"+s.name, "condition=Ready"))
}

// Explain adds what is in the namespace to an error, unless it is none or the benchmark
// was interrupted.
func (s *Service) Explain(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("%w\n%s", err, s.Report(ctx))
}

// Remove removes it, and does not wait for that. It may be called again.
func (s *Service) Remove(ctx context.Context) error {
	s.client.CloseIdleConnections()
	return s.Delete(ctx)
}

// Pods are those that are not about to end.
func (s *Service) Pods(ctx context.Context) ([]kube.Pod, error) {
	return s.Namespace.Pods(ctx, "serving.knative.dev/service="+s.name)
}

// AwaitZero waits until there is no pod but those that are about to end, which take no
// requests, though they may take half a minute to go.
func (s *Service) AwaitZero(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, zeroTime)
	defer cancel()
	for {
		pods, err := s.Pods(ctx)
		if err != nil {
			return fmt.Errorf("waiting until no pod is left: %w", err)
		}
		if len(pods) == 0 {
			return nil
		}
		if err := Sleep(ctx, zeroPoll); err != nil {
			return fmt.Errorf("waiting until no pod is left: %w", err)
		}
	}
}

// Get sends what a browser would.
func (s *Service) Get(ctx context.Context) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, http.NoBody)
	if err != nil {
		return "", err
	}
	return stand.Do(s.client, r)
}

// Make has a source's variants made.
func (s *Service) Make(ctx context.Context, key string) error {
	return stand.Make(ctx, s.client, s.url, key)
}

// Sleep waits, or returns ctx's error.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
