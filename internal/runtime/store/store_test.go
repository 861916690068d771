package store_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"pixmill/internal/fault"
	"pixmill/internal/runtime/store"
)

// httpClient has connections of its own, closed at the end of the test.
func httpClient(t *testing.T) *http.Client {
	t.Helper()
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func put(t *testing.T, c *s3.Client, key, body string) {
	t.Helper()
	_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("uploads"), Key: &key, Body: strings.NewReader(body)})
	if err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
}

// summary is what tests compare of a change.
type summary struct {
	Name, Key string
	Size      int64
}

func summaries(changes []store.Change) []summary {
	var s []summary
	for _, c := range changes {
		s = append(s, summary{c.Name, c.Key, c.Size})
	}
	return s
}

func equal(t *testing.T, got []summary, want ...summary) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("change %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func TestChange_EachOperationTellsItsName(t *testing.T) {
	rec := &recorder{}
	s := open(t, t.TempDir(), rec)
	c := client(t, s.Endpoint(), 1)
	bucket := aws.String("uploads")

	put(t, c, "a b/ü+%2B.txt", "hello")
	equal(t, summaries(rec.taken()), summary{store.CreatedPut, "a b/ü+%2B.txt", 5})

	_, err := c.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: aws.String("uploads/a%20b/%C3%BC%2B%252B.txt")})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, summaries(rec.taken()), summary{store.CreatedCopy, "copy", 5})

	multipartUpload(t, c, "parts")
	changes := rec.taken()
	equal(t, summaries(changes), summary{store.CreatedMultipart, "parts", 5<<20 + 3})
	if !strings.HasSuffix(changes[0].ETag, "-2") {
		t.Errorf("ETag of an upload in two parts is %q", changes[0].ETag)
	}

	if _, err = c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("copy")}); err != nil {
		t.Fatal(err)
	}
	equal(t, summaries(rec.taken()), summary{store.RemovedDelete, "copy", 0})

	_, err = c.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{
		{Key: aws.String("parts")}, {Key: aws.String("was never there")},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, summaries(rec.taken()), summary{store.RemovedDelete, "parts", 0}, summary{store.RemovedDelete, "was never there", 0})
}

func multipartUpload(t *testing.T, c *s3.Client, key string) {
	t.Helper()
	bucket := aws.String("uploads")
	up, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	var done []types.CompletedPart
	for i, body := range [][]byte{make([]byte, 5<<20), []byte("end")} {
		n := aws.Int32(int32(i + 1))
		part, err := c.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: bucket, Key: &key, UploadId: up.UploadId, PartNumber: n, Body: bytes.NewReader(body)})
		if err != nil {
			t.Fatal(err)
		}
		done = append(done, types.CompletedPart{ETag: part.ETag, PartNumber: n})
	}
	_, err = c.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{
		Bucket: bucket, Key: &key, UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: done},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The gateway's strings are of a buffer that the next request of the connection overwrites.
func TestChange_StaysAsItWasTold(t *testing.T) {
	rec := &recorder{}
	s := open(t, t.TempDir(), rec)
	c := client(t, s.Endpoint(), 1)
	put(t, c, "first.jpg", "1")
	put(t, c, "2.jpg", "22")
	equal(t, summaries(rec.taken()), summary{store.CreatedPut, "first.jpg", 1}, summary{store.CreatedPut, "2.jpg", 2})
}

func TestChange_IsVisibleWhenTold(t *testing.T) {
	rec := &recorder{}
	s := open(t, t.TempDir(), rec)
	c := client(t, s.Endpoint(), 1)
	var found error
	rec.look = func(ch store.Change) {
		_, found = c.HeadObject(context.Background(), &s3.HeadObjectInput{Bucket: &ch.Bucket, Key: &ch.Key, IfMatch: &ch.ETag})
	}
	put(t, c, "k", "hello")
	if found != nil {
		t.Errorf("the object could not be read when its change was told: %v", found)
	}
}

