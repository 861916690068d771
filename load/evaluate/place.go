package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"pixmill/e2e/kube"
)

// selector finds the pods of every form.
const selector = "app.kubernetes.io/name=pixmill"

// place is a form that is deployed.
type place struct {
	form form
	*kube.Namespace
	address string // host:port that requests go to
	host    string // the Host header
	client  *http.Client
}

// deploy applies a form in a namespace of its own, and waits for nothing.
func (l *lab) deploy(ctx context.Context, f form) (_ *place, err error) {
	ns, err := l.cluster.NewNamespace(ctx, "evaluate")
	if err != nil {
		return nil, err
	}
	p := &place{form: f, Namespace: ns}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.remove(context.WithoutCancel(ctx)))
		}
	}()
	if err := ns.S3Keys(ctx, l.s3.AccessKey, l.s3.SecretKey); err != nil {
		return nil, err
	}
	if f.knative {
		p.address, p.host = l.cluster.Ingress, l.cluster.Host("pixmill", ns.Name)
	} else if err := p.open(ctx, l.cluster); err != nil {
		return nil, err
	}
	p.client = kube.Dial{Fresh: true, Limit: time.Minute}.Client(p.address)
	return p, ns.Apply(ctx, f.settings(l.settings, l.image, l.s3.URL))
}

// open lets requests in from this machine: a NodePort, and a policy that allows it.
func (p *place) open(ctx context.Context, c *kube.Cluster) error {
	labels := map[string]string{"app.kubernetes.io/name": "pixmill"}
	for _, obj := range []map[string]any{
		{
			"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": "load"},
			"spec": map[string]any{"type": "NodePort", "selector": labels, "ports": []any{map[string]any{"port": 80, "targetPort": 8080}}},
		},
		{
			"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": map[string]any{"name": "load"},
			"spec": map[string]any{"podSelector": map[string]any{"matchLabels": labels}, "policyTypes": []string{"Ingress"}, "ingress": []any{map[string]any{}}},
		},
	} {
		manifest, err := json.Marshal(obj)
		if err != nil {
			return err
		}
		if err := p.Kubectl.Apply(ctx, manifest); err != nil {
			return err
		}
	}
	port, err := p.Run(ctx, "get", "service", "load", "-o", "jsonpath={.spec.ports[0].nodePort}")
	if err != nil {
		return err
	}
	node, err := c.NodeAddress(ctx)
	p.address = net.JoinHostPort(node, string(port))
	p.host = p.address
	return err
}

// first sends an image until it is answered, and returns how long that took.
func (p *place) first(ctx context.Context, file string) (time.Duration, error) {
	photo, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	began := time.Now()
	for {
		err := p.upload(ctx, photo)
		if err == nil {
			return time.Since(began), nil
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("the first image: %w\n%s", err, p.Report(context.WithoutCancel(ctx)))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (p *place) upload(ctx context.Context, photo []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.host+"/?key=first/"+p.form.slug+".jpg", bytes.NewReader(photo))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "image/jpeg")
	res, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err == nil && res.StatusCode != http.StatusCreated {
		err = fmt.Errorf("%s: %s", res.Status, body)
	}
	return err
}

// settle waits until there are as many pods as the form has before there is a load.
func (p *place) settle(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		pods, err := p.Pods(ctx, selector)
		if err == nil && len(pods) == p.form.Min && kube.Ready(pods) == p.form.Min {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %d pods, %d of them ready, want %d: %w", p.form.Name, len(pods), kube.Ready(pods), p.form.Min, errors.Join(err, ctx.Err()))
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// kill deletes the oldest ready pod, and gives it no time to end.
func (p *place) kill(ctx context.Context) (name string, err error) {
	pods, err := p.Pods(ctx, selector)
	if err != nil {
		return "", err
	}
	for _, pod := range pods {
		if pod.Ready {
			_, err := p.Run(ctx, "delete", "pod", pod.Name, "--grace-period=0", "--force", "--wait=false")
			return pod.Name, err
		}
	}
	return "", errors.New("there is no ready pod to kill")
}

// remove deletes the namespace; pods need some seconds to end.
func (p *place) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if p.client != nil {
		p.client.CloseIdleConnections()
	}
	return p.Delete(ctx)
}
