package cluster

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pixmill/e2e/kube"
	"pixmill/internal/blob"
)

const (
	// patience is how long a scenario waits for what should come.
	patience = 2 * time.Minute
	// glance is the pause between two looks at the cluster.
	glance = 500 * time.Millisecond
	// requestLimit bounds a request, its wait for a pod included.
	requestLimit = time.Minute
)

// pods selects the function's, in both forms.
const pods = "app.kubernetes.io/name=pixmill"

// site is where a scenario plays: the function in a namespace of its own.
type site struct {
	t       *testing.T
	world   *world
	ns      *kube.Namespace
	link    *link // between the pods and the store
	overlay kube.Overlay
	uploads *blob.Bucket
	results *blob.Bucket
	client  *http.Client
	url     string // of the function
	photo   []byte // a small JPEG
	batches *int   // of keys, so that none is used twice
}

// newSite prepares a site. Nothing runs before apply.
func newSite(t *testing.T, w *world, sc scenario) *site {
	t.Helper()
	s := &site{
		t: t, world: w, ns: w.cluster.ForTest(t, "pixmill-"+sc.name), link: newLink(t, w),
		uploads: w.client.Bucket("uploads-" + sc.name), results: w.client.Bucket("variants-" + sc.name),
		photo: photograph(320), batches: new(int),
	}
	for _, b := range []*blob.Bucket{s.uploads, s.results} {
		if _, err := w.store.CreateBucket(t.Context(), b.Name()); err != nil {
			t.Fatal(err)
		}
	}
	e := w.store.Endpoint()
	if err := s.ns.S3Keys(t.Context(), e.AccessKey, e.SecretKey); err != nil {
		t.Fatal(err)
	}
	s.overlay = kube.Overlay{
		Dir:   filepath.Join(w.tree, "knative", "overlays", sc.overlay),
		Image: w.image, Config: s.config(1),
		Env:      map[string]string{"AWS_ENDPOINT_URL_S3": s.link.url, "AWS_REGION": e.Region},
		Requests: map[string]string{"cpu": "20m", "memory": "64Mi"},
		Limits:   map[string]string{"cpu": "1", "memory": "256Mi"},
	}
	s.url = "http://" + w.cluster.Host("pixmill", s.ns.Name) + "/"
	s.client = s.connect(kube.Dial{Limit: requestLimit}, w.cluster.Ingress)
	return s
}

// connect returns a client that ends with the test.
func (s *site) connect(d kube.Dial, address string) *http.Client {
	c := d.Client(address)
	s.t.Cleanup(c.CloseIdleConnections)
	return c
}

// config is a pixmill.yaml with small variants: the scenarios are about what happens
// to requests. The manifests name its revision, and so tell which pods made them.
func (s *site) config(revision int) string {
	return fmt.Sprintf(`revision: %d
source: {bucket: %s}
output: {bucket: %s}
rules: [{match: "**", presets: [web]}]
presets:
  web:
    - {name: small, width: 160, format: webp}
    - {name: thumb, width: 64, height: 64, fit: cover, format: jpeg}
`, revision, s.uploads.Name(), s.results.Name())
}

// scale sets Knative's annotations for the pods: "target", "2", "max-scale", "3".
func (s *site) scale(pairs ...string) {
	s.overlay.Annotations = map[string]string{
		"autoscaling.knative.dev/window":           "6s", // the least there is
		"autoscaling.knative.dev/scale-down-delay": "0s",
	}
	for i := 0; i < len(pairs); i += 2 {
		s.overlay.Annotations["autoscaling.knative.dev/"+pairs[i]] = pairs[i+1]
	}
}

// apply applies the overlay as it now is.
func (s *site) apply() {
	s.t.Helper()
	if err := s.ns.Apply(s.t.Context(), s.overlay); err != nil {
		s.t.Fatal(err)
	}
}

// serve applies the overlay and returns the name of the revision that serves then.
func (s *site) serve() string {
	s.t.Helper()
	before := s.service().Status.LatestReadyRevisionName
	s.apply()
	var now knativeService
	s.until("the new revision serves", func(context.Context) string {
		now = s.service()
		if latest := now.Status.LatestReadyRevisionName; latest == before || latest != now.Status.LatestCreatedRevisionName || !now.ready() {
			return fmt.Sprintf("it was %q, the service is %+v", before, now.Status)
		}
		return ""
	})
	return now.Status.LatestReadyRevisionName
}

// knativeService is what is read of a Knative Service.
type knativeService struct {
	Status struct {
		LatestReadyRevisionName   string
		LatestCreatedRevisionName string
		Traffic                   []struct {
			RevisionName string
			Percent      int
		}
		Conditions []struct{ Type, Status, Reason, Message string }
	}
}

func (k knativeService) ready() bool {
	for _, c := range k.Status.Conditions {
		if c.Type == "Ready" {
			return c.Status == "True"
		}
	}
	return false
}

// service is empty where there is none yet.
func (s *site) service() (k knativeService) {
	s.t.Helper()
	err := s.ns.JSON(s.t.Context(), &k, "get", "ksvc", "pixmill")
	if err != nil && !strings.Contains(err.Error(), "not found") {
		s.t.Fatal(err)
	}
	return k
}

// pods returns those that are not about to end.
func (s *site) pods() []kube.Pod {
	s.t.Helper()
	found, err := s.ns.Pods(s.t.Context(), pods)
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// untilPods waits until there are from least to most pods, all of them ready.
func (s *site) untilPods(least, most int) time.Duration {
	s.t.Helper()
	began := time.Now()
	s.until(fmt.Sprintf("%d to %d pods, ready", least, most), func(context.Context) string {
		all := s.pods()
		if n := len(all); n < least || n > most || kube.Ready(all) != n {
			return fmt.Sprintf("%d of %d are ready", kube.Ready(all), n)
		}
		return ""
	})
	return time.Since(began)
}

// until looks until problem finds none, for as long as patience lasts.
func (s *site) until(what string, problem func(context.Context) string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	for {
		p := problem(ctx)
		if p == "" {
			return
		}
		select {
		case <-ctx.Done():
			s.t.Fatalf("not within %v: %s: %s", patience, what, p)
		case <-time.After(glance):
		}
	}
}

// step is a part of a scenario; after one that failed, the rest is left out.
func (s *site) step(name string, play func(*site)) {
	s.t.Helper()
	ok := s.t.Run(name, func(t *testing.T) {
		inner := *s
		inner.t = t
		play(&inner)
	})
	if !ok {
		s.t.FailNow()
	}
}

// nodePort makes a client of the Deployment's service, which has a port at the node.
// Each request has a connection of its own, since a connection belongs to one pod.
func (s *site) nodePort() {
	s.t.Helper()
	node, err := s.world.cluster.NodeAddress(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	var service struct {
		Spec struct{ Ports []struct{ NodePort int } }
	}
	if err := s.ns.JSON(s.t.Context(), &service, "get", "service", "pixmill"); err != nil {
		s.t.Fatal(err)
	}
	address := net.JoinHostPort(node, fmt.Sprint(service.Spec.Ports[0].NodePort))
	s.client = s.connect(kube.Dial{Fresh: true, Limit: requestLimit}, address)
}
