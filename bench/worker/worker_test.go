package worker

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pixmill/internal/imaging"
)

// burn uses CPU time until the process's clock shows it.
func burn(t *testing.T, d time.Duration) {
	t.Helper()
	start, err := cpuTime()
	if err != nil {
		t.Fatal(err)
	}
	for {
		now, err := cpuTime()
		if err != nil {
			t.Fatal(err)
		}
		if now-start >= d {
			return
		}
	}
}

func TestServe_MeasuresTheRenderingAlone(t *testing.T) {
	photo := filepath.Join(t.TempDir(), "photo")
	if err := os.WriteFile(photo, []byte("pixels"), 0o644); err != nil {
		t.Fatal(err)
	}
	var in, out bytes.Buffer
	requests := json.NewEncoder(&in)
	for _, r := range []Request{
		{Photo: photo, Specs: []imaging.Spec{{Width: 1}}, Keep: true},
		{Photo: photo, Specs: []imaging.Spec{{Width: 2}}},
		{Photo: photo + "?"},
	} {
		if err := requests.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	const work = 20 * time.Millisecond
	render := func(src []byte, specs []imaging.Spec) ([]imaging.Encoded, error) {
		if specs[0].Width == 2 {
			return []imaging.Encoded{{Err: errors.New("no ink")}}, nil
		}
		burn(t, work)
		return []imaging.Encoded{{Data: src}}, nil
	}
	if err := Serve(&in, &out, "1.2.3", render); err != nil {
		t.Fatal(err)
	}
	var replies []Reply
	for answers := json.NewDecoder(&out); answers.More(); {
		var r Reply
		if err := answers.Decode(&r); err != nil {
			t.Fatal(err)
		}
		replies = append(replies, r)
	}
	if len(replies) != 3 {
		t.Fatalf("%d replies to 3 requests", len(replies))
	}
	first := replies[0]
	if first.CPU < work || first.CPU > 20*work || first.PeakRSS < 1<<20 || first.Version != "1.2.3" ||
		len(first.Variants) != 1 || string(first.Variants[0].Data) != "pixels" || first.Variants[0].Bytes != 6 {
		t.Errorf("the first reply is %+v", first)
	}
	if !strings.Contains(replies[1].Error, "no ink") {
		t.Errorf("a variant's error is answered with %q", replies[1].Error)
	}
	if replies[2].Error == "" {
		t.Error("a photograph that is not there is no error")
	}
}
