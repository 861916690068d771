package cluster

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pixmill/e2e/kube"
	"pixmill/internal/blob/s3blob"
	"pixmill/internal/runtime/store"
	"pixmill/internal/runtime/store/storetest"
)

// varImage is the tarball with the image that is tested: dist/image.tar.
const varImage = "PIXMILL_E2E_IMAGE"

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, storetest.Late()...)
}

// scenario is something that happens in a cluster.
type scenario struct {
	name    string // lower case: a namespace and buckets are named after it
	overlay string // in knative/overlays
	play    func(*site)
}

func scenarios() []scenario {
	const knative, deployment = "minikube", "hpa"
	return []scenario{
		{"zero", knative, fromZeroAndBack},
		{"end", knative, podsEnd},
		{"update", knative, revisionsChange},
		{"deployment", deployment, replicasChange},
		{"memory", knative, memoryRunsOut},
		{"store", knative, storeIsAway},
		{"small", knative, smallReads},
		{"full", knative, fullReads},
	}
}

// TestCluster plays every scenario; some wait while others work.
func TestCluster(t *testing.T) {
	w := newWorld(t)
	for _, sc := range scenarios() {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			sc.play(newSite(t, w, sc))
		})
	}
}

// world is what the scenarios share.
type world struct {
	cluster *kube.Cluster
	image   string // its name
	tree    string // the root of the repository
	store   *store.Store
	client  *s3blob.Store
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{cluster: kube.Need(t)}
	var err error
	if w.tree, err = filepath.Abs("../.."); err != nil { // now: a store changes the working directory
		t.Fatal(err)
	}
	tarball := cmp.Or(os.Getenv(varImage), filepath.Join(w.tree, "dist", "image.tar"))
	if w.image, err = kube.ImageName(tarball); err != nil {
		t.Fatalf("there is nothing to test (%v): run make image first", err)
	}
	if err := w.cluster.LoadImage(t.Context(), tarball); err != nil {
		t.Fatal(err)
	}
	w.open(t)
	return w
}

// open opens the store where pods reach it. It asks for keys.
func (w *world) open(t *testing.T) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{
		Dir: t.TempDir(), Listen: net.JoinHostPort(w.cluster.HostFromPods, "0"),
		Notify: func(context.Context, store.Change) error { return nil }, // requests come from the scenarios
		Log:    slog.New(slog.DiscardHandler), Now: time.Now, Rand: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.store = s
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if w.client, err = s.Endpoint().Client(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.client.Close)
}
