package doctor_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pixmill/internal/doctor"
	"pixmill/internal/imaging"
	"pixmill/internal/preset"
	"pixmill/internal/runtime/store/storetest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, storetest.Late()...)
}

const rulesYAML = `
rules:
  - {match: "**/*.jpg", presets: [web]}
presets:
  web:
    - {name: large, width: 100, format: webp}
    - {name: small, width: 10, format: jpeg}
`

// parse returns a configuration for two buckets.
func parse(t *testing.T, source, output string) *preset.Config {
	t.Helper()
	text := "source: {bucket: " + source + "}\noutput: {bucket: " + output + "}" + rulesYAML
	c, err := preset.Parse("pixmill.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// able is a build that can make all that the tests ask for.
func able() imaging.Capability {
	limits := imaging.DefaultLimits()
	limits.Memory = 4 << 30
	return imaging.Capability{
		Engine: "vips", Version: "8.18.7", Limits: limits,
		Inputs:  []imaging.Format{imaging.FormatJPEG, imaging.FormatPNG},
		Outputs: []imaging.Format{imaging.FormatJPEG, imaging.FormatWebP},
	}
}

// examine returns what doctor finds.
func examine(t *testing.T, o doctor.Options) []doctor.Finding {
	t.Helper()
	if o.Capability.Engine == "" && o.Broken == nil {
		o.Capability = able()
	}
	o.ConfigFrom, o.Now = "pixmill.yaml", time.Now
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	var found []doctor.Finding
	sum, err := doctor.Run(context.Background(), o, func(f doctor.Finding) { found = append(found, f) })
	if err != nil {
		t.Fatal(err)
	}
	if n := sum.OK + sum.Warnings + sum.Problems + sum.Skipped; n != len(found) {
		t.Errorf("%d findings, and the report counts %d", len(found), n)
	}
	return found
}

// bad returns the findings that are warnings or problems.
func bad(found []doctor.Finding) []doctor.Finding {
	var bad []doctor.Finding
	for _, f := range found {
		if f.Status == doctor.StatusWarning || f.Status == doctor.StatusProblem {
			bad = append(bad, f)
		}
	}
	return bad
}

// want is one bad finding: its check, its status, and a part of what it says.
type want struct {
	check  string
	status doctor.Status
	what   string
}

// wantOnly checks that exactly these findings are bad, and that each says why it
// matters and what to do.
func wantOnly(t *testing.T, found []doctor.Finding, wants ...want) {
	t.Helper()
	got := bad(found)
	fits := len(got) == len(wants)
	for i, w := range wants {
		fits = fits && got[i].Check == w.check && got[i].Status == w.status && strings.Contains(got[i].What, w.what)
	}
	if !fits {
		t.Errorf("found\n%s\nwant only\n%v", show(found), wants)
	}
	for _, f := range got {
		if f.Why == "" || f.Fix == "" || strings.Contains(f.What+f.Why+f.Fix, "\n") {
			t.Errorf("%+v: why and fix are one line each", f)
		}
	}
}

func show(found []doctor.Finding) string {
	var b strings.Builder
	for _, f := range found {
		b.WriteString("  " + f.Check + " " + string(f.Status) + ": " + f.What + "\n")
	}
	return b.String()
}
