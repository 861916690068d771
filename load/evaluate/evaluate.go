package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pixmill/bench/stand"
	"pixmill/bench/work"
	"pixmill/e2e/kube"
	"pixmill/internal/runtime/store"
)

// lab is what all forms share.
type lab struct {
	settings settings
	cluster  *kube.Cluster
	api      *kube.API
	nodes    []string
	image    string
	s3       store.Endpoint
}

// result is what was measured of one form.
type result struct {
	form
	First    time.Duration // until the first image was answered
	Rising   phase
	Constant phase
	Served   []served // in the constant load, before the fault
}

// evaluate measures one form after the other.
func evaluate(ctx context.Context, s settings) (_ []result, err error) {
	l, closing, err := open(ctx, s)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closing()) }()
	var chosen []form
	for _, f := range forms(s.Pods) {
		if s.only == "" || s.only == f.slug {
			chosen = append(chosen, f)
		}
	}
	// Knative needs some minutes until it has scaled to zero what was just deployed:
	// the others are measured meanwhile.
	places := map[string]*place{}
	defer func() {
		for _, p := range places {
			err = errors.Join(err, p.remove(context.WithoutCancel(ctx)))
		}
	}()
	for _, f := range chosen {
		if !f.knative {
			continue
		}
		p, err := l.deploy(ctx, f)
		if err != nil {
			return nil, err
		}
		places[f.slug] = p
	}
	var results []result
	for _, f := range chosen {
		say("%s: deploying", f.Name)
		r, err := l.measure(ctx, f, places)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		results = append(results, r)
	}
	return results, nil
}

// measure deploys a form unless it is deployed already, and puts both loads on it.
func (l *lab) measure(ctx context.Context, f form, places map[string]*place) (r result, err error) {
	p := places[f.slug]
	if p == nil {
		if p, err = l.deploy(ctx, f); err != nil {
			return r, err
		}
		places[f.slug] = p
	} else if err := p.settle(ctx, 5*time.Minute); err != nil {
		return r, err
	}
	defer func() {
		delete(places, f.slug)
		err = errors.Join(err, l.leave(context.WithoutCancel(ctx), p))
	}()
	w := &watch{api: l.api, nodes: l.nodes, namespace: p.Name}
	watching, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.run(watching)
	}()
	defer func() { stop(); <-ended }()

	r.form = f
	if r.First, err = p.first(ctx, filepath.Join(l.settings.root, work.Small)); err != nil {
		return r, err
	}
	if !f.knative { // which has one pod now, and may have none
		if err := p.settle(ctx, time.Minute); err != nil {
			return r, err
		}
	}
	say("%s: the first image after %v; now a rising load", f.Name, r.First.Round(time.Millisecond))
	if r.Rising, err = l.rise(ctx, p); err != nil {
		return r, err
	}
	say("%s: %d images; now a constant load, and a pod that is killed", f.Name, r.Rising.all().Images)
	if r.Constant, r.Served, err = l.holdAndKill(ctx, p); err != nil {
		return r, err
	}
	stop()
	<-ended
	if w.failures > len(w.moments)/10 {
		return r, fmt.Errorf("%d of %d looks at the pods failed, the last one: %w", w.failures, w.failures+len(w.moments), w.failed)
	}
	r.Rising.moments, r.Constant.moments = w.moments, w.moments
	return r, nil
}

// leave removes a place, and waits until its pods have ended: they would take from the
// next. Knative's drain for long, and are the last.
func (l *lab) leave(ctx context.Context, p *place) error {
	if err := p.remove(ctx); err != nil || p.form.knative {
		return err
	}
	_, err := l.cluster.Run(ctx, "wait", "pods", "-n", p.Name, "--all", "--for", "delete", "--timeout", "60s")
	return err
}

// open finds the cluster, puts the image into it, and starts an S3 that pods reach.
func open(ctx context.Context, s settings) (_ *lab, closing func() error, err error) {
	l := &lab{settings: s}
	if l.cluster, err = kube.FromEnvironment(ctx, os.Getenv); err != nil {
		return nil, nil, err
	}
	if l.image, err = kube.ImageName(s.tarball); err != nil {
		return nil, nil, fmt.Errorf("%w; `make image` makes one", err)
	}
	say("putting %s into the cluster", l.image)
	if err := l.cluster.LoadImage(ctx, s.tarball); err != nil {
		return nil, nil, err
	}
	nodes, err := l.cluster.Run(ctx, "get", "nodes", "-o", "jsonpath={.items[*].metadata.name}")
	if err != nil {
		return nil, nil, err
	}
	l.nodes = strings.Fields(string(nodes))
	if l.api, err = l.cluster.Proxy(ctx); err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "pixmill-evaluate-")
	if err != nil {
		return nil, nil, errors.Join(err, l.api.Close())
	}
	s3, err := stand.Open(ctx, dir, l.cluster.HostFromPods)
	if err != nil {
		return nil, nil, errors.Join(err, l.api.Close(), os.RemoveAll(dir))
	}
	l.s3 = s3.Endpoint()
	closing = func() error {
		return errors.Join(s3.Close(), l.api.Close(), os.RemoveAll(dir))
	}
	return l, closing, nil
}

func say(format string, values ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", values...)
}
