package main

import (
	"strings"
	"testing"

	"pixmill/internal/adapter/lambdafn/lambdatest"
	"pixmill/internal/runtime/store/storetest"
)

// TestFunction_NoSecretInItsLogOrAnswers runs it at the level debug through what
// goes well and through what goes wrong: keys that the store does not know, a
// signature that it does not accept, a bucket that is missing, a bad configuration.
func TestFunction_NoSecretInItsLogOrAnswers(t *testing.T) {
	w := newWorld(t)
	w.put(t, "photo.jpg", storetest.Photograph(t, 640))
	const token = "session-token-that-nobody-may-see"
	const otherKey = "another-secret-key-that-nobody-may-see"
	set := func(name, value string) []string {
		env := []string{name + "=" + value}
		for _, v := range w.endpoint.Environment() {
			if !strings.HasPrefix(v, name+"=") {
				env = append(env, v)
			}
		}
		return env
	}
	for name, env := range map[string][]string{
		"all is well":       w.endpoint.Environment(),
		"a wrong secret":    set("AWS_SECRET_ACCESS_KEY", otherKey),
		"an unknown key":    set("AWS_ACCESS_KEY_ID", "nobody"),
		"a missing bucket":  append(w.endpoint.Environment(), "PIXMILL_OUTPUT_BUCKET=no-such-bucket"),
		"a session token":   append(w.endpoint.Environment(), "AWS_SESSION_TOKEN="+token),
		"nothing listens":   set("AWS_ENDPOINT_URL", "http://user:"+otherKey+"@127.0.0.1:1"),
		"a bad environment": append(w.endpoint.Environment(), "PIXMILL_OUTPUT_BUCKET=UPPER"),
	} {
		t.Run(name, func(t *testing.T) {
			api := lambdatest.New(t)
			f := start(t, append(env, "AWS_LAMBDA_RUNTIME_API="+api.Addr(), "PIXMILL_CONFIG="+presets, "PIXMILL_LOG_LEVEL=debug")...)
			var seen string
			if name == "a bad environment" {
				seen = string(api.InitError(t).Body)
			} else {
				seen = string(api.Invoke(t, s3Event(t, "ObjectCreated:Put", "photo.jpg"), limit).Body)
			}
			seen += f.logged(t)
			if name != "a bad environment" && !strings.Contains(seen, `"level":"DEBUG"`) && !strings.Contains(seen, `"msg":"source"`) {
				t.Errorf("there is no log to look at:\n%s", seen)
			}
			for what, secret := range map[string]string{
				"the secret key": w.endpoint.SecretKey, "a secret key": otherKey, "the session token": token,
				"a signature": "AWS4-HMAC-SHA256", "a signature's hash": "Signature=", "what was signed": "StringToSign",
			} {
				if strings.Contains(seen, secret) {
					t.Errorf("%s is in the log or the answer:\n%s", what, seen)
				}
			}
		})
	}
}
