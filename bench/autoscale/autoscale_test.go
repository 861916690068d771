package main

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestChosen_ByName(t *testing.T) {
	if n := len(chosen(regexp.MustCompile(""))); n != len(choices) {
		t.Errorf("%d of %d choices without a pattern", n, len(choices))
	}
	if only := chosen(regexp.MustCompile("^min-scale")); len(only) != 1 || only[0].name != "min-scale 1" {
		t.Errorf("chosen are %+v", only)
	}
}

func TestOverlay_SaysOnlyWhatDiffers(t *testing.T) {
	base := choices[0].overlay()
	if len(base.Patches) != 0 || base.Annotations["autoscaling.knative.dev/target"] != "" {
		t.Errorf("the base is changed: %+v", base)
	}
	none := choice{concurrency: 0, annotations: map[string]string{"target": "4"}}.overlay()
	if len(none.Patches) != 1 || none.Patches[0].Ops[0].Value != 0 || none.Annotations["autoscaling.knative.dev/target"] != "4" {
		t.Errorf("no limit is %+v", none)
	}
	if warm := (choice{annotations: map[string]string{"min-scale": "1"}}).overlay(); warm.Annotations["autoscaling.knative.dev/initial-scale"] != "" {
		t.Error("a Service that always has a pod begins without one")
	}
}

func TestCensus_AddsPodsTimesTime(t *testing.T) {
	c := &census{most: map[string]int{}, sum: map[string]time.Duration{}}
	c.add(map[string]int{"a": 1}, time.Second, nil)
	c.add(map[string]int{"a": 3, "b": 1}, 2*time.Second, nil)
	c.add(map[string]int{}, time.Minute, nil)
	if now, most, sum, err := c.of("a"); now != 0 || most != 3 || sum != 7*time.Second || err != nil {
		t.Errorf("%d now, %d at most, %v, %v", now, most, sum, err)
	}
	c.add(nil, time.Second, errors.New("no cluster"))
	if _, _, sum, err := c.of("b"); sum != 2*time.Second || err == nil {
		t.Errorf("%v, %v: want the error kept", sum, err)
	}
}

func TestReport_HasALineForEach(t *testing.T) {
	o := func(name string, annotations map[string]string) *outcome {
		return &outcome{choice: choice{name: name, annotations: annotations}, first: []time.Duration{2 * time.Second}, second: []time.Duration{time.Second}, most: 3, pods: 120 * time.Second, failed: 1}
	}
	text := report(settings{burst: 12}, "a machine", []*outcome{o("one", nil), o("min-scale 1", map[string]string{"min-scale": "1"})})
	for _, want := range []string{"| one | 2.0, 2.0 | 1.0, 1.0 | 3 | 120 | 1 |", "100 s after the last answer are counted"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not say %q:\n%s", want, text)
		}
	}
}
