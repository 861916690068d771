package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pixmill/load/jtl"
)

const kubelet = `# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="function",namespace="here",pod="a"} 1.5 1795528168773
container_cpu_usage_seconds_total{container="queue-proxy",namespace="here",pod="a"} 0.25 1795528168774
container_cpu_usage_seconds_total{container="function",namespace="there",pod="a"} 100 1795528168773
container_memory_working_set_bytes{container="function",namespace="here",pod="a"} 1.048576e+06 1795528168773
pod_cpu_usage_seconds_total{namespace="here",pod="a"} 9 1795528168773
`

func TestAddUsage_SumsUpThePodsOfOneNamespace(t *testing.T) {
	got := map[string]usage{}
	if err := addUsage(got, kubelet, "here"); err != nil {
		t.Fatal(err)
	}
	a := got["a"]
	if len(got) != 1 || a.cpu != 1750*time.Millisecond || a.memory != 1<<20 || a.at.UnixMilli()/1000 != 1795528168 {
		t.Errorf("usage is %+v", got)
	}
}

// look is a moment so many seconds after the epoch; of each pod, the CPU time in seconds.
func look(at, measured float64, ready int, cpu map[string]float64) moment {
	second := func(s float64) time.Time { return time.UnixMilli(int64(s * 1000)) }
	m := moment{At: second(at), Ready: ready, usage: map[string]usage{}}
	for pod, s := range cpu {
		m.usage[pod] = usage{at: second(measured), cpu: time.Duration(s * float64(time.Second))}
	}
	return m
}

func TestCores_HoldARateUntilTheNextMeasurement(t *testing.T) {
	got := cores([]moment{
		look(0, 0, 1, map[string]float64{"a": 0}),
		look(1, 0, 1, map[string]float64{"a": 0}), // the kubelet has not looked again
		look(2, 2, 2, map[string]float64{"a": 1, "b": 7}),
		look(3, 2, 2, map[string]float64{"a": 1, "b": 7}),
		look(4, 4, 1, map[string]float64{"b": 8}), // a is gone
	})
	for i, want := range []float64{0, 0, 0.5, 0.5, 0.5} {
		if math.Abs(got[i]-want) > 1e-9 {
			t.Errorf("cores at %d: %v, want %v", i, got[i], want)
		}
	}
}

func TestCPUTime_CountsNewPodsAndThoseThatAreGone(t *testing.T) {
	all := []moment{
		look(0, 0, 1, map[string]float64{"old": 10}),
		look(5, 5, 1, map[string]float64{"old": 12, "new": 1}),
		look(9, 9, 1, map[string]float64{"new": 4}),
		look(11, 11, 1, map[string]float64{"new": 99}),
	}
	if got := cpuTime(all, time.Unix(1, 0), time.Unix(10, 0)); got != 6*time.Second {
		t.Errorf("CPU time is %v, want 2 s of the old one and 4 s of the new one", got)
	}
}

func TestImagesIn_CountsSuccessesOnly(t *testing.T) {
	log := `{"msg":"listening"}
{"time":"…","level":"INFO","msg":"request","status":201,"bytes":5}
{"level":"WARN","msg":"request","status":503}
no JSON
{"msg":"request","status":200}`
	if n := imagesIn([]byte(log)); n != 2 {
		t.Errorf("%d images, want 2", n)
	}
}

func TestProcessors_ReadsTheFirstLineOfProcStat(t *testing.T) {
	busy, total := processors("cpu  100 20 30 1000 50 5 6 7 80 0\ncpu0 1 2 3 4\n")
	if busy != 1680*time.Millisecond || total != 12180*time.Millisecond {
		t.Errorf("busy %v of %v", busy, total)
	}
	if busy, total := processors("intr 5"); busy != 0 || total != 0 {
		t.Errorf("of something else: %v of %v", busy, total)
	}
}

// A run of a minute, with everything that can happen in it.
func exampleReport(t *testing.T) report {
	t.Helper()
	s := settings{
		out: t.TempDir(), Steps: []int{1, 2, 4, 8, 16}, Step: 5 * time.Second, Hold: 20 * time.Second,
		Clients: 4, Pods: 3, CPU: "500m", ScaleAt: "350m",
	}
	s.graphs, s.page = filepath.Join(s.out, "graphs"), filepath.Join(s.out, "page.md")
	if err := os.Mkdir(s.graphs, 0o755); err != nil {
		t.Fatal(err)
	}
	rep := report{Settings: s, Machine: "a machine", Date: time.Unix(0, 0).UTC()}
	for _, f := range forms(s.Pods) {
		r := result{form: f, First: 1200 * time.Millisecond, Served: []served{{"a", 30}, {"b", 20}}}
		r.Rising = phase{from: time.Unix(100, 0), to: time.Unix(125, 0)}
		r.Constant = phase{from: time.Unix(130, 0), to: time.Unix(150, 0), fault: time.Unix(140, 0)}
		for ms := 100_000; ms < 150_000; ms += 100 {
			one := jtl.Sample{Start: time.UnixMilli(int64(ms - 300)), Elapsed: 300 * time.Millisecond, Code: "201", OK: true}
			switch {
			case ms >= 140_000 && ms < 142_000: // the pod is away
				one.Code, one.OK = "502", false
			case ms >= 120_000 && ms%500 == 0 && ms < 125_000:
				one.Code, one.OK = "503", false
			}
			if ms < 125_000 {
				r.Rising.samples = append(r.Rising.samples, one)
			} else if ms >= 130_000 {
				r.Constant.samples = append(r.Constant.samples, one)
			}
		}
		for i := range 60 {
			at := 95 + float64(i)
			r.Rising.moments = append(r.Rising.moments, look(at, at, 1+i/20, map[string]float64{"a": float64(i) / 2}))
		}
		r.Constant.moments = r.Rising.moments
		r.Rising.shares = shares{
			From: time.Unix(98, 0), To: time.Unix(126, 0), Generator: 7 * time.Second, Store: 3 * time.Second,
			Busy: 50 * time.Second, Total: 56 * time.Second,
		}
		rep.Results = append(rep.Results, r)
	}
	return rep
}

