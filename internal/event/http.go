package event

import "encoding/json"

// httpFormat is a request that came to a Function URL or through API Gateway, in
// payload version 2.0: {"version": "2.0", "requestContext": {"http": {"method": "GET", …}}}.
// It is only recognised here, and answered by who received it.
//
// https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
func httpFormat() format {
	return format{
		envelope: EnvelopeHTTP,
		looksFor: "an HTTP request of version 2.0",
		fits:     isHTTP,
		read:     readHTTP,
	}
}

type httpContext struct {
	HTTP *struct {
		Method string `json:"method"`
		Path   string `json:"path"`
	} `json:"http"`
}

func (o object) httpContext() (c httpContext, ok bool) {
	return c, json.Unmarshal(o.fields["requestContext"], &c) == nil && c.HTTP != nil
}

func isHTTP(o object) bool {
	_, ok := o.httpContext()
	return ok && string(o.fields["version"]) == `"2.0"` && !o.has("routeArn") // that is for an authorizer
}

func readHTTP(o object, _ int) ([]Item, error) {
	c, _ := o.httpContext() // it fits
	return []Item{{Ignored: []Ignored{{
		Reason: IgnoredHTTP,
		Detail: quote(c.HTTP.Method) + " " + quote(c.HTTP.Path) + " is a request for the gateway",
	}}}}, nil
}
