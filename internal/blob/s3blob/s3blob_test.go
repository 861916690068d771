package s3blob_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"

	"pixmill/internal/blob"
	"pixmill/internal/blob/s3blob"
	"pixmill/internal/fault"
)

// setenv makes the environment that of a machine without any AWS settings, with
// the given ones ("NAME=value") on top.
func setenv(t testing.TB, settings ...string) {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, value) // restores it at the end
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("AWS_CONFIG_FILE", "/nonexistent")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
	for _, entry := range settings {
		name, value, _ := strings.Cut(entry, "=")
		t.Setenv(name, value)
	}
}

func TestNew_FromTheEnvironment(t *testing.T) {
	name := gw.newBucket(t)
	setenv(t, "AWS_ENDPOINT_URL="+gw.endpoint, "AWS_ACCESS_KEY_ID="+accessKey, "AWS_SECRET_ACCESS_KEY="+secretKey)
	s, err := s3blob.New(context.Background(), s3blob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Bucket(name).Put(context.Background(), "k", []byte("x"), nil); err != nil {
		t.Errorf("Put = %v", err)
	}
}

func TestNew_EndpointGoesBeforeTheEnvironment(t *testing.T) {
	setenv(t, "AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_ENDPOINT_URL_S3=http://127.0.0.1:1")
	if _, err := gw.open(t, s3blob.Options{}).Bucket(gw.newBucket(t)).Put(context.Background(), "k", []byte("x"), nil); err != nil {
		t.Errorf("Put = %v", err)
	}
}

func TestNew_NoRegionIsMisconfigured(t *testing.T) {
	setenv(t, "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret")
	_, err := s3blob.New(context.Background(), s3blob.Options{})
	if fault.KindOf(err) != fault.Misconfigured || err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("New without a region = %v, want misconfigured with what to set", err)
	}
}

func TestNew_BadConfigurationIsMisconfigured(t *testing.T) {
	setenv(t, "AWS_REGION=eu-west-1", "AWS_PROFILE=nobody")
	if _, err := s3blob.New(context.Background(), s3blob.Options{}); err == nil || fault.KindOf(err) != fault.Misconfigured {
		t.Errorf("New with a profile that is not there = %v, want misconfigured", err)
	}
}

// TestNew_MetadataServiceIsNotAsked: where the environment has credentials, a
// look for others would cost the cold start a timeout.
func TestNew_MetadataServiceIsNotAsked(t *testing.T) {
	imds := newScripted(t, func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(http.StatusNotFound) })
	name := gw.newBucket(t)
	setenv(t, "AWS_EC2_METADATA_SERVICE_ENDPOINT="+imds.URL, "AWS_ENDPOINT_URL="+gw.endpoint,
		"AWS_ACCESS_KEY_ID="+accessKey, "AWS_SECRET_ACCESS_KEY="+secretKey)
	s, err := s3blob.New(context.Background(), s3blob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, _, err := s.Bucket(name).Get(context.Background(), "k", 0); blob.CodeOf(err) != blob.CodeNoSuchKey {
		t.Errorf("Get = %v", err)
	}
	if n := len(imds.seen()); n != 0 {
		t.Errorf("the metadata service was asked %d times, want never", n)
	}
}

func TestCheckCredentials(t *testing.T) {
	imds := newScripted(t, func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(http.StatusNotFound) })
	setenv(t, "AWS_EC2_METADATA_SERVICE_ENDPOINT="+imds.URL)
	err := s3blob.CheckCredentials(t.Context())
	if fault.KindOf(err) != fault.Misconfigured || err == nil || !strings.Contains(err.Error(), "no EC2 IMDS role found") || len(imds.seen()) == 0 {
		t.Errorf("without any: %v after %d requests, want misconfigured, after the metadata service was asked", err, len(imds.seen()))
	}
	asked := len(imds.seen())
	setenv(t, "AWS_EC2_METADATA_SERVICE_ENDPOINT="+imds.URL, "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret")
	if err := s3blob.CheckCredentials(t.Context()); err != nil || len(imds.seen()) != asked {
		t.Errorf("with some: %v after %d requests more, want nil after none", err, len(imds.seen())-asked)
	}
}

func BenchmarkNew(b *testing.B) {
	setenv(b, "AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret")
	b.ReportAllocs()
	for b.Loop() {
		s, err := s3blob.New(context.Background(), s3blob.Options{})
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}

// BenchmarkPut writes 200 KB to the gateway, and BenchmarkHead asks for it.
func BenchmarkPut(b *testing.B) {
	bucket, body := gw.open(b, s3blob.Options{}).Bucket(gw.newBucket(b)), make([]byte, 200_000)
	for b.Loop() {
		if _, err := bucket.Put(context.Background(), "k", body, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHead(b *testing.B) {
	bucket := gw.open(b, s3blob.Options{}).Bucket(gw.newBucket(b))
	if _, err := bucket.Put(context.Background(), "k", []byte("x"), nil); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := bucket.Head(context.Background(), "k"); err != nil {
			b.Fatal(err)
		}
	}
}
