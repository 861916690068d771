package kube

import (
	"context"
	"net"
	"net/http"
	"time"
)

// Dial says how a client connects.
type Dial struct {
	Fresh bool          // each request on a connection of its own, as from many clients
	H2C   bool          // HTTP/2 without TLS
	Limit time.Duration // of a whole request; 0: none
}

// Client returns a client that connects to the ingress whatever the host in a URL is:
// http://pixmill.NAMESPACE.DOMAIN/ needs no name server. Who is done with it calls
// CloseIdleConnections.
func (c *Cluster) Client(d Dial) *http.Client { return d.Client(c.Ingress) }

// Client returns a client that connects to one address, host:port.
func (d Dial) Client(address string) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	t := &http.Transport{ // without a proxy: the cluster is near
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, address)
		},
		DisableKeepAlives:   d.Fresh,
		DisableCompression:  true,
		MaxIdleConnsPerHost: 128,
		IdleConnTimeout:     30 * time.Second,
		Protocols:           new(http.Protocols),
	}
	t.Protocols.SetHTTP1(!d.H2C)
	t.Protocols.SetUnencryptedHTTP2(d.H2C)
	return &http.Client{Transport: t, Timeout: d.Limit}
}
