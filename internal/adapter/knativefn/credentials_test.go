package knativefn

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"pixmill/internal/outputtest"
)

// startMain runs Main with an environment until stop, which returns its exit code.
func startMain(t *testing.T, env map[string]string) (url string, log *outputtest.Buffer, stop func() int) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
	} {
		t.Setenv(name, value)
	}
	for name, value := range env {
		t.Setenv(name, value)
	}
	t.Setenv(VarListen, "127.0.0.1:0")
	ctx, cancel := context.WithCancel(context.Background())
	log = &outputtest.Buffer{}
	code := make(chan int, 1)
	go func() { code <- Main(ctx, nil, os.Getenv, log) }()
	stop = func() int { cancel(); return <-code }
	address := regexp.MustCompile(`"msg":"listening","address":"([^"]+)"`)
	if !soon(func() bool { return address.MatchString(log.String()) }) {
		stop()
		t.Fatalf("it does not listen:\n%s", log)
	}
	return "http://" + address.FindStringSubmatch(log.String())[1], log, stop
}

func soon(happened func() bool) bool {
	for range 1000 {
		if happened() {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

func get(t *testing.T, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client(t, false).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res
}

// The first image would say so only when it comes.
func TestMain_WithoutCredentialsIsReadyAndSaysSo(t *testing.T) {
	url, log, stop := startMain(t, nil)
	if !soon(func() bool { return strings.Contains(log.String(), "there are no credentials") }) {
		t.Errorf("it is not said:\n%s", log)
	}
	if r := get(t, url+ReadinessPath); r.StatusCode != 200 {
		t.Errorf("readiness is %d", r.StatusCode)
	}
	if code := stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	text := log.String()
	for _, want := range []string{`"level":"WARN"`, "no EC2 IMDS role found", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "pixmill doctor"} {
		if !strings.Contains(text, want) {
			t.Errorf("the log lacks %q:\n%s", want, text)
		}
	}
	if n := strings.Count(text, "there are no credentials"); n != 1 {
		t.Errorf("it is said %d times", n)
	}
}

func TestMain_WithCredentialsSaysNothingOfThem(t *testing.T) {
	url, log, stop := startMain(t, map[string]string{"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"})
	get(t, url)
	time.Sleep(100 * time.Millisecond) // in which it would be said: nothing is asked over the network
	if code := stop(); code != 0 || strings.Contains(log.String(), "WARN") {
		t.Errorf("exit code %d:\n%s", code, log)
	}
}

// Whoever ends the function while a role is asked for has not to be told of it.
func TestWarnWithoutCredentials_TheEndIsNoReason(t *testing.T) {
	var log outputtest.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	warnWithoutCredentials(ctx, slog.New(slog.NewTextHandler(&log, nil)), func(context.Context) error {
		cancel()
		return errors.New("canceled")
	})
	if log.String() != "" {
		t.Error(log.String())
	}
}
