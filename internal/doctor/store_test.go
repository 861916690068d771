package doctor_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pixmill/iam"
	"pixmill/iam/iamtest"
	"pixmill/internal/blob"
	"pixmill/internal/doctor"
	"pixmill/internal/imaging"
	"pixmill/internal/preset"
	"pixmill/internal/runtime/store/storetest"
)

// local is an embedded store with both buckets, behind a policy.
type local struct {
	presets        *preset.Config
	options        doctor.Options
	proxy          *iamtest.Proxy
	source, output *blob.Bucket // the owner's
	policy         *iam.Document
}

func newLocal(t *testing.T) *local {
	t.Helper()
	e := storetest.Open(t, t.TempDir(), "uploads", "variants").Endpoint()
	l := &local{presets: parse(t, "uploads", "variants"), proxy: iamtest.New(t, e.URL), policy: iam.Function("uploads", "variants")}
	owner := storetest.Client(t, e)
	l.source, l.output = owner.Bucket("uploads"), owner.Bucket("variants")
	l.options = doctor.Options{Presets: l.presets, Local: &doctor.Local{
		Endpoint: l.proxy.URL, AccessKey: e.AccessKey, SecretKey: e.SecretKey, Data: ".pixmill", Dead: 0,
	}}
	l.proxy.Enforce(l.policy.Grants())
	return l
}

func (l *local) put(t *testing.T, b *blob.Bucket, key string, body []byte, meta map[string]string) *blob.Attrs {
	t.Helper()
	a, err := b.Put(t.Context(), key, body, &blob.PutOptions{Metadata: meta})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// clear empties both buckets.
func (l *local) clear(t *testing.T) {
	t.Helper()
	for _, b := range []*blob.Bucket{l.source, l.output} {
		for e, err := range b.List(t.Context(), blob.ListOptions{}) {
			if err == nil {
				err = b.Delete(t.Context(), e.Key)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestRun_HealthyLocalRuntime(t *testing.T) {
	l := newLocal(t)
	wantOnly(t, examine(t, l.options))
	l.put(t, l.source, "photo.jpg", []byte("x"), nil)
	found := examine(t, l.options)
	wantOnly(t, found)
	if text := show(found); !strings.Contains(text, "local runtime tells its function") || !strings.Contains(text, "source permissions ok: list, read") {
		t.Errorf("found\n%s", text)
	}
	for e, err := range l.output.List(t.Context(), blob.ListOptions{}) {
		t.Errorf("left behind: %+v, %v", e, err)
	}
}

// TestRun_EachMissingPermission also reads the bucket with an object in it.
func TestRun_EachMissingPermission(t *testing.T) {
	l := newLocal(t)
	l.put(t, l.source, "photo.jpg", []byte("x"), nil)
	for _, g := range l.policy.Grants() {
		l.proxy.Enforce(l.policy.Without(g))
		check := "output permissions"
		if strings.Contains(g.Resource, "uploads") {
			check = "source permissions"
		}
		wants := []want{{check, doctor.StatusProblem, "your credentials lack " + g.Action + " on " + g.Resource}}
		if g.Action == "s3:DeleteObject" {
			wants = append(wants, want{check, doctor.StatusWarning, "the probe object"})
		}
		wantOnly(t, examine(t, l.options), wants...)
	}
}

func TestRun_ReadOnlyWritesNothing(t *testing.T) {
	l := newLocal(t)
	l.proxy.Enforce(l.policy.Without(iam.Grant{Action: "s3:PutObject", Resource: "arn:aws:s3:::variants/*"}))
	l.options.ReadOnly = true
	wantOnly(t, examine(t, l.options))
}

func TestRun_MissingBuckets(t *testing.T) {
	l := newLocal(t)
	l.options.Presets = parse(t, "no-such-source", "no-such-output")
	l.proxy.Enforce(iam.Function("no-such-source", "no-such-output").Grants())
	found := examine(t, l.options)
	wantOnly(t, found,
		want{"source bucket", doctor.StatusProblem, "there is no bucket no-such-source"},
		want{"output bucket", doctor.StatusProblem, "there is no bucket no-such-output"})
	for i, f := range bad(found) {
		if variable := []string{"PIXMILL_SOURCE_BUCKET", "PIXMILL_OUTPUT_BUCKET"}[i]; !strings.HasSuffix(f.Fix, "or name yours with "+variable) {
			t.Errorf("the fix is %q, want %s named", f.Fix, variable)
		}
	}
}

func TestRun_NothingListens(t *testing.T) {
	srv := httptest.NewServer(nil)
	srv.Close()
	start := time.Now()
	wantOnly(t, examine(t, doctor.Options{Presets: parse(t, "uploads", "variants"), Local: &doctor.Local{Endpoint: srv.URL, AccessKey: "k", SecretKey: "s"}}),
		want{"endpoint", doctor.StatusProblem, "nothing answers at " + srv.URL})
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestRun_CtrlCFindsNothing(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		stop()
		<-r.Context().Done()
	}))
	defer srv.Close()
	o := doctor.Options{Presets: parse(t, "uploads", "variants"), Local: &doctor.Local{Endpoint: srv.URL, AccessKey: "k", SecretKey: "s"}, Now: time.Now}
	_, err := doctor.Run(ctx, o, func(f doctor.Finding) {
		if f.Check != "configuration" {
			t.Errorf("found %+v", f)
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestRun_DeadLettersOfTheLocalRuntime(t *testing.T) {
	l := newLocal(t)
	l.options.Local.Dead = 3
	wantOnly(t, examine(t, l.options), want{"dead letters", doctor.StatusWarning, "3 events in .pixmill"})
	l.options.Local.Dead, l.options.Local.Running = -1, "4711"
	found := examine(t, l.options)
	wantOnly(t, found)
	if !strings.Contains(show(found), "dead letters skipped: the dead letters are not looked at: the runtime (process 4711)") {
		t.Errorf("found\n%s", show(found))
	}
}

func TestRun_ThisBuild(t *testing.T) {
	l := newLocal(t)
	l.options.Capability = able()
	l.options.Capability.Outputs = []imaging.Format{imaging.FormatJPEG}
	wantOnly(t, examine(t, l.options), want{"formats", doctor.StatusProblem, "ask for webp, which this libvips 8.18.7 cannot write"})
	l.options.Capability = able()
	l.options.Capability.Limits.Memory = 900 << 20 // enough for the pixels alone
	wantOnly(t, examine(t, l.options), want{"memory", doctor.StatusWarning, "this machine has 900 MiB for images; an image of limits.pixels, 200 megapixels, and limits.source_bytes, 200 MiB, may need 962 MiB: 762 MiB for its pixels and 200 MiB for its own bytes"})
	l.options.Capability, l.options.Broken = imaging.Capability{}, context.DeadlineExceeded
	wantOnly(t, examine(t, l.options), want{"formats", doctor.StatusProblem, "the engine does not start"})
}
