package runtime_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"pixmill/internal/runtime"
)

func TestCheckVariable(t *testing.T) {
	for _, tt := range []struct{ variable, want string }{
		{"AWS_ENDPOINT_URL_S3=http://127.0.0.1:1/?a=b", ""},
		{"GODEBUG=", ""},
		{"PIXMILL_LOG_LEVEL=debug", ""},
		{"LD_LIBRARY_PATH=/opt/vips/lib", ""},
		{"NAME", `"NAME": want NAME=VALUE`},
		{"=x", `"" is no name of a variable`},
		{"A=x", `"A" is no name of a variable`},
		{"MY-NAME=x", `"MY-NAME" is no name of a variable`},
		{"_MINE=x", `"_MINE" is no name of a variable`},
		{"MINE=a\x00b", "MINE: a value has no NUL byte"},
		{"_HANDLER=x", "_HANDLER is reserved: the runtime sets it, as AWS Lambda does"},
		{"AWS_LAMBDA_RUNTIME_API=x", "AWS_LAMBDA_RUNTIME_API is reserved"},
		{"AWS_SECRET_ACCESS_KEY=x", "AWS_SECRET_ACCESS_KEY is reserved"},
		{"LAMBDA_TASK_ROOT=/", "LAMBDA_TASK_ROOT is reserved"},
		{"PIXMILL_CONFIG=x", "PIXMILL_CONFIG is reserved: give the runtime the configuration"},
		{"PIXMILL_OUTPUT_BUCKET=x", "PIXMILL_OUTPUT_BUCKET is reserved: set it for the runtime"},
	} {
		err := runtime.CheckVariable(tt.variable)
		if tt.want == "" && err != nil {
			t.Errorf("%s: %v", tt.variable, err)
		}
		if tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)) {
			t.Errorf("%s: got %v, want %q", tt.variable, err, tt.want)
		}
	}
}

func TestRun_VariablesPutAProxyBetweenFunctionAndStore(t *testing.T) {
	var store atomic.Pointer[url.URL]
	var requests atomic.Int64
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			requests.Add(1)
			r.SetURL(store.Load())
			r.Out.Host = r.In.Host // it is signed
		},
	})
	t.Cleanup(proxy.Close)
	g := open(t, t.TempDir(), func(o *runtime.Options) {
		o.Env = []string{"AWS_ENDPOINT_URL_S3=" + proxy.URL}
		o.Recheck = false
	})
	u, err := url.Parse(g.r.Endpoint().URL)
	if err != nil {
		t.Fatal(err)
	}
	store.Store(u)
	g.put("in/a.jpg", picture(1))
	if n := requests.Load(); n != 0 {
		t.Fatalf("the test's own client made %d requests through the proxy", n)
	}
	g.run()
	g.drain()
	g.wantExact("in/a.jpg")
	if requests.Load() == 0 {
		t.Error("the function made no request through the proxy")
	}
}
