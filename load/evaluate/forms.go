package main

import (
	"fmt"
	"path/filepath"

	"pixmill/e2e/kube"
)

// form is one way to deploy.
type form struct {
	Name    string // in tables
	slug    string // in names of files
	overlay string
	Min     int // pods
	Max     int
	knative bool
}

// forms are those that are compared, in the order of the tables.
func forms(pods int) []form {
	const deployment, knative = "knative/overlays/hpa", "knative/overlays/minikube"
	return []form{
		{Name: "1 pod", slug: "one", overlay: deployment, Min: 1, Max: 1},
		{Name: fmt.Sprintf("%d pods", pods), slug: "fixed", overlay: deployment, Min: pods, Max: pods},
		{Name: fmt.Sprintf("HPA, 1 to %d", pods), slug: "hpa", overlay: deployment, Min: 1, Max: pods},
		{Name: fmt.Sprintf("Knative, 0 to %d", pods), slug: "knative", overlay: knative, Max: pods, knative: true},
	}
}

// settings is the overlay as it is shipped, but for the size of a pod, the bounds of
// the autoscaler, and the S3. A fixed number is an autoscaler without a choice.
func (f form) settings(s settings, image, s3 string) kube.Overlay {
	o := kube.Overlay{
		Dir: filepath.Join(s.root, f.overlay), Image: image,
		Env:      map[string]string{"AWS_ENDPOINT_URL_S3": s3},
		Requests: map[string]string{"cpu": s.Request},
		Limits:   map[string]string{"cpu": s.CPU},
	}
	if f.knative {
		o.Annotations = map[string]string{"autoscaling.knative.dev/max-scale": fmt.Sprint(f.Max)}
		return o
	}
	o.Patches = []kube.Patch{
		{Kind: "Deployment", Ops: []kube.Op{kube.Set("/spec/replicas", f.Min)}}, // at once
		{Kind: "HorizontalPodAutoscaler", Ops: []kube.Op{
			kube.Set("/spec/minReplicas", f.Min),
			kube.Set("/spec/maxReplicas", f.Max),
			// In cores, so that a small request does not mean many pods.
			kube.Set("/spec/metrics/0/resource/target", map[string]string{"type": "AverageValue", "averageValue": s.ScaleAt}),
		}},
	}
	return o
}