func TestChange_ClientHears503AndTriesAgain(t *testing.T) {
	rec := &recorder{}
	s := open(t, t.TempDir(), rec)

	rec.fail = 1
	_, err := client(t, s.Endpoint(), 1).PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("uploads"), Key: aws.String("k"), Body: strings.NewReader("x")})
	if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != "ServiceUnavailable" {
		t.Fatalf("put whose event was lost: %v, want ServiceUnavailable", err)
	}

	patient := client(t, s.Endpoint(), 3)
	rec.fail = 1
	put(t, patient, "k", "x")
	rec.fail = 1
	if _, err := patient.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("uploads"), Key: aws.String("k")}); err != nil {
		t.Fatal(err)
	}
	equal(t, summaries(rec.taken()), summary{store.CreatedPut, "k", 1}, summary{store.RemovedDelete, "k", 0})
}

func TestChange_RefusedRequestTellsNothing(t *testing.T) {
	rec := &recorder{}
	s := open(t, t.TempDir(), rec)
	c := client(t, s.Endpoint(), 1)
	put(t, c, "k", "x")
	rec.taken()
	_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("uploads"), Key: aws.String("k"), IfNoneMatch: aws.String("*"), Body: strings.NewReader("y")})
	if err == nil {
		t.Fatal("a put over an object with If-None-Match: * succeeded")
	}
	if _, err = c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("nowhere"), Key: aws.String("k"), Body: strings.NewReader("y")}); err == nil {
		t.Fatal("a put into a missing bucket succeeded")
	}
	equal(t, summaries(rec.taken()))
}

func TestPresignedURL_Uploads(t *testing.T) {
	rec := &recorder{}
	s := open(t, t.TempDir(), rec)
	signed, err := s3.NewPresignClient(client(t, s.Endpoint(), 1)).PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("uploads"), Key: aws.String("p.jpg")})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), signed.Method, signed.URL, strings.NewReader("photo"))
	if err != nil {
		t.Fatal(err)
	}
	if code := do(t, req); code != http.StatusOK {
		t.Fatalf("presigned PUT: status %d", code)
	}
	equal(t, summaries(rec.taken()), summary{store.CreatedPut, "p.jpg", 5})
}

func TestFormUpload_IsPost(t *testing.T) {
	rec := &recorder{}
	s := open(t, t.TempDir(), rec)
	form, err := s3.NewPresignClient(client(t, s.Endpoint(), 1)).PresignPostObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("uploads"), Key: aws.String("f.jpg")})
	if err != nil {
		t.Fatal(err)
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range form.Values {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	file, err := w.CreateFormFile("file", "f.jpg")
	if err == nil {
		_, err = io.WriteString(file, "photo")
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, form.URL, &body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	if code := do(t, req); code/100 != 2 {
		t.Fatalf("form upload: status %d", code)
	}
	equal(t, summaries(rec.taken()), summary{store.CreatedPost, "f.jpg", 5})
}

func do(t *testing.T, req *http.Request) int {
	t.Helper()
	resp, err := httpClient(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode/100 != 2 {
		t.Logf("answer: %s", text)
	}
	return resp.StatusCode
}

func TestOpen_SecondStartFindsEverythingAndGoesOnCounting(t *testing.T) {
	dir, rec := t.TempDir(), &recorder{}
	first, err := store.Open(t.Context(), options(dir, rec))
	if err != nil {
		t.Fatal(err)
	}
	if created, err := first.CreateBucket(t.Context(), "uploads"); err != nil || !created {
		t.Fatalf("create bucket: %v %v", created, err)
	}
	put(t, client(t, first.Endpoint(), 1), "k", "hello")
	before := rec.taken()[0]
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	second := open(t, dir, rec)
	if created, err := second.CreateBucket(t.Context(), "uploads"); err != nil || created {
		t.Errorf("create the bucket again: %v %v, want false", created, err)
	}
	if second.Endpoint().Credentials != first.Endpoint().Credentials {
		t.Error("the second start has other keys")
	}
	info, err := os.Stat(filepath.Join(dir, "credentials.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("credentials.json: %v %v, want mode 0600", info.Mode(), err)
	}
	c := client(t, second.Endpoint(), 1)
	head, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("uploads"), Key: aws.String("k")})
	if err != nil || strings.Trim(*head.ETag, `"`) != before.ETag {
		t.Errorf("the object after a restart: %v %v", head, err)
	}
	put(t, c, "k", "again")
	if after := rec.taken()[0]; after.Sequencer <= before.Sequencer {
		t.Errorf("sequencer went from %s to %s", before.Sequencer, after.Sequencer)
	}
}

func TestOpen_BadInput(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	tests := []struct {
		name string
		edit func(*store.Options)
		want string
	}{
		{"port in use", func(o *store.Options) { o.Listen = taken.Addr().String() }, "address already in use"},
		{"no port", func(o *store.Options) { o.Listen = "localhost" }, "want host:port"},
		{"half of the keys", func(o *store.Options) { o.Credentials.AccessKey = "AKIA" }, "both the access key and the secret key"},
		{"kept keys unreadable", func(o *store.Options) { writeFile(t, o.Dir, "credentials.json", "{") }, "credentials.json"},
		{"sequencer unreadable", func(o *store.Options) { writeFile(t, o.Dir, "sequencer", "x y") }, "hexadecimal"},
		{"a file in the way", func(o *store.Options) { writeFile(t, o.Dir, "objects", "") }, "objects"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := options(t.TempDir(), &recorder{})
			tt.edit(&o)
			s, err := store.Open(t.Context(), o)
			if err == nil {
				_ = s.Close()
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), tt.want) || fault.KindOf(err) != fault.Misconfigured {
				t.Errorf("error is %q (%v), want misconfigured with %q", err, fault.KindOf(err), tt.want)
			}
		})
	}
}

