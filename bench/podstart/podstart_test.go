package main

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pixmill/bench/pods"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestReport_SaysWhatMissesTheTarget(t *testing.T) {
	ms := func(all ...int) (times []time.Duration) {
		for _, n := range all {
			times = append(times, time.Duration(n)*time.Millisecond)
		}
		return times
	}
	of := func(words string) *image {
		return &image{Image: &pods.Image{Bytes: 2_500_000}, words: words, loads: ms(700)}
	}
	for pixmill, want := range map[int]string{1150: "hello world: yes.", 1151: "hello world: NO."} {
		b := &bench{settings: settings{count: 3}, services: []*service{
			{image: of("hello world"), words: "GET /", warm: ms(900, 1000, 1400), fresh: ms(1000)},
			{image: of("pixmill"), words: "GET /", warm: ms(pixmill-1, pixmill, pixmill+1), fresh: ms(1100)},
			{image: of("pixmill"), words: "four variants", warm: ms(1300), fresh: ms(1400)},
			{image: of("pixmill, full"), words: "GET /", warm: ms(1500), fresh: ms(1600)},
		}}
		text := b.report("a machine")
		for _, s := range []string{want, "| hello world: GET / | 900 | 1000 | 1400 | +0 |", "| pixmill: four variants | 1300 | 1300 | 1300 | +300 |", "| pixmill, full | 2.5 | 0.7 | 1500, 1500, 1500 | 1600, 1600, 1600 |"} {
			if !strings.Contains(text, s) {
				t.Errorf("the report does not say %q:\n%s", s, text)
			}
		}
	}
}
