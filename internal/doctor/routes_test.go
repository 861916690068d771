package doctor

import (
	"slices"
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
