package doctor_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"pixmill/internal/doctor"
)

// TestRun_NoCredentials says so once, asks nothing more, and names what mends it
// where the endpoint is.
func TestRun_NoCredentials(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_REGION": "us-east-1",
	} {
		t.Setenv(name, value)
	}
	for _, test := range []struct{ name, server, health, fix string }{
		{"LocalStack", "", `{"version":"4.14.0"}`, "export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test   (LocalStack takes any)"},
		{"the local runtime", "VERSITYGW", "", "pixmill doctor --data .pixmill   (or the folder that pixmill run uses: its keys are in there)"},
		{"another S3", "", "", "export AWS_PROFILE=NAME   (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: the keys of this store)"},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/_localstack/health" {
				t.Errorf("%s: %s %s without credentials", test.name, r.Method, r.URL)
			}
			w.Header().Set("Server", test.server)
			if test.health == "" {
				w.WriteHeader(http.StatusForbidden)
			}
			_, _ = w.Write([]byte(test.health))
		}))
		t.Setenv("AWS_ENDPOINT_URL", srv.URL)
		for _, key := range []string{"", photo} {
			found := examine(t, doctor.Options{Presets: parse(t, "uploads", "variants"), Key: key})
			wantOnly(t, found, want{"credentials", doctor.StatusProblem, "there are no credentials"})
			if b := bad(found); len(b) > 0 && b[0].Fix != test.fix {
				t.Errorf("%s: the fix is %q, want %q", test.name, b[0].Fix, test.fix)
			}
		}
		srv.Close()
	}
}
