package notify

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pixmill/internal/handler"
	"pixmill/internal/preset"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Places of a made-up account.
const (
	someBus   = "images"
	someTopic = "arn:aws:sns:eu-west-1:123456789012:images"
	someQueue = "https://sqs.eu-north-1.amazonaws.com/123456789012/images"
)

// received is one request, with its parameters by name.
type received struct {
	call   string // "AWSEvents.PutEvents"
	region string // that it was signed for
	params map[string]any
}

// fakeAWS answers as EventBridge, SNS and SQS do on the wire, and keeps what it got.
type fakeAWS struct {
	*httptest.Server
	mu     sync.Mutex
	got    []received
	answer func(call string) (status int, body string) // instead of success; a status of 0 is success
}

// newFakeAWS also leads the SDK to it.
func newFakeAWS(t *testing.T) *fakeAWS {
	t.Helper()
	f := &fakeAWS{}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": f.URL, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "",
		"AWS_PROFILE": "", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	return f
}

func (f *fakeAWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	in := received{call: r.Header.Get("X-Amz-Target"), params: map[string]any{}}
	if scope := strings.Split(r.Header.Get("Authorization"), "/"); len(scope) > 2 {
		in.region = scope[2]
	}
	if in.call == "" { // SNS speaks the older protocol
		form, _ := url.ParseQuery(string(body))
		in.call = "SNS." + form.Get("Action")
		for name := range form {
			in.params[name] = form.Get(name)
		}
	} else if err := json.Unmarshal(body, &in.params); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	f.got = append(f.got, in)
	f.mu.Unlock()
	if f.answer != nil {
		if status, text := f.answer(in.call); status != 0 {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
			return
		}
	}
	switch in.call {
	case "AWSEvents.PutEvents":
		_, _ = io.WriteString(w, `{"FailedEntryCount":0,"Entries":[{"EventId":"e"}]}`)
	case "AmazonSQS.SendMessage":
		sum := md5.Sum([]byte(in.params["MessageBody"].(string)))
		fmt.Fprintf(w, `{"MessageId":"m","MD5OfMessageBody":%q}`, hex.EncodeToString(sum[:]))
	case "SNS.Publish":
		_, _ = io.WriteString(w, `<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>`)
	default:
		http.Error(w, in.call, http.StatusNotFound)
	}
}

// only returns the one request of a call.
func (f *fakeAWS) only(t *testing.T, call string) received {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []received
	for _, r := range f.got {
		if r.call == call {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d requests %s of %+v, want 1", len(found), call, f.got)
	}
	return found[0]
}

func open(t *testing.T, to preset.Notify) *Notifier {
	t.Helper()
	n, err := New(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}

// example is an event with one variant.
func example() handler.Completion {
	return handler.Completion{
		Schema: 1, ID: "0123456789abcdef0123456789abcdef", Time: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), Status: "ok",
		Source:     handler.CompletedSource{Bucket: "uploads", Key: "größe & <1>.jpg", Identity: "i", ETag: "e"},
		Output:     handler.CompletedOutput{Bucket: "variants", Folder: "größe & <1>.jpg/", ManifestKey: "größe & <1>.jpg/manifest.json", ManifestETag: "m"},
		PresetHash: "p", Pixmill: "test",
		Variants: []handler.CompletedVariant{{
			Name: "thumb", Key: "größe & <1>.jpg/thumb.webp", ContentType: "image/webp", Format: "webp", Width: 200, Height: 100, Bytes: 1234, ETag: "v",
		}},
	}
}
