package knativefn

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pixmill/internal/event"
)

// The five modes in which a source can be named. Those that are CloudEvents may have an
// answer only as an event.
func modes(key string) map[string]func(*testing.T, http.Handler) *http.Response {
	direct := fmt.Sprintf(`{"bucket":"uploads","key":%q}`, key)
	s3 := fmt.Sprintf(`{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"uploads"},"object":{"key":%q}}}]}`, key)
	structured := `{"specversion":"1.0","id":"7","source":"s","type":"com.amazonaws.s3.ObjectCreated:Put","data":` + s3 + `}`
	send := func(body string, headers ...string) func(*testing.T, http.Handler) *http.Response {
		return func(t *testing.T, s http.Handler) *http.Response { return post(t, s, body, headers...) }
	}
	return map[string]func(*testing.T, http.Handler) *http.Response{
		"direct":     send(direct),
		"s3":         send(s3, "Content-Type", "application/json"),
		"structured": send(structured, "Content-Type", "application/cloudevents+json; charset=utf-8"),
		"batch":      send("["+structured+"]", "Content-Type", "application/cloudevents-batch+json"),
		"binary":     send(s3, "Content-Type", "application/json", "Ce-Id", "7", "Ce-Source", "s", "Ce-Type", "t", "Ce-Specversion", "1.0"),
	}
}

func TestDeliver_EveryKindInEveryMode(t *testing.T) {
	for key, status := range map[string]int{
		"fine": 200, "notimage": 200, "missing": 200,
		"transient": 503, "panic": 503, "misconfigured": 500, "permanent": 422, "rejected": 422,
	} {
		for mode, send := range modes(key) {
			t.Run(key+"/"+mode, func(t *testing.T) {
				s, _, _ := newService(1, 0)
				r := send(t, s)
				if status != 200 {
					checkProblem(t, r, status, key)
					return
				}
				event := mode == "structured" || mode == "binary"
				replies := event && key != "missing"
				if want := (map[bool]int{true: 200, false: 204})[mode == "direct" || mode == "s3" || replies]; r.StatusCode != want {
					t.Errorf("status is %d, want %d", r.StatusCode, want)
				}
				if got := r.Header.Get("Ce-Type"); got != typeOf(replies) {
					t.Errorf("Ce-Type is %q; an event should be answered: %v", got, replies)
				}
				if body := text(t, r); r.StatusCode == 204 && body != "" {
					t.Errorf("Eventing would refuse the body %q", body)
				}
			})
		}
	}
}

func typeOf(replies bool) string {
	if replies {
		return event.TypeProcessed
	}
	return ""
}