func TestReport_SaysWhatWasMeasured(t *testing.T) {
	rep := exampleReport(t)
	if err := rep.write(); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(rep.Settings.page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| | 1 pod | 3 pods | HPA, 1 to 3 | Knative, 0 to 3 |",
		"| highest throughput, images/s | **10.0** with 1 client |",
		"| images in the rising load | 240 |",
		"| … refused (503 with Retry-After) | 10 |",
		"| the first image, from nothing, s | 1.2 |",
		"| pods at most | 3 |",
		"| CPU of the pods for each image, s | 0.052 |", // 12.5 s for 240
		"| images by pod, % | 60 : 40 |",
		"| … back at 90 % of it after | 2.0 s |",
		"| … failed | 20 |",
		"| 16 | 8.0 | 300 | 300 | 300 | 10 | 0 | 2 | 0.50 |",
		"1, 2, 4, 8, 16 in all",
		"| JMeter | 0.25 |",
		"| idle | 0.21 |",
		"evaluation/rising-knative.svg",
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(string(page), "<no value>") || strings.Contains(string(page), "NaN") {
		t.Error("something on the page has no value")
	}
	if t.Failed() {
		t.Logf("%s", page)
	}
}

func TestBack_InWords(t *testing.T) {
	for want, lost := range map[string]func(second int) bool{
		"at once":         func(int) bool { return false },
		"4.0 s":           func(s int) bool { return s >= 20 && s < 24 },
		"not within 20 s": func(s int) bool { return s >= 20 },
	} {
		r := result{Constant: phase{from: time.Unix(0, 0), fault: time.Unix(20, 0), to: time.Unix(40, 0)}}
		for ms := 0; ms < 40_000; ms += 100 {
			if !lost(ms / 1000) {
				r.Constant.samples = append(r.Constant.samples, jtl.Sample{Start: time.UnixMilli(int64(ms)), OK: true})
			}
		}
		if got := r.Back(); got != want {
			t.Errorf("back: %s, want %s", got, want)
		}
	}
}

func TestReport_SaysWhereTheMachineWasShared(t *testing.T) {
	rep := exampleReport(t)
	for i, want := range []string{"1 pod and 3 pods and HPA, 1 to 3 and Knative, 0 to 3", ""} {
		for k := range rep.Results {
			rep.Results[k].Rising.shares.Busy = []time.Duration{50 * time.Second, 30 * time.Second}[i]
		}
		if got := rep.Shared(); got != want {
			t.Errorf("shared by %q, want %q", got, want)
		}
	}
}

func TestReport_CSVHasALineForEachSecond(t *testing.T) {
	rep := exampleReport(t)
	if err := rep.writeCSV(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(rep.Settings.graphs, "seconds.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(text), "\n"); lines != 1+4*(25+20) {
		t.Errorf("%d lines", lines)
	}
	for _, want := range []string{"1 pod,rising,0,10,300,300,0,0,1,0,0.500,0,\n", "1 pod,constant,10,0,0,0,0,10,3,0,0.500,0,1\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("there is no line %q", want)
		}
	}
}

func TestReport_DrawsEveryForm(t *testing.T) {
	rep := exampleReport(t)
	if out := os.Getenv("PIXMILL_GRAPH_DIR"); out != "" {
		rep.Settings.graphs, rep.Settings.out = out, out // to look at them
	}
	if err := rep.draw(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"forms", "killed", "rising-one", "rising-fixed", "rising-hpa", "rising-knative"} {
		for _, path := range []string{filepath.Join(rep.Settings.graphs, name+".svg"), filepath.Join(rep.Settings.out, name+".png")} {
			if _, err := os.Stat(path); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestForms_AreTheShippedOverlaysWithBounds(t *testing.T) {
	for _, f := range forms(3) {
		o := f.settings(settings{root: "../..", CPU: "500m", Request: "100m", ScaleAt: "350m"}, "image", "http://s3")
		if _, err := os.Stat(filepath.Join(o.Dir, "kustomization.yaml")); err != nil {
			t.Error(err)
		}
		if (len(o.Annotations) > 0) != f.knative || (len(o.Patches) == 0) != f.knative {
			t.Errorf("%s is set up by %+v", f.Name, o)
		}
	}
}
