package cli

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"

	"pixmill"
	"pixmill/internal/config"
	"pixmill/internal/preset"
	"pixmill/internal/runtime"
	"pixmill/internal/runtime/dispatch"
	"pixmill/internal/runtime/pool"
	"pixmill/internal/runtime/store"
)

func welcomeFor(t *testing.T) welcome {
	t.Helper()
	p, err := preset.Parse("pixmill.yaml", []byte(pixmill.DefaultConfig))
	if err != nil {
		t.Fatal(err)
	}
	return welcome{
		opts: runtime.Options{
			Presets: p, Function: pool.Function{Command: []string{"pixmill", "function"}}, Form: dispatch.FormSQS,
			Concurrency: 2, Data: "/data",
		},
		from: config.BuiltIn,
		endpoint: store.Endpoint{
			URL: "http://127.0.0.1:9000", Region: "us-east-1",
			Credentials: store.Credentials{AccessKey: "PIXMACCESS", SecretKey: "very-secret"},
		},
		created: []string{"uploads"},
		took:    12 * time.Millisecond,
	}
}

func TestWelcome_SaysTheSecretKeyOnlyWhereItIsNeeded(t *testing.T) {
	for name, c := range map[string]struct {
		keysFile string
		private  bool
		secret   bool
		want     []string
	}{
		"made here, on a terminal": {"/data/s3/credentials.json", true, true, []string{
			"  secret key   very-secret\n", " AWS_SECRET_ACCESS_KEY=very-secret ",
		}},
		"made here, into a log": {"/data/it's/credentials.json", false, false, []string{
			"  secret key   in /data/it's/credentials.json\n",
			` AWS_SECRET_ACCESS_KEY="$(sed -n 's/.*"secretAccessKey": "\(.*\)".*/\1/p' '/data/it'\''s/credentials.json')" `,
		}},
		"given, on a terminal": {"", true, false, []string{
			"  secret key   the value of PIXMILL_SECRET_ACCESS_KEY\n", ` AWS_SECRET_ACCESS_KEY="$PIXMILL_SECRET_ACCESS_KEY" `,
		}},
		"given, into a log": {"", false, false, []string{"the value of PIXMILL_SECRET_ACCESS_KEY"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := welcomeFor(t)
			w.keysFile, w.private = c.keysFile, c.private
			var out bytes.Buffer
			w.print(&out)
			if strings.Contains(out.String(), "very-secret") != c.secret {
				t.Errorf("the secret key should be there: %v\n%s", c.secret, &out)
			}
			for _, want := range append(c.want, "  access key   PIXMACCESS\n", "s3://uploads/ (new)", "  export AWS_ENDPOINT_URL=http://127.0.0.1:9000 ") {
				if !strings.Contains(out.String(), want) {
					t.Errorf("it lacks %q:\n%s", want, &out)
				}
			}
		})
	}
}

func TestWelcome_SaysWhatIsCalled(t *testing.T) {
	w := welcomeFor(t)
	w.opts.URL, w.opts.Via, w.opts.Concurrency = &url.URL{Scheme: "http", Host: "pixmill.example.com", Path: "/"}, "10.0.0.1:80", 16
	var out bytes.Buffer
	w.print(&out)
	if want := "  function     POST http://pixmill.example.com/ via 10.0.0.1:80 (at most 16 requests at once)\n"; !strings.Contains(out.String(), want) {
		t.Errorf("it lacks %q:\n%s", want, &out)
	}
}
