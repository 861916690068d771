package load_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pixmill/load/jtl"
)

// seen is a request that JMeter sent.
type seen struct {
	key, contentType, host, body string
}

// server answers as the function does, but refuses each tenth request, and remembers all.
func server(t *testing.T) (srv *httptest.Server, requests func() []seen) {
	t.Helper()
	var mu sync.Mutex
	var all []seen
	srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		all = append(all, seen{r.URL.Query().Get("key"), r.Header.Get("Content-Type"), r.Host, string(body)})
		n := len(all)
		mu.Unlock()
		time.Sleep(20 * time.Millisecond)
		switch {
		case n%10 == 0:
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.URL.Query().Has("key"):
			w.WriteHeader(http.StatusCreated)
		}
	}))
	t.Cleanup(srv.Close)
	return srv, func() []seen {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

// runPlan runs JMeter, which is fetched if it has to be.
func runPlan(t *testing.T, srv *httptest.Server, properties ...string) []jtl.Sample {
	t.Helper()
	if os.Getenv("PIXMILL_LONG") == "" {
		t.Skip("PIXMILL_LONG is not set: this test fetches and runs JMeter")
	}
	out := filepath.Join(t.TempDir(), "out.jtl")
	host, port, _ := strings.Cut(srv.Listener.Addr().String(), ":")
	args := []string{
		"-t", "pixmill.jmx", "-l", out, "-Jhost=" + host, "-Jport=" + port, "-Jhost.header=pixmill.example",
		"-Jstep.seconds=2", "-Jduration=6", "-Jstep4=0", "-Jstep5=0", "-Jpause=100",
	}
	if text, err := exec.CommandContext(t.Context(), "./jmeter.sh", append(args, properties...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	file, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() // it was only read
	samples, err := jtl.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	return samples
}

func TestJMeter_UploadsImagesInSteps(t *testing.T) {
	srv, requests := server(t)
	samples := runPlan(t, srv, "-Jrun=here")
	photo, err := os.ReadFile("../internal/imaging/imagingtest/testdata/photos/rocket.jpg")
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	photos := 0
	for _, r := range requests() {
		if keys[r.key] || !strings.HasPrefix(r.key, "here/") || !strings.HasPrefix(r.contentType, "image/") || !strings.HasPrefix(r.host, "pixmill.example") {
			t.Fatalf("a request is %q %q %q, or its key was there before", r.key, r.contentType, r.host)
		}
		keys[r.key] = true
		if r.body == string(photo) {
			photos++
		}
	}
	if len(keys) != len(samples) || photos < len(keys)/7 {
		t.Errorf("%d requests, of which %d are the photograph, and %d samples", len(keys), photos, len(samples))
	}
	start := samples[0].Start
	for i, clients := range []int{1, 2, 4} {
		from := start.Add(time.Duration(i) * 2 * time.Second).Add(1200 * time.Millisecond) // the ramp is over
		for _, s := range jtl.Between(samples, from, from.Add(500*time.Millisecond)) {
			if s.Clients != clients {
				t.Errorf("%v after the start there are %d clients, want %d", s.End().Sub(start), s.Clients, clients)
			}
		}
	}
	sum := jtl.Summarise(samples, start, start.Add(time.Minute))
	if sum.Failed > 0 || sum.Refused != len(samples)/10 {
		t.Errorf("%+v of %d; want each tenth to be refused", sum, len(samples))
	}
}

func TestJMeter_InvokesWhatTheFileNames(t *testing.T) {
	srv, requests := server(t)
	images := filepath.Join(t.TempDir(), "keys.csv")
	if err := os.WriteFile(images, []byte(",,a/b.jpg\n,,c.jpg\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	samples := runPlan(t, srv, "-Jmode=invoke", "-Jbucket=photos", "-Jimages="+images, "-Jkeepalive=false")
	if len(samples) < 20 || !samples[0].OK {
		t.Fatalf("%d samples", len(samples))
	}
	for i, r := range requests()[:2] {
		want := `{"bucket": "photos", "key": "` + []string{"a/b.jpg", "c.jpg"}[i] + `"}`
		if r.body != want || r.contentType != "application/json" || r.key != "" {
			t.Errorf("request %d is %+v, want %s", i, r, want)
		}
	}
}
