package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"pixmill/internal/runtime/store/storetest"
)

// BenchmarkFunction_Slots is what ADR 9 says of PIXMILL_SLOTS: photographs of 2
// megapixels that are uploaded by ten clients, to a store that answers at once and to
// one that takes as long as S3 in the same region.
//
//	go test -run '^$' -bench Slots -benchtime 40x ./functions/knative
func BenchmarkFunction_Slots(b *testing.B) {
	body := string(storetest.Photograph(b, 1600))
	for _, latency := range []time.Duration{0, 20 * time.Millisecond} {
		for _, slots := range []int{2, 4, 8} {
			b.Run(fmt.Sprintf("store=%v/slots=%d", latency, slots), func(b *testing.B) { measureSlots(b, latency, slots, body) })
		}
	}
}

func measureSlots(b *testing.B, latency time.Duration, slots int, body string) {
	w := newWorld(b)
	env := append(w.endpoint.Environment(), "PIXMILL_CONFIG="+presets, fmt.Sprintf("PIXMILL_SLOTS=%d", slots))
	if latency > 0 {
		env = append(env, "AWS_ENDPOINT_URL="+slow(b, w.endpoint.URL, latency))
	}
	f := start(b, env...)
	const clients = 10
	took := make([]time.Duration, b.N)
	next := make(chan int)
	var running sync.WaitGroup
	b.ResetTimer()
	for range clients {
		running.Go(func() {
			for i := range next {
				begun := time.Now()
				for {
					a := f.postTo(newClient(), fmt.Sprintf("/?key=%d.jpg", i), body, map[string]string{"Content-Type": "image/jpeg"})
					if a.status == http.StatusCreated {
						break
					}
					if a.status != http.StatusServiceUnavailable {
						b.Errorf("%+v", a)
						return
					}
					time.Sleep(50 * time.Millisecond)
				}
				took[i] = time.Since(begun)
			}
		})
	}
	for i := range b.N {
		next <- i
	}
	close(next)
	running.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "images/s")
	b.ReportMetric(float64(took[b.N/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(took[b.N*95/100].Milliseconds()), "p95-ms")
}

// slow answers for a store, a little later.
func slow(b *testing.B, store string, latency time.Duration) string {
	b.Helper()
	to, err := url.Parse(store)
	if err != nil {
		b.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // it is signed
	}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(latency)
		proxy.ServeHTTP(w, r)
	}))
	b.Cleanup(s.Close)
	return s.URL
}
