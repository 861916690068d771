package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pixmill/internal/manifest"
	"pixmill/internal/runtime/store/storetest"
	"pixmill/internal/upload"
)

func TestFunction_TakesAnImage(t *testing.T) {
	w := newWorld(t)
	f := start(t, append(w.endpoint.Environment(), "PIXMILL_CONFIG="+presets)...)
	c := newClient()
	a := f.postTo(c, "/?key=2026/gr%C3%B6%C3%9Fe.jpg", string(storetest.Photograph(t, 640)), map[string]string{"Content-Type": "image/jpeg"})
	var r upload.Receipt
	if err := json.Unmarshal([]byte(a.body), &r); err != nil || a.status != http.StatusCreated {
		t.Fatalf("%+v: %v", a, err)
	}
	const key = "2026/größe.jpg"
	if made := []string{manifest.Name, "small.webp", "thumb.jpg"}; r.Source.Key != key || !slices.Equal(storetest.Names(t, w.results, key+"/"), made) {
		t.Errorf("the answer is %+v, output %q", r, storetest.Names(t, w.results, key+"/"))
	}
	for _, v := range r.Variants {
		if a, err := w.results.Head(t.Context(), v.Key); err != nil || a.ETag != v.ETag || a.Size != v.Bytes || a.ContentType != v.ContentType {
			t.Errorf("%s is %+v, %v; the answer says %+v", v.Name, a, err, v.Object)
		}
	}
	if event := f.post(c, direct(key), nil); event.status != 200 || !strings.Contains(event.body, `"result":"unchanged"`) {
		t.Errorf("its event: %+v", event)
	}
	if text := f.postTo(c, "/", "To whom it may concern", map[string]string{"Content-Type": "image/jpeg"}); text.status != 415 {
		t.Errorf("a text: %+v", text)
	}
}

func TestFunction_UploadsCanBeOff(t *testing.T) {
	w := newWorld(t)
	f := start(t, append(w.endpoint.Environment(), "PIXMILL_CONFIG="+presets, "PIXMILL_UPLOADS=off")...)
	a := f.postTo(newClient(), "/?key=a.jpg", string(storetest.Photograph(t, 64)), map[string]string{"Content-Type": "image/jpeg"})
	if a.status != 415 || !strings.Contains(a.body, "uploads through this function are off") || len(storetest.Names(t, w.uploads, "")) != 0 {
		t.Errorf("%+v, source %q", a, storetest.Names(t, w.uploads, ""))
	}
}

// The first SIGTERM finishes what has begun, the second does not wait for it.
func TestFunction_ASecondSIGTERMEndsItAtOnce(t *testing.T) {
	stuck := newStuckStore(t)
	f := start(t, "AWS_ENDPOINT_URL="+stuck.url, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "PIXMILL_CONFIG="+presets)
	answered := make(chan answer, 1)
	go func() { answered <- f.post(newClient(), direct("a.jpg"), nil) }()
	<-stuck.asked
	for range 2 {
		if err := f.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond) // two signals at once may be one
	}
	begun := time.Now()
	if code := f.wait(); code == 0 || time.Since(begun) > 5*time.Second {
		t.Errorf("exit code %d after %v", code, time.Since(begun))
	}
	if a := <-answered; a.err == nil {
		t.Errorf("what was cut off got %+v", a)
	}
}

// TestFunction_NoSecretInItsLogOrAnswers looks at what goes well and what goes wrong.
func TestFunction_NoSecretInItsLogOrAnswers(t *testing.T) {
	w := newWorld(t)
	const otherKey, token = "another-secret-key-that-nobody-may-see", "session-token-that-nobody-may-see"
	set := func(name, value string) []string {
		return append(slices.DeleteFunc(w.endpoint.Environment(), func(v string) bool { return strings.HasPrefix(v, name+"=") }), name+"="+value)
	}
	for name, env := range map[string][]string{
		"all is well":      w.endpoint.Environment(),
		"a wrong secret":   set("AWS_SECRET_ACCESS_KEY", otherKey),
		"a session token":  set("AWS_SESSION_TOKEN", token),
		"a missing bucket": set("PIXMILL_SOURCE_BUCKET", "no-such-bucket"),
		"nothing listens":  set("AWS_ENDPOINT_URL", "http://user:"+otherKey+"@127.0.0.1:1"),
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, append(env, "PIXMILL_CONFIG="+presets, "PIXMILL_LOG_LEVEL=debug")...)
			seen := f.postTo(newClient(), "/?key=a.jpg", string(storetest.Photograph(t, 64)), map[string]string{"Content-Type": "image/jpeg"}).body
			seen += f.post(newClient(), direct("a.jpg"), nil).body
			if err := f.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			f.wait()
			if seen += f.log.String(); !strings.Contains(seen, `"msg":"request"`) {
				t.Errorf("there is no log to look at:\n%s", seen)
			}
			for what, secret := range map[string]string{
				"the secret key": w.endpoint.SecretKey, "a secret key": otherKey, "the session token": token,
				"a signature": "AWS4-HMAC-SHA256", "a signature's hash": "Signature=",
			} {
				if strings.Contains(seen, secret) {
					t.Errorf("%s is in the log or an answer:\n%s", what, seen)
				}
			}
		})
	}
}
