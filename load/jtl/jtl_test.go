package jtl

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const names = "timeStamp,elapsed,label,responseCode,threadName,success,bytes,sentBytes,grpThreads,allThreads,Latency,Connect\n"

func TestRead_InTheOrderOfTheAnswers(t *testing.T) {
	all, err := Read(strings.NewReader(names +
		"1000,500,upload,201,step 1 1-1,true,80,112751,1,2,57,20\n" +
		"1100,20,upload,503,step 1 1-1,false,80,112751,1,3,57,20\n" +
		"1200,7,upload,\"Non HTTP response code: java.net.SocketException, reset\",step 1 1-1,false,80,1,1,3,57,20\n"))
	if err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	if all[0].Code != "503" || !all[0].Refused() || all[0].OK || all[1].OK || all[1].Refused() {
		t.Errorf("first come %+v", all[:2])
	}
	last := all[2]
	if !last.OK || last.Clients != 2 || last.Elapsed != 500*time.Millisecond || !last.End().Equal(time.UnixMilli(1500)) {
		t.Errorf("the last answer is %+v", last)
	}
}

func TestRead_SaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "line of names",
		"timeStamp,elapsed\n":          `"responseCode"`,
		names + "x,1,,,,true,,,,1,,\n": "line 2",
		names + "1,1,,,,true\n":        "line 2",
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want one with %q", text, err, want)
		}
	}
}

// at is a sample that ended so many milliseconds after the epoch.
func at(end, took int, code string) Sample {
	return Sample{
		Start: time.UnixMilli(int64(end - took)), Elapsed: time.Duration(took) * time.Millisecond,
		Code: code, OK: code == "201",
	}
}

func TestSummarise_CountsByTheEndAndLeavesRefusalsOutOfLatency(t *testing.T) {
	var all []Sample
	for i := range 100 {
		all = append(all, at(1000+i*10, i+1, "201"))
	}
	all = append(all, at(1500, 1, "503"), at(1600, 1, "429"), at(1700, 9000, "504"), at(3000, 5, "201"), at(999, 5, "201"))
	got := Summarise(all, time.UnixMilli(1000), time.UnixMilli(3000))
	want := Summary{Images: 100, Refused: 2, Failed: 1, PerSecond: 50, P50: 50 * time.Millisecond, P95: 95 * time.Millisecond, P99: 99 * time.Millisecond}
	if got != want {
		t.Errorf("summary is %+v, want %+v", got, want)
	}
	if empty := Summarise(nil, time.UnixMilli(0), time.UnixMilli(1)); empty != (Summary{}) {
		t.Errorf("of nothing: %+v", empty)
	}
}

func TestSlices_CoverEverythingOnce(t *testing.T) {
	var all []Sample
	for i := range 35 {
		all = append(all, at(i*100, 1, "201"))
	}
	got := Slices(all, time.UnixMilli(0), time.UnixMilli(3500), time.Second)
	counts := ""
	for _, s := range got {
		counts += fmt.Sprint(s.Images, " ")
	}
	if counts != "10 10 10 5 " {
		t.Errorf("images in each second: %s", counts)
	}
}

// A load of ten images a second for forty seconds, with a fault at 20 s.
func TestRecover(t *testing.T) {
	const fault, end = 20_000, 40_000
	tests := []struct {
		name   string
		lost   func(ms int) bool
		failed int // requests that fail right after the fault
		want   Recovery
	}{
		{"nothing happens", func(int) bool { return false }, 0, Recovery{Before: 10, Back: true, Silence: 100 * time.Millisecond}},
		{
			"nothing comes for three seconds", func(ms int) bool { return ms >= fault && ms < fault+3000 }, 2,
			Recovery{Before: 10, Back: true, After: 3 * time.Second, Silence: 3 * time.Second, Failed: 2},
		},
		{
			"a third is missing for ten seconds", func(ms int) bool { return ms >= fault && ms < fault+10_000 && ms%300 == 0 }, 0,
			// From then on 5 of 50 are missing.
			Recovery{Before: 10, Back: true, After: 8300 * time.Millisecond, Silence: 200 * time.Millisecond},
		},
		{
			"it never comes back", func(ms int) bool { return ms >= fault && ms%200 == 0 }, 1,
			Recovery{Before: 10, Silence: 200 * time.Millisecond, Failed: 1},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var all []Sample
			for ms := 0; ms < end; ms += 100 {
				if !tt.lost(ms) {
					all = append(all, at(ms, 10, "201"))
				}
			}
			for i := range tt.failed {
				all = append(all, at(fault+10+i, 1, "502"))
			}
			got := Recover(all, time.UnixMilli(5000), time.UnixMilli(fault), time.UnixMilli(end))
			if got != tt.want {
				t.Errorf("recovery is %+v, want %+v", got, tt.want)
			}
		})
	}
}
