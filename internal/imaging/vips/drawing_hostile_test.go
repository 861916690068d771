package vips_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
	"pixmill/internal/imaging/vips"
)

// hostile is a drawing that asks for more than it looks like, or is out of order.
type hostile struct {
	name string
	data []byte
	says string // is in the error with which it is rejected; empty: it is drawn; either: that is up to the library
}

// What is said of a drawing that is rejected.
const (
	saysTime    = "processor time"
	saysMemory  = "MiB of memory"
	saysMuch    = "more than the limit of" // either of both
	saysSize    = "px, over the limit of"
	saysDamaged = "cannot be decoded"
	saysEarly   = "ends early"
	either      = "either"
)

// withstand renders each of them and looks for what they leave.
func withstand(t *testing.T, drawings []hostile) {
	usual, hurried := newEngine(t, imaging.Limits{}), newEngine(t, imaging.Limits{})
	hurried.HurryDrawings()
	for _, h := range drawings {
		t.Run(h.name, func(t *testing.T) {
			if testing.Short() && h.says == saysTime {
				t.Skip("takes the processor for a second")
			}
			e := usual
			if h.says == saysTime || h.says == saysMuch || h.says == either { // time may be what ends it
				e = hurried
			}
			reads(t, e, map[bool]string{true: "pdf", false: "svg"}[strings.Contains(string(h.data[:min(len(h.data), 1024)]), "%PDF")])
			h.withstand(t, e)
		})
	}
}

// withoutRaceDetector skips t under it: see raceDetector.
func withoutRaceDetector(t *testing.T) {
	t.Helper()
	if raceDetector {
		t.Skip("runs without the race detector")
	}
}

// most of what this process may take for a bomb, bytes: for its small variant, and
// for a drawing of 1 megapixel.
const mostForBomb = 48 << 20

func (h *hostile) withstand(t *testing.T, e *vips.Engine) {
	before, start := resetPeak(t), time.Now()
	made, err := render(t, e, h.data, imaging.Spec{Width: 800, Format: imaging.FormatPNG})
	if h.says == "" && (err != nil || made != 1) {
		t.Errorf("%d variants and %v, want that it is drawn", made, err)
	}
	if h.says != "" && h.says != either && (made != 0 || !strings.Contains(fmt.Sprint(err), h.says)) {
		t.Errorf("%d variants and %v, want none and an error with %q", made, err, h.says)
	}
	plainly(t, err)
	if took := time.Since(start); took > 15*time.Second { // the limit is 1 s of a processor that others use, too
		t.Errorf("it took %v", took)
	}
	if more := status(t, "VmHWM") - before; more > mostForBomb {
		t.Errorf("this process has grown by %d MiB", more>>20)
	}
	for _, pid := range sandboxes(t) {
		t.Errorf("process %d is left", pid)
	}
}

// render returns how many variants were made.
func render(t *testing.T, e *vips.Engine, data []byte, spec imaging.Spec) (made int, err error) {
	t.Helper()
	_, err = e.Render(t.Context(), data, imaging.Request{Specs: []imaging.Spec{spec}}, func(_ int, out imaging.Encoded) error {
		if made++; out.Err != nil {
			made--
			return out.Err
		}
		return nil
	})
	return made, err
}

// plainly fails t unless err, where there is one, rejects a source in one line of our
// own words.
func plainly(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if fault.KindOf(err) != fault.Rejected {
		t.Errorf("the kind of %q is %v, want rejected", err, fault.KindOf(err))
	}
	text := strings.ToLower(err.Error())
	for _, word := range []string{"\n", "vips", "sandbox", "exit status", "signal", "poppler", "rsvg", "cairo", "xml parse"} {
		if strings.Contains(text, word) {
			t.Errorf("%q has %q", err, word)
		}
	}
}

// sandboxes are the processes that draw for this one.
func sandboxes(t *testing.T) (pids []int) {
	t.Helper()
	directories, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range directories {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			t.Fatal(err)
		}
		command, err := os.ReadFile(procFile(pid, "cmdline"))
		if err != nil || !strings.HasPrefix(string(command), "pixmill: sandboxed") {
			continue // it has ended, or is another
		}
		stat, err := os.ReadFile(procFile(pid, "stat"))
		if err != nil {
			continue
		}
		// proc(5): pid (name) state parent …; the name may hold anything.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if fields[1] == strconv.Itoa(os.Getpid()) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func procFile(pid int, name string) string { return fmt.Sprintf("/proc/%d/%s", pid, name) }
