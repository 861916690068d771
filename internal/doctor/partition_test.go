package doctor

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	policies "pixmill/iam"
	"pixmill/internal/preset"
)

// In China and in GovCloud every ARN begins otherwise, also those in what mends things.
func TestExamination_NamesThePartition(t *testing.T) {
	for region, partition := range map[string]string{"eu-west-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Amzn-Errortype", "ResourceNotFoundException")
			w.WriteHeader(http.StatusNotFound) // Lambda's: no policy, no destination, no function
			_, _ = io.WriteString(w, `{}`)
		}))
		x := atAWS(t, srv.URL)
		x.region = region
		arn := "arn:" + partition
		function := arn + ":lambda:" + region + ":123456789012:function:pixmill"
		for what, found := range map[string]struct {
			text string
			want string
		}{
			"no notification": {x.noRoute(false, nil).Fix, `"QueueArn":"` + arn + ":sqs:" + region + `:123456789012:pixmill"`},
			"nobody may call": {x.checkDirect(t.Context(), route{bucket: "uploads", function: function})[0].Fix, "--source-arn " + arn + ":s3:::uploads "},
			"no destination":  {x.checkFailureDestination(t.Context(), "pixmill", nil)[0].Fix, "OnFailure={Destination=" + arn + ":sqs:" + region + ":123456789012:pixmill-dead}"},
			"objects":         {x.objectsARN(preset.Location{Bucket: "uploads", Prefix: "in/"}), arn + ":s3:::uploads/in/*"},
		} {
			if !strings.Contains(found.text, found.want) {
				t.Errorf("%s, %s: %q, want %q", region, what, found.text, found.want)
			}
		}
		policy, err := json.Marshal(map[string]any{"Statement": map[string]any{
			"Effect": "Allow", "Principal": map[string]string{"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage",
			"Condition": map[string]any{"ArnEquals": map[string]string{"aws:SourceArn": arn + ":s3:::uploads"}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		if service, source := x.caller(route{bucket: "uploads"}); !allowsService(string(policy), service, "sqs:SendMessage", source) {
			t.Errorf("%s: %s may not write to the queue for %s", region, service, source)
		}
		srv.Close()
	}
}

// The role's own ARN says where it is.
func TestCheckRole_InAnotherPartition(t *testing.T) {
	full := policies.Function("uploads", "variants").In("aws-cn")
	grants := full.Grants()
	x := atAWS(t, simulator(t, func() []policies.Grant { return grants }).URL)
	x.function, x.settings = "pixmill", &functionSettings{name: "pixmill", role: "arn:aws-cn:iam::123456789012:role/r"}
	if found := checkRole(t.Context(), x); len(found) != 1 || found[0].Status != StatusOK {
		t.Errorf("with the full policy: %+v", found)
	}
	grants = grants[1:]
	found := checkRole(t.Context(), x)
	if len(found) != 1 || !strings.Contains(found[0].What, "lacks s3:GetObject on arn:aws-cn:s3:::uploads/*") ||
		!strings.Contains(found[0].Fix, "--policy-name pixmill-getobject-uploads --") || !strings.Contains(found[0].Fix, `"Resource":"arn:aws-cn:s3:::uploads/*"`) {
		t.Errorf("without s3:GetObject: %+v", found)
	}
}
