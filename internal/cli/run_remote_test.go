package cli

import "testing"

func TestRunFlags_RemoteFunction(t *testing.T) {
	for _, tt := range []struct {
		function, via    string
		given            string // a flag on the command line
		url, address     string
		concurrency, end int
	}{
		{function: "build/bootstrap.zip", concurrency: 2, end: 2},
		{function: "https://f.example.com", concurrency: 2, url: "https://f.example.com/", end: remoteConcurrency},
		{function: "http://f:81/x", via: "[::1]:80", concurrency: 2, url: "http://f:81/x", address: "[::1]:80", end: remoteConcurrency},
		{function: "http://f", given: "concurrency", concurrency: 2, url: "http://f/", end: 2},
	} {
		f := runFlags{function: tt.function, via: tt.via, concurrency: tt.concurrency, given: func(name string) bool { return name == tt.given }}
		u, address, err := f.remote()
		if err != nil {
			t.Errorf("%s: %v", tt.function, err)
			continue
		}
		got := ""
		if u != nil {
			got = u.String()
		}
		if got != tt.url || address != tt.address || f.concurrency != tt.end {
			t.Errorf("%s: URL %q by %q, %d at once; want %q by %q, %d", tt.function, got, address, f.concurrency, tt.url, tt.address, tt.end)
		}
	}
}
