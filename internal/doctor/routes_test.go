package doctor

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A bucket that CloudFormation made has a notification for each event.
func TestMerged_OneRouteForWhatDiffersInEventsOnly(t *testing.T) {
	way := route{bucket: "uploads", queue: "arn:aws:sqs:eu-west-1:1:pixmill", function: "arn:aws:lambda:eu-west-1:1:function:pixmill"}
	with := func(r route, event string) route { r.events = []string{event}; return r }
	filtered := way
	filtered.prefix = "originals/"

	got := merged([]route{
		with(way, "s3:ObjectCreated:*"), with(filtered, "s3:ObjectCreated:*"), with(way, "s3:ObjectRemoved:*"),
	})
	if len(got) != 2 || !slices.Equal(got[0].events, []string{"s3:ObjectCreated:*", "s3:ObjectRemoved:*"}) || got[1].prefix != "originals/" {
		t.Errorf("got %+v, want one route with both events, and the one with a filter", got)
	}
	if found := checkWhatPasses(got[0], ""); len(found) > 0 {
		t.Errorf("a sound route has findings: %+v", found)
	}
	all := way
	if got := merged([]route{with(way, "Object Created"), all}); len(got) != 1 || got[0].events != nil {
		t.Errorf("got %+v, want one route for all events", got)
	}
}

// Whose notifications may not be looked at gets no word that all is well with them.
func TestCheckRecursion_IsNotKnownWithoutTheNotifications(t *testing.T) {
	x := atAWS(t, "http://127.0.0.1:1")
	x.opts.Presets.Output.Bucket = x.opts.Presets.Source.Bucket
	x.unseen = true
	if found := checkRecursion(t.Context(), x); len(found) != 1 || found[0].Status != StatusSkipped {
		t.Errorf("found %+v", found)
	}
	x.unseen = false
	if found := checkRecursion(t.Context(), x); len(found) != 1 || found[0].Status != StatusOK {
		t.Errorf("found %+v", found)
	}
}

// The notification that doctor prints has the events of the templates.
func TestNoRoute_PrintsEveryEvent(t *testing.T) {
	template, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	events := regexp.MustCompile(`Event: ("s3:.*?"), Queue`).FindAllStringSubmatch(string(template), -1)
	fix := atAWS(t, "http://127.0.0.1:1").noRoute(false, nil).Fix
	for _, e := range events {
		if !strings.Contains(fix, e[1]) {
			t.Errorf("%s has no %s", fix, e[1])
		}
	}
	if n := strings.Count(fix, `"s3:`); n != len(events) {
		t.Errorf("%s has %d events, template.yaml has %d", fix, n, len(events))
	}
}

// The filter that doctor asks for in a rule is one that it understands.
func TestPattern_Prefix(t *testing.T) {
	for key, want := range map[string]string{
		`[{"prefix":"in/"}]`: "in/", `[{"prefix":"a/"},{"prefix":"b/"}]`: "", `[{"suffix":".jpg"}]`: "", `["one.jpg"]`: "", `[]`: "",
	} {
		var p pattern
		if err := json.Unmarshal([]byte(`{"source":["aws.s3"],"detail":{"bucket":{"name":["b"]},"object":{"key":`+key+`}}}`), &p); err != nil || !p.matches("b") {
			t.Fatalf("%s: %v", key, err)
		}
		if got := p.prefix(); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}
