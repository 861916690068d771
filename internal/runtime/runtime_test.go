package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"pixmill/internal/blob"
	"pixmill/internal/fault"
	"pixmill/internal/imaging/imagingtest"
	"pixmill/internal/manifest"
	"pixmill/internal/outputtest"
	"pixmill/internal/runtime"
	"pixmill/internal/runtime/dispatch"
	"pixmill/internal/runtime/store"
)

// sdk returns AWS's own client, for what blob does not have.
func (g *rig) sdk() *s3.Client {
	tr := &http.Transport{}
	g.t.Cleanup(tr.CloseIdleConnections)
	e := g.r.Endpoint()
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(e.URL), Region: e.Region, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(e.AccessKey, e.SecretKey, ""),
		HTTPClient:  &http.Client{Transport: tr},
	})
}

func TestRun_EveryWayToChangeASource(t *testing.T) {
	g := start(t, t.TempDir(), nil)
	c, bucket := g.sdk(), aws.String("uploads")
	g.put("in/put ü+%2B.jpg", picture(1))
	g.put("in/text.jpg", []byte("not an image"))
	g.put("elsewhere.jpg", picture(2)) // not under the prefix
	g.drain()
	g.wantExact("in/put ü+%2B.jpg", "in/text.jpg")

	_, err := c.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("in/copy.jpg"), CopySource: aws.String("uploads/elsewhere.jpg")})
	if err != nil {
		t.Fatal(err)
	}
	up, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: bucket, Key: aws.String("in/parts.jpg")})
	if err != nil {
		t.Fatal(err)
	}
	part, err := c.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: bucket, Key: up.Key, UploadId: up.UploadId, PartNumber: aws.Int32(1), Body: bytes.NewReader(picture(3))})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{
		Bucket: bucket, Key: up.Key, UploadId: up.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{ETag: part.ETag, PartNumber: aws.Int32(1)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s3.NewPresignClient(c).PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("in/signed.jpg")})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), signed.Method, signed.URL, bytes.NewReader(picture(4)))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	g.drain()
	g.wantExact("in/put ü+%2B.jpg", "in/text.jpg", "in/copy.jpg", "in/parts.jpg", "in/signed.jpg")

	_, err = c.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{
		{Key: aws.String("in/copy.jpg")}, {Key: aws.String("in/parts.jpg")}, {Key: aws.String("in/text.jpg")},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	g.put("in/signed.jpg", picture(5))
	g.drain()
	g.wantExact("in/put ü+%2B.jpg", "in/signed.jpg")
}

func TestRun_BadSourcesAreRecordedWithTheReason(t *testing.T) {
	g := start(t, t.TempDir(), nil)
	bad := map[string]struct {
		content []byte
		reason  string
	}{
		"text.jpg":      {[]byte("not an image"), "not an image"},
		"empty.jpg":     {nil, "0 bytes"},
		"truncated.jpg": {picture(1)[:400], "ends early"},
		"pixels.png":    {imagingtest.PixelBomb(), "100000 px"},
		"frames.gif":    {imagingtest.FrameBomb(), "1001"},
	}
	var keys []string
	for name, c := range bad {
		keys = append(keys, "in/"+name)
		g.put("in/"+name, c.content)
	}
	g.put("in/good.jpg", picture(2))
	g.drain()
	g.wantExact(append(keys, "in/good.jpg")...)
	for name, c := range bad {
		data, _, err := g.output.Get(t.Context(), "out/"+name+"/"+manifest.Name, 0)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := manifest.Parse(data); err != nil || m.Status != manifest.StatusRejected || !strings.Contains(strings.ToLower(m.Reason), c.reason) {
			t.Errorf("%s: %s because %q (%v), want rejected because of %q", name, m.Status, m.Reason, err, c.reason)
		}
	}
}

func TestRun_BadKeysHarmNoOthersAndAreDeadLetters(t *testing.T) {
	g := start(t, t.TempDir(), func(o *runtime.Options) {
		o.Timeout = time.Second
		o.Memory = 300 << 20
	})
	for _, name := range []string{"hang", "crash", "eat"} {
		g.put("in/"+name+"/x.jpg", picture(0))
	}
	for i := range 6 {
		g.put(fmt.Sprintf("in/good/%d.jpg", i), picture(i))
	}
	g.drain()
	got := g.reasons()
	for name, want := range map[string]string{
		"hang":  "killed the function twice: signal: killed (still working 5s past its deadline of 1s)",
		"crash": "killed the function twice: exit status 9",
		"eat":   "killed the function twice: signal: killed (memory is ",
	} {
		if !strings.HasPrefix(got[name], want) {
			t.Errorf("%s was given up because %q, want %q", name, got[name], want)
		}
	}
	if len(got) != 3 {
		t.Errorf("dead letters: %v", got)
	}
	for i := range 6 {
		if _, err := g.output.Head(t.Context(), fmt.Sprintf("out/good/%d.jpg/manifest.json", i)); err != nil {
			t.Error(err)
		}
	}
}

func TestRun_PlainS3Events(t *testing.T) {
	g := start(t, t.TempDir(), func(o *runtime.Options) { o.Form = dispatch.FormS3 })
	g.put("in/a.jpg", picture(1))
	g.put("in/b.jpg", picture(2))
	if err := g.source.Delete(t.Context(), "in/a.jpg"); err != nil {
		t.Fatal(err)
	}
	g.drain()
	g.wantExact("in/b.jpg")
}

