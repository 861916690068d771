package httpfn

import "testing"

func TestParseURL(t *testing.T) {
	for text, want := range map[string]string{
		"http://f":                 "http://f/",
		"https://f.example.com:1/": "https://f.example.com:1/",
		"http://[::1]:8080/x%20y":  "http://[::1]:8080/x%20y",
	} {
		if u, err := ParseURL(text); err != nil || u.String() != want {
			t.Errorf("%s: %v, %v; want %s", text, u, err, want)
		}
	}
	for text, want := range map[string]string{
		"ftp://f":        `its scheme is "ftp": http or https`,
		"http:///x":      "it has no host",
		"http://f:0/":    `its port is "0": a number from 1 to 65535`,
		"http://f:99999": `its port is "99999": a number from 1 to 65535`,
		"http://a:b@f/":  "a user name or a password in it would be shown: leave them out",
		"http://f/#a":    "it has a #fragment, which no server gets to see",
		"http://f/#":     "it has a #fragment, which no server gets to see",
		"http://f/x?y=z": "it has a ?query: an event is all that the function is sent",
		"http://f?":      "it has a ?query: an event is all that the function is sent",
		"http://f:x":     `invalid port ":x" after host`,
	} {
		if _, err := ParseURL(text); err == nil || err.Error() != want {
			t.Errorf("%s: %v; want %s", text, err, want)
		}
	}
}

func TestParseVia(t *testing.T) {
	for address, want := range map[string]string{
		"10.0.0.1:8080":      "10.0.0.1:8080",
		"ingress.example:80": "ingress.example:80",
		"http://10.0.0.1":    "10.0.0.1:80",
		"http://10.0.0.1:1/": "10.0.0.1:1",
		"[::1]:8080":         "[::1]:8080",
	} {
		if got, err := ParseVia(address, "http"); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", address, got, err, want)
		}
	}
	for address, want := range map[string]string{
		"https://10.0.0.1": `its scheme is "https", that of the function "http"`,
		":80":              "it has no host",
		"nope":             "it has no port: host:port, as in 192.168.49.2:80",
		"10.0.0.1":         "it has no port: host:port, as in 192.168.49.2:80",
		"10.0.0.1:":        "it has no port: host:port, as in 192.168.49.2:80",
		"[::1]":            "it has no port: host:port, as in 192.168.49.2:80",
		"10.0.0.1:80?a=b":  "want a host and a port, and nothing else",
		"10.0.0.1:80#":     "want a host and a port, and nothing else",
		"10.0.0.1/path":    "want a host and a port, and nothing else",
		"10.0.0.1:70000":   `its port is "70000": a number from 1 to 65535`,
	} {
		if _, err := ParseVia(address, "http"); err == nil || err.Error() != want {
			t.Errorf("%s: %v; want %s", address, err, want)
		}
	}
	if got, err := ParseVia("https://f", "https"); err != nil || got != "f:443" {
		t.Errorf("https: %s, %v", got, err)
	}
}
