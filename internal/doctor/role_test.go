package doctor

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	policies "pixmill/iam"
	"pixmill/internal/preset"
)

// simulator answers IAM's SimulatePrincipalPolicy for a role with some grants.
func simulator(t *testing.T, grants func() []policies.Grant) *httptest.Server {
	t.Helper()
	type result struct {
		EvalActionName, EvalResourceName, EvalDecision string
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || r.Form.Get("Action") != "SimulatePrincipalPolicy" {
			t.Errorf("request %v, %v", r.Form, err)
		}
		action := r.Form.Get("ActionNames.member.1")
		var results []result
		for i := 1; r.Form.Has(fmt.Sprintf("ResourceArns.member.%d", i)); i++ {
			resource, decision := r.Form.Get(fmt.Sprintf("ResourceArns.member.%d", i)), "implicitDeny"
			if policies.Allows(grants(), action, resource) {
				decision = "allowed"
			}
			results = append(results, result{action, resource, decision})
		}
		w.Header().Set("Content-Type", "text/xml")
		_ = xml.NewEncoder(w).Encode(struct {
			XMLName xml.Name `xml:"SimulatePrincipalPolicyResponse"`
			Results []result `xml:"SimulatePrincipalPolicyResult>EvaluationResults>member"`
		}{Results: results})
	}))
	t.Cleanup(srv.Close)
	return srv
}

// atAWS is an examination that takes a server for AWS.
func atAWS(t *testing.T, url string) *examination {
	t.Helper()
	t.Setenv("AWS_ENDPOINT_URL", url)
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_REGION", "eu-west-1")
	presets, err := preset.Parse("pixmill.yaml", []byte("source: {bucket: uploads, prefix: \"in/\"}\noutput: {bucket: variants}\nrules: [{match: \"**\", presets: [p]}]\npresets: {p: [{name: small, width: 10}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	x, err := newExamination(t.Context(), Options{Presets: presets})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.close)
	x.place, x.account = placeAWS, "123456789012"
	return x
}

func TestCheckRole_NamesWhatIsMissing(t *testing.T) {
	full := policies.Function("uploads", "variants")
	grants := full.Grants()
	x := atAWS(t, simulator(t, func() []policies.Grant { return grants }).URL)
	x.function = "pixmill"
	x.settings = &functionSettings{name: "pixmill", role: "arn:aws:iam::123456789012:role/path/pixmill-role"}
	if found := checkRole(t.Context(), x); len(found) != 1 || found[0].Status != StatusOK {
		t.Errorf("with the full policy: %+v", found)
	}
	grants = full.Grants()
	grants[0].Resource = "arn:aws:s3:::uploads/in/*" // narrower, and enough
	if found := checkRole(t.Context(), x); len(found) != 1 || found[0].Status != StatusOK {
		t.Errorf("with a policy for the prefix: %+v", found)
	}
	for _, missing := range full.Grants() {
		grants = full.Without(missing)
		found := checkRole(t.Context(), x)
		if len(found) != 1 || found[0].Status != StatusProblem || !strings.Contains(found[0].What, "pixmill-role lacks "+missing.Action+" on "+missing.Resource) {
			t.Errorf("without %+v: %+v", missing, found)
			continue
		}
		if !strings.HasPrefix(found[0].Fix, "aws iam put-role-policy --role-name pixmill-role ") || !strings.Contains(found[0].Fix, missing.Action) {
			t.Errorf("the fix is %q", found[0].Fix)
		}
	}
}

// In one bucket, sources and variants are apart by their prefixes, and so may be
// what the role may do with them.
func TestCheckRole_OneBucket(t *testing.T) {
	narrow := []policies.Grant{
		{Action: "s3:ListBucket", Resource: "arn:aws:s3:::uploads"},
		{Action: "s3:GetObject", Resource: "arn:aws:s3:::uploads/*"},
		{Action: "s3:PutObject", Resource: "arn:aws:s3:::uploads/out/*"},
		{Action: "s3:DeleteObject", Resource: "arn:aws:s3:::uploads/out/*"},
	}
	grants := narrow
	x := atAWS(t, simulator(t, func() []policies.Grant { return grants }).URL)
	x.opts.Presets.Output = preset.Location{Bucket: "uploads", Prefix: "out/"}
	x.function, x.settings = "pixmill", &functionSettings{name: "pixmill", role: "arn:aws:iam::123456789012:role/r"}
	if found := checkRole(t.Context(), x); len(found) != 1 || found[0].Status != StatusOK {
		t.Errorf("what is enough: %+v", found)
	}
	grants = append([]policies.Grant{{Action: "s3:GetObject", Resource: "arn:aws:s3:::uploads/in/*"}}, narrow[0], narrow[2], narrow[3])
	if found := checkRole(t.Context(), x); len(found) != 1 || !strings.Contains(found[0].What, "lacks s3:GetObject") {
		t.Errorf("variants cannot be read: %+v", found)
	}
}

func TestCheckCredentials_WhatIsWrong(t *testing.T) {
	for code, want := range map[string]string{
		"ExpiredToken":         "have expired",
		"InvalidClientTokenId": "does not know these credentials",
		"AccessDenied":         "your credentials lack sts:GetCallerIdentity",
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/xml")
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte("<ErrorResponse><Error><Type>Sender</Type><Code>" + code + "</Code><Message>no</Message></Error></ErrorResponse>"))
		}))
		if found := checkCredentials(t.Context(), atAWS(t, srv.URL)); len(found) != 1 || !strings.Contains(found[0].What, want) {
			t.Errorf("%s: %+v, want %q", code, found, want)
		}
		srv.Close()
	}
	x := atAWS(t, "http://127.0.0.1:1")
	if found := checkCredentials(t.Context(), x); len(found) != 1 || !strings.Contains(found[0].What, "nobody answers") {
		t.Errorf("no network: %+v", found)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", "/nonexistent")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
	y, err := newExamination(t.Context(), x.opts)
	if err != nil {
		t.Fatal(err)
	}
	defer y.close()
	y.place = placeAWS
	if found := checkCredentials(t.Context(), y); len(found) != 1 || !strings.Contains(found[0].What, "there are no credentials") {
		t.Errorf("none: %+v", found)
	}
}

func TestCheckBucket_AnotherRegion(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amz-Bucket-Region", "ap-south-1")
		w.WriteHeader(http.StatusMovedPermanently)
	}))
	defer srv.Close()
	x := atAWS(t, srv.URL)
	found := checkSourceBucket(t.Context(), x)
	if len(found) != 1 || found[0].Status != StatusProblem || !strings.Contains(found[0].What, "uploads is in ap-south-1, and requests go to eu-west-1") {
		t.Errorf("%+v", found)
	}
	if x.usable(x.sourceAt()) {
		t.Error("the other checks go on with a bucket that refuses them")
	}
}

func TestDeadARN_IsOfTheSameKind(t *testing.T) {
	for queue, want := range map[string]string{"arn:aws:sqs:r:1:q": "arn:aws:sqs:r:1:q-dead", "arn:aws:sqs:r:1:q.fifo": "arn:aws:sqs:r:1:q-dead.fifo"} {
		if got := deadARN(queue); got != want {
			t.Errorf("%s: %s, want %s", queue, got, want)
		}
	}
	if got := createQueue("q.fifo"); !strings.HasSuffix(got, " --attributes FifoQueue=true") {
		t.Error(got)
	}
}