func TestRun_DrainsWhatHasBegun(t *testing.T) {
	data := t.TempDir()
	var log outputtest.Buffer
	g := start(t, data, func(o *runtime.Options) {
		o.Recheck = false // which may find the source beside its event, and queue it a second time
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	g.put("in/slow/x.jpg", picture(1))
	eventually(t, 20*time.Second, "the invocation is under way", func() bool { return strings.Contains(log.String(), "begun") })
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	g = open(t, data, nil)
	if s, err := g.r.Events(t.Context()); err != nil || !s.Idle() {
		t.Errorf("events after the drain: %+v, %v\n%s", s, err, log.String())
	}
	g.wantExact("in/slow/x.jpg")
}

func TestRun_DrainThatTakesTooLongIsCutShortAndNothingIsLost(t *testing.T) {
	data := t.TempDir()
	var log outputtest.Buffer
	g := start(t, data, func(o *runtime.Options) {
		o.Drain = 100 * time.Millisecond
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	g.put("in/hang/x.jpg", picture(1))
	eventually(t, 20*time.Second, "the invocation is under way", func() bool { return strings.Contains(log.String(), "begun") })
	begin := time.Now()
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("it took %v", d)
	}
	g = open(t, data, nil)
	s, err := g.r.Events(t.Context())
	if err != nil || s.Idle() || s.Dead != 0 {
		t.Errorf("events after the cut: %+v, %v; want one that comes again", s, err)
	}
}

// withoutEvents changes a runtime's store behind its back, as a crash between a
// change and its event would.
func withoutEvents(t *testing.T, data string, change func(source, output *blob.Bucket)) {
	t.Helper()
	o := options(t, data)
	s, err := store.Open(t.Context(), store.Options{
		Dir: filepath.Join(data, "s3"), Listen: o.Listen, Log: o.Log, Now: o.Now, Rand: o.Rand,
		Notify: func(context.Context, store.Change) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	client, err := s.Endpoint().Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	change(client.Bucket("uploads"), client.Bucket("variants"))
}

func TestRun_SecondStartFindsWhatHasNoEvent(t *testing.T) {
	data := t.TempDir()
	g := start(t, data, nil)
	for i, name := range []string{"kept", "deleted", "overwritten", "half", "nested/deep/er"} {
		g.put("in/"+name, picture(i))
	}
	g.drain()
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}

	withoutEvents(t, data, func(source, output *blob.Bucket) {
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(source.Delete(t.Context(), "in/deleted"))
		must(source.Delete(t.Context(), "in/nested/deep/er"))
		must(output.Delete(t.Context(), "out/nested/deep/er/manifest.json")) // a crash in the middle of the removal
		must(output.Delete(t.Context(), "out/half/manifest.json"))
		_, err := source.Put(t.Context(), "in/overwritten", picture(100), nil)
		must(err)
		_, err = source.Put(t.Context(), "in/new", picture(101), nil)
		must(err)
		_, err = output.Put(t.Context(), "out/foreign/notes.txt", []byte("not Pixmill's"), nil)
		must(err)
	})

	g = start(t, data, nil)
	want := []string{"in/kept", "in/overwritten", "in/half", "in/new"}
	eventually(t, 20*time.Second, "all but the foreign object agrees", func() bool {
		problems, _ := disagreements(t, g.source, g.output)
		return len(problems) == 1 && problems["in/foreign"] != ""
	})
	if err := g.output.Delete(t.Context(), "out/foreign/notes.txt"); err != nil {
		t.Fatal(err)
	}
	g.drain()
	g.wantExact(want...)
}

func TestRun_SecondStartMakesWhatChangedPresetsAskFor(t *testing.T) {
	data := t.TempDir()
	g := start(t, data, nil)
	g.put("in/a.jpg", picture(1))
	g.drain()
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	g = start(t, data, func(o *runtime.Options) { changePresets(t, o) })
	eventually(t, 20*time.Second, "the variant of the new preset is there", func() bool {
		_, err := g.output.Head(t.Context(), "out/a.jpg/other.jpg")
		return err == nil
	})
	g.drain()
	g.wantExact("in/a.jpg")
}

func TestOpen_BadInput(t *testing.T) {
	data := t.TempDir()
	tests := []struct {
		name string
		edit func(*runtime.Options)
		want string
	}{
		{"directory in use", func(o *runtime.Options) { o.Data = data }, "another pixmill (process "},
		{"bad bucket", func(o *runtime.Options) { o.Presets.Source.Bucket = "Up" }, "a bucket name has 3 to 63"},
		{"reserved variable", func(o *runtime.Options) { o.Env = []string{"LAMBDA_TASK_ROOT=/"} }, "LAMBDA_TASK_ROOT is reserved"},
		{"bad address", func(o *runtime.Options) { o.Listen = "localhost" }, "want host:port"},
	}
	g := open(t, data, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name != "directory in use" {
				if err := g.stop(); err != nil { // one store at a time in a process
					t.Fatal(err)
				}
			}
			o := options(t, t.TempDir())
			tt.edit(&o)
			r, err := runtime.Open(t.Context(), o)
			if err == nil {
				err = errors.Join(errors.New("opened"), r.Close())
			}
			if !strings.Contains(err.Error(), tt.want) || fault.KindOf(err) != fault.Misconfigured {
				t.Errorf("got %v (%v), want misconfigured with %q", err, fault.KindOf(err), tt.want)
			}
		})
	}
}
