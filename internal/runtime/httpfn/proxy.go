package httpfn

import (
	"net/http"
	"strings"
)

// saying is how a proxy says that it has not sent a request on.
type saying struct {
	status  int
	text    string // that the body begins with, each white space in it a blank
	outcome Outcome
}

const envoyReset = "upstream connect error or disconnect/reset before headers. reset reason: "

// sayings are those of the proxies that stand before a Knative Service or a Deployment.
// Only what says of itself that nothing was sent on is here. All else with these statuses
// may come of a request that ended the function, and is Broken: Envoy's "connection
// termination", and what it "retried", of which it tells the last try alone; the 502 of
// nginx, which is the same page for both; an "EOF" of the queue-proxy.
//
//	queue-proxy, activator   https://github.com/knative/serving/tree/main/pkg/queue, handler.go and breaker.go,
//	                         and pkg/activator/handler; their 502 is the error of net/http's client
//	Envoy, so Kourier        https://github.com/envoyproxy/envoy, source/common/router/router.cc and
//	                         resetReasonToString in source/common/http/utility.cc
//	nginx                    its page for what it refuses itself (limit_conn, limit_req), and that
//	                         ingress-nginx has for a Service without a pod
var sayings = []saying{
	{http.StatusServiceUnavailable, "pending request queue full", Full},
	{http.StatusBadGateway, "dial tcp ", Unreached},

	{http.StatusServiceUnavailable, envoyReset + "overflow", Full},
	{http.StatusServiceUnavailable, envoyReset + "remote connection failure", Unreached},
	{http.StatusServiceUnavailable, envoyReset + "local connection failure", Unreached},
	{http.StatusServiceUnavailable, envoyReset + "connection failure", Unreached}, // before they were two
	{http.StatusServiceUnavailable, envoyReset + "connection timeout", Unreached},
	{http.StatusServiceUnavailable, "no healthy upstream", Unreached},

	{http.StatusServiceUnavailable, "<html> <head><title>503 Service Temporarily Unavailable</title></head> <body> <center><h1>503 Service Temporarily Unavailable</h1></center> <hr><center>nginx", Unreached},
}

// proxys is what comes of an answer that is known to be a proxy's, of a request that the
// function has not seen.
func (a answer) proxys() (o Outcome, known bool) {
	for _, s := range sayings {
		if a.status == s.status && strings.HasPrefix(a.text, s.text) {
			return s.outcome, true
		}
	}
	return 0, false
}