func TestCreateBucket_BadName(t *testing.T) {
	s := open(t, t.TempDir(), &recorder{})
	for _, name := range []string{"", "ab", "Upper", "../up", "a/b"} {
		if _, err := s.CreateBucket(t.Context(), name); err == nil || fault.KindOf(err) != fault.Misconfigured {
			t.Errorf("bucket %q: %v, want misconfigured", name, err)
		}
	}
}

func writeFile(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOpen_TreeBegunWithSideFilesKeepsThem(t *testing.T) {
	dir, rec := t.TempDir(), &recorder{}
	if err := os.Mkdir(filepath.Join(dir, "metadata"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir, rec)
	c := client(t, s.Endpoint(), 1)
	_, err := c.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("uploads"), Key: aws.String("k"), Body: strings.NewReader("hello"), Metadata: map[string]string{"focal-point": "0.5,0.5"},
	})
	if err != nil {
		t.Fatal(err)
	}
	head, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("uploads"), Key: aws.String("k")})
	if err != nil || head.Metadata["focal-point"] != "0.5,0.5" {
		t.Errorf("metadata %v, %v", head, err)
	}
	if files, err := os.ReadDir(filepath.Join(dir, "metadata", "uploads", "k")); err != nil || len(files) == 0 {
		t.Errorf("side files: %v, %v", files, err)
	}
	equal(t, summaries(rec.taken()), summary{store.CreatedPut, "k", 5})
}

func TestOpen_SecretKeyIsNotInTheLog(t *testing.T) {
	var log bytes.Buffer
	o := options(t.TempDir(), &recorder{})
	o.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	key := s.Endpoint().SecretKey
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if len(key) != 40 || strings.Contains(log.String(), key) {
		t.Errorf("the secret key %q is in the log: %s", key, &log)
	}
}

// The gateway can be shut down only once it serves; goleak finds what stays.
func TestClose_RightAfterOpenLeavesNothingBehind(t *testing.T) {
	for range 20 {
		s, err := store.Open(t.Context(), options(t.TempDir(), &recorder{}))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if conn, err := net.Dial("tcp", strings.TrimPrefix(s.Endpoint().URL, "http://")); err == nil {
			conn.Close()
			t.Fatal("the server still listens")
		}
	}
}