func TestDeliver_RepliesWithTheManifest(t *testing.T) {
	s, _, _ := newService(1, 0)
	const key = "größe 1%.jpg"
	var ids []string
	for range 2 {
		r := modes("gr%C3%B6%C3%9Fe+1%25.jpg")["binary"](t, s)
		var m struct{ Source struct{ Key string } }
		if err := json.Unmarshal([]byte(text(t, r)), &m); err != nil || m.Source.Key != key {
			t.Errorf("data is of %q, %v", m.Source.Key, err)
		}
		for name, want := range map[string]string{
			"Ce-Specversion": "1.0", "Ce-Source": "pixmill/uploads", "Ce-Subject": "gr%C3%B6%C3%9Fe%201%25.jpg", "Content-Type": "application/json",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		ids = append(ids, r.Header.Get("Ce-Id"))
		d, err := event.DecodeCloudEventHeaders(r.Header.Get, nil)
		if err != nil || len(d.Items[0].Ignored) != 1 {
			t.Errorf("the answer that comes back is %+v, %v; want it ignored", d, err)
		}
	}
	if ids[0] != ids[1] || len(ids[0]) != 32 {
		t.Errorf("ids of one manifest are %q", ids)
	}
}

// A batch with anything that is to come again comes again as a whole; what of it was
// done is done.
func TestDeliver_BatchHasTheWorstStatus(t *testing.T) {
	one := func(key string) string {
		return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"s","type":"t","data":{"bucket":"uploads","key":%q}}`, key, key)
	}
	unreadable := `{"specversion":"1.0","id":"bad","source":"s","type":"t","data":{}}`
	for _, tt := range []struct {
		events []string
		status int
		detail string
	}{
		{[]string{one("a"), unreadable, one("b")}, 422, `decode CloudEvent "bad"`},
		{[]string{unreadable, one("misconfigured"), one("b")}, 500, `handle "misconfigured": misconfigured: as the key says (and 1 more)`},
		{[]string{one("transient"), unreadable, one("misconfigured"), one("b")}, 503, "(and 2 more)"},
	} {
		s, script, _ := newService(1, 0)
		checkProblem(t, post(t, s, "["+strings.Join(tt.events, ",")+"]"), tt.status, tt.detail)
		if !slices.Contains(script.keys, "b") {
			t.Errorf("handled %q, want the last event, too", script.keys)
		}
	}
}

func TestDeliver_RefusesWhatIsNoDelivery(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		status     int
		detail     string
		headers    []string
	}{
		{"nothing", "", 400, "0 bytes that are not JSON", nil},
		{"unknown", `{"a":1}`, 400, `saw an object with "a"`, nil},
		{"an image", "\xff\xd8", 415, "PUT the image into the source bucket", []string{"Content-Type", "image/jpeg"}},
		{"a compressed body", "\x1f\x8b", 415, `Content-Encoding is "gzip"`, []string{"Content-Encoding", "gzip"}},
		{"an event that says a thing twice", "{}", 400, "header ce-id is there 2 times", []string{"Ce-Id", "1", "Ce-Id", "2", "Ce-Source", "s", "Ce-Specversion", "1.0", "Ce-Type", "t"}},
		{"a binary event that says it is structured", "{}", 400, `saw an empty object`, []string{"Ce-Id", "1", "Ce-Source", "s", "Ce-Specversion", "1.0", "Ce-Type", "t", "Content-Type", "application/cloudevents+json"}},
		{"a time that is none", "{}", 400, `time "yesterday" is not RFC 3339`, []string{"Ce-Id", "1", "Ce-Source", "s", "Ce-Specversion", "1.0", "Ce-Type", "t", "Ce-Time", "yesterday"}},
		{"too many events", "[" + strings.Repeat(`{"specversion":"1.0"},`, event.MaxRecords) + `{"specversion":"1.0"}]`, 400, "events is 10001 records, over the limit of 10000", nil},
		{"an array of anything", "[1]", 400, "looked for a CloudEvent", nil},
		{"a form of files", "x", 415, `"multipart/form-data"`, []string{"Content-Type", "multipart/form-data; boundary=x"}},
		{"a broken type", "x", 415, "Content-Type", []string{"Content-Type", "a/b/c"}},
		{"too large", strings.Repeat(" ", event.MaxPayloadBytes+2), 413, "body is 8388610 bytes, over the limit of 8388608 bytes", nil},
		{"a long key is no large body", `{"bucket":"b","key":"` + strings.Repeat("k", 1025) + `"}`, 400, "key is 1025 bytes", nil},
		{"an event without a type", "", 400, "type of the CloudEvent is empty", []string{"Ce-Id", "1", "Ce-Source", "s", "Ce-Specversion", "1.0"}},
		{"an event of another version", "", 400, "only 1.0", []string{"Ce-Id", "1", "Ce-Source", "s", "Ce-Specversion", "0.3", "Ce-Type", "t"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, script, log := newService(1, 0)
			checkProblem(t, post(t, s, tt.body, tt.headers...), tt.status, tt.detail)
			if len(script.keys) != 0 || !strings.Contains(log.String(), fmt.Sprintf(`"status":%d`, tt.status)) {
				t.Errorf("handled %q; log: %s", script.keys, log)
			}
		})
	}
}

// Each payload that Decode reads elsewhere is understood here, too.
func TestDeliver_TakesEveryEnvelope(t *testing.T) {
	files, err := filepath.Glob("../../event/testdata/*/*.json")
	if err != nil || len(files) < 40 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		name := strings.TrimPrefix(file, "../../event/testdata/")
		s, _, _ := newService(1, 0)
		r := post(t, s, load(t, name), "Content-Type", "application/json")
		want := []int{200, 204}
		switch name {
		case "aws/sqs-batch.json", "localstack/sqs-fifo.json", "cloudevents/batch.json", "cloudevents/knative-s3.json":
			want = []int{422} // something in them cannot be read
		}
		if !slices.Contains(want, r.StatusCode) {
			t.Errorf("%s: %d %s", name, r.StatusCode, text(t, r))
		}
	}
}

func TestDeliver_TriesTheAlternativeKey(t *testing.T) {
	s, script, _ := newService(1, 0)
	r := post(t, s, load(t, "cloudevents/eventbridge-in-base64.json"))
	if want := []string{"a%20b.jpg", "a b.jpg"}; !slices.Equal(script.keys, want) || r.Header.Get("Ce-Subject") != "a%20b.jpg" {
		t.Errorf("handled %q, answered of %q; want %q", script.keys, r.Header.Get("Ce-Subject"), want)
	}
}

func TestDeliver_FuncInvokeIsToldWhatToSend(t *testing.T) {
	s, _, _ := newService(1, 0)
	r := post(t, s, `{"message":"Hello World"}`, "Content-Type", "application/json",
		"Ce-Id", "1", "Ce-Source", "/boson/fn", "Ce-Type", "boson.fn", "Ce-Specversion", "1.0")
	if body := text(t, r); r.StatusCode != 200 || r.Header.Get("Ce-Type") != typeUsage || !strings.Contains(body, "--data") {
		t.Errorf("answer is %d %v %s", r.StatusCode, r.Header, body)
	}
}

// An id is any text; a header is not.
func TestDeliver_UsageHasTheIDAsAHeader(t *testing.T) {
	s, _, _ := newService(1, 0)
	r := post(t, s, `{"specversion":"1.0","id":"1\nü","source":"s","type":"boson.fn"}`, "Content-Type", "application/cloudevents+json")
	if id := r.Header.Get("Ce-Id"); r.StatusCode != 200 || id != "1%0A%C3%BC" {
		t.Errorf("answer is %d with Ce-Id %q: %s", r.StatusCode, id, text(t, r))
	}
}

// A structured event may have passed somebody who set headers of the binary mode.
func TestDeliver_TheBodysTypeSaysTheMode(t *testing.T) {
	s, script, _ := newService(1, 0)
	structured := `{"specversion":"1.0","id":"7","source":"s","type":"t","data":{"bucket":"uploads","key":"fine"}}`
	r := post(t, s, structured, "Content-Type", "application/cloudevents+json", "Ce-Id", "8", "Ce-Specversion", "1.0", "Ce-Type", event.TypeProcessed)
	if r.StatusCode != 200 || !slices.Equal(script.keys, []string{"fine"}) {
		t.Errorf("%d, handled %q", r.StatusCode, script.keys)
	}
}

func TestDeliver_AnEmptyBatchIsDone(t *testing.T) {
	s, script, _ := newService(1, 0)
	if r := post(t, s, "[]", "Content-Type", "application/cloudevents-batch+json"); r.StatusCode != 204 || len(script.keys) != 0 {
		t.Errorf("%d %s", r.StatusCode, text(t, r))
	}
}

func TestDeliver_ABodyFindsNoRoom(t *testing.T) {
	s, _, _ := newService(1, 3)
	others := s.gate.lease()
	if err := others.grow(s.BodyBytes - 10); err != nil {
		t.Fatal(err)
	}
	checkProblem(t, modes("fine")["direct"](t, s), 503, "requests have filled the 67108864 bytes that there are for bodies")
	others.release()
	if r := modes("fine")["direct"](t, s); r.StatusCode != 200 {
		t.Errorf("with room again: %d", r.StatusCode)
	}
	if !s.gate.room.TryAcquire(s.BodyBytes) {
		t.Error("a request has kept room for its body")
	}
}

func TestDeliver_NotDoneInTimeIs503(t *testing.T) {
	s, script, _ := newService(1, 1)
	s.Timeout = 50 * time.Millisecond
	checkProblem(t, modes("wait")["direct"](t, s), 503, "context deadline exceeded")
	<-script.begun
	if err := s.gate.begin(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	checkProblem(t, modes("fine")["direct"](t, s), 503, "no slot came free: not done within 50ms")
	if len(script.keys) != 1 {
		t.Errorf("handled %q without a slot", script.keys)
	}
}

// Whoever cannot be begun soon is told, while it may still try another pod.
func TestDeliver_WaitsForASlotOnlySoLong(t *testing.T) {
	s, script, _ := newService(1, 1)
	s.Wait = 30 * time.Millisecond
	first := make(chan *http.Response)
	go func() { first <- modes("wait")["direct"](t, s) }()
	<-script.begun
	checkProblem(t, modes("fine")["structured"](t, s), 503, "no slot came free: waited 30ms for one of 1")
	if len(script.keys) != 1 {
		t.Errorf("handled %q without a slot", script.keys)
	}
	close(script.release)
	if r := <-first; r.StatusCode != 200 {
		t.Errorf("the one that had the slot got %d", r.StatusCode)
	}
	if r := modes("fine")["direct"](t, s); r.StatusCode != 200 {
		t.Errorf("the next one got %d", r.StatusCode)
	}
}

func TestDeliver_OtherMethodsAndPaths(t *testing.T) {
	s, _, _ := newService(1, 0)
	for request, status := range map[string]int{
		"GET /": 200, "HEAD /": 200, "PUT /": 405, "OPTIONS /": 405, "POST /a": 404, "GET /health/liveness": 200, "GET /health/readiness": 200,
	} {
		method, path, _ := strings.Cut(request, " ")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody))
		if w.Code != status || (w.Header().Get("Allow") == "GET, HEAD, POST") != (status == 405) {
			t.Errorf("%s: %d %v, want %d", request, w.Code, w.Header(), status)
		}
	}
}

func TestDeliver_FullAndDrainingAre503(t *testing.T) {
	s, script, _ := newService(2, 1)
	answers := make(chan int)
	send := func(key string) { answers <- modes(key)["direct"](t, s).StatusCode }
	for range 2 {
		go send("wait")
		<-script.begun
	}
	go send("fine") // waits for a slot
	for len(s.gate.inside) < 3 {
		runtime.Gosched() // until it does
	}
	checkProblem(t, modes("fine")["direct"](t, s), 503, "3 deliveries are handled or wait")
	s.Drain()
	checkProblem(t, modes("fine")["structured"](t, s), 503, "about to stop")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, ReadinessPath, http.NoBody))
	if w.Code != 503 {
		t.Errorf("readiness while draining is %d", w.Code)
	}
	close(script.release)
	for range 3 {
		if status := <-answers; status != 200 {
			t.Errorf("a delivery that was admitted got %d", status)
		}
	}
}
