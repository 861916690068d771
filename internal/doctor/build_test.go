package doctor

import (
	"strings"
	"testing"

	"pixmill/internal/imaging"
)

// The function's budget is what the engine makes of its memory, and the largest image
// is what it counts for one: its pixels and its own bytes.
func TestCheckMemory_CountsThePixelsAndTheSourcesOwnBytes(t *testing.T) {
	limits := imaging.DefaultLimits() // 762 MiB of pixels, 200 MiB of bytes
	limits.Memory = 4 << 30
	for memory, want := range map[int]string{
		1769: "",
		1204: "",
		1203: "the function f has 962 MiB for images; ",
		1024: "of 200 MiB, one of more than about 162 megapixels",
		256:  "of 200 MiB, one of more than about 0 megapixels",
	} {
		x := &examination{opts: Options{Capability: imaging.Capability{Limits: limits}}, settings: &functionSettings{name: "f", memory: memory}}
		found := checkMemory(t.Context(), x)
		if found[0].Status != StatusOK || !strings.Contains(found[0].What, "200 megapixels, and limits.source_bytes, 200 MiB, needs up to 962 MiB") {
			t.Errorf("here: %+v", found[0])
		}
		switch {
		case want == "":
			if len(found) != 1 {
				t.Errorf("%d MB: %+v", memory, found[1:])
			}
		case len(found) != 2 || found[1].Status != StatusWarning || !strings.Contains(found[1].What+"\n"+found[1].Why, want):
			t.Errorf("%d MB: %+v, want %q", memory, found, want)
		case !strings.Contains(found[1].Fix, "--memory-size 1204 "):
			t.Errorf("%d MB: the fix is %q", memory, found[1].Fix)
		}
	}
}

func TestFunctionFor_IsEnoughAndNotMuchMore(t *testing.T) {
	for need := int64(80 << 20); need < 9<<30; need += 7_654_321 {
		memory := functionFor(need)
		if got := budgetOf(memory); got < need || got > need+need/100 {
			t.Fatalf("a function of %d bytes has %d for images, wanted %d", memory, got, need)
		}
	}
}
