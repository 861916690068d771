package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"pixmill/bench/pods"
	"pixmill/bench/stand"
	"pixmill/bench/work"
	"pixmill/e2e/kube"
)

// What is the same for all services: they go to zero as soon as Knative lets them, and
// ask for little, so that pods that drain are in nobody's way.
const (
	window    = "6s"
	delay     = "0s"
	cpu       = "25m"
	memory    = "64Mi"
	cpuMost   = "1"
	memoryMax = "1Gi"
)

// helloService is the other service. It has what matters for the start of a pod in
// common with Pixmill's; it mounts nothing.
const helloService = `
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: hello}
spec:
  template:
    metadata:
      annotations:
        autoscaling.knative.dev/window: %q
        autoscaling.knative.dev/scale-down-delay: %q
    spec:
      enableServiceLinks: false
      containers:
        - image: %s
          ports: [{containerPort: 8080}]
          resources:
            requests: {cpu: %q, memory: %q}
            limits: {cpu: %q, memory: %q}
          readinessProbe:
            httpGet: {path: /, port: 8080}
          securityContext:
            runAsNonRoot: true
            readOnlyRootFilesystem: true
            allowPrivilegeEscalation: false
            capabilities: {drop: [ALL]}
            seccompProfile: {type: RuntimeDefault}
`

// getRoot is the request that all services answer.
const getRoot = "GET /"

// bench is what is deployed, and what was measured.
type bench struct {
	settings
	place    *pods.Place
	random   *rand.Rand
	images   []*image
	services []*service
}

// image is one of those whose start is measured.
type image struct {
	*pods.Image
	words string
	loads []time.Duration // how long a node took to get it, nothing of it being there
}

// service is one that is started from zero.
type service struct {
	*pods.Service
	image *image
	words string                                 // the request
	send  func(ctx context.Context, n int) error // the n-th
	warm  []time.Duration                        // from an image that was there
	fresh []time.Duration                        // from one that had just come
}

// deploy puts the images into the cluster and makes the services.
func (b *bench) deploy(ctx context.Context, hello string, photo []byte) error {
	keys, err := b.place.Put(ctx, "start", photo, 1+b.count+b.fresh)
	if err != nil {
		return err
	}
	helloImage, err := b.place.ProgramImage(hello, "hello")
	if err != nil {
		return err
	}
	small, err := b.place.ReadImage(b.settings.image, "pixmill")
	if err != nil {
		return err
	}
	full, err := b.place.ReadImage(b.full, "pixmill-full")
	if err != nil {
		return err
	}
	b.images = []*image{{Image: helloImage, words: "hello world"}, {Image: small, words: "pixmill"}, {Image: full, words: "pixmill, full"}}
	for _, i := range b.images {
		if _, err := b.place.Load(ctx, i.Image); err != nil {
			return err
		}
	}
	get := func(s *pods.Service) func(context.Context, int) error {
		return func(ctx context.Context, _ int) error { _, err := s.Get(ctx); return err }
	}
	for _, d := range []struct {
		image *image
		words string
		send  func(s *pods.Service) func(context.Context, int) error
	}{
		{b.images[0], getRoot, get},
		{b.images[1], getRoot, get},
		{b.images[1], "four variants of the photograph", func(s *pods.Service) func(context.Context, int) error {
			return func(ctx context.Context, n int) error { return s.Make(ctx, keys[n]) }
		}},
		{b.images[2], getRoot, get},
	} {
		s, err := b.service(ctx, d.image)
		if err != nil {
			return err
		}
		b.services = append(b.services, &service{Service: s, image: d.image, words: d.words, send: d.send(s)})
	}
	return nil
}

func (b *bench) service(ctx context.Context, i *image) (*pods.Service, error) {
	if i == b.images[0] {
		text := fmt.Sprintf(helloService, window, delay, i.Name, cpu, memory, cpuMost, memoryMax)
		return b.place.Manifest(ctx, "podstart", "hello", []byte(text))
	}
	return b.place.Pixmill(ctx, "podstart", i.Name, kube.Overlay{
		Config:      work.Four(stand.SourceBucket, stand.OutputBucket),
		Annotations: map[string]string{"autoscaling.knative.dev/window": window, "autoscaling.knative.dev/scale-down-delay": delay},
		Requests:    map[string]string{"cpu": cpu, "memory": memory},
		Limits:      map[string]string{"cpu": cpuMost, "memory": memoryMax},
	})
}
