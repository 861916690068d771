package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pixmill/internal/imaging"
)

// checkFormats compares what the presets ask for with what this build can write.
// The function has a build of its own; its manifests say what that cannot make.
func checkFormats(_ context.Context, x *examination) []Finding {
	c := x.opts.Capability
	if x.opts.Broken != nil {
		return one(problem("the engine does not start: "+strings.Join(strings.Fields(x.opts.Broken.Error()), " "), "this build can make nothing", "pixmill version   (says which libvips this is)"))
	}
	var found []Finding
	for _, f := range x.asked() {
		if !slices.Contains(c.Outputs, f) {
			found = append(found, problem(fmt.Sprintf("the presets ask for %s, which this libvips %s cannot write", f, c.Version),
				"those variants fail, and the manifest says so", "choose another format in the presets, or a build with a libvips that has it"))
		}
	}
	if len(found) == 0 {
		found = one(ok("libvips %s reads %s and writes all that the presets ask for", c.Version, formats(c.Inputs)))
	}
	return found
}

// asked returns the formats that the rules name.
func (x *examination) asked() []imaging.Format {
	var asked []imaging.Format
	add := func(f imaging.Format) {
		if f != "" && f != imaging.FormatAuto && !slices.Contains(asked, f) {
			asked = append(asked, f)
		}
	}
	for _, r := range x.opts.Presets.Rules {
		for _, v := range r.Variants {
			add(v.Spec.Format)
			for _, f := range v.Spec.Formats {
				add(f)
			}
		}
	}
	return asked
}

func formats(list []imaging.Format) string {
	names := make([]string, len(list))
	for i, f := range list {
		names[i] = string(f)
	}
	return strings.Join(names, ", ")
}

// bytesPerPixel is the least that a decoded image takes that cannot be shrunk
// while it is loaded, as an interlaced PNG with 8 bits and transparency.
const bytesPerPixel = 4

// checkMemory compares the largest image that the limits allow with the memory
// for images, here and in the function.
func checkMemory(_ context.Context, x *examination) []Finding {
	limits := x.opts.Capability.Limits
	if x.opts.Broken != nil || limits.Memory <= 0 {
		return nil
	}
	need := memoryOf(limits)
	found := one(ok("%s for images here; %s, needs up to %s", size(limits.Memory), largest(limits), size(need)))
	if need > limits.Memory {
		found = one(tooLarge("this machine", limits, limits.Memory, "set limits.pixels or limits.source_bytes lower, or give the process more memory"))
	}
	if f := x.settings; f != nil {
		if budget := budgetOf(int64(f.memory) << 20); need > budget {
			found = append(found, tooLarge("the function "+f.name, limits, budget, fmt.Sprintf("aws lambda update-function-configuration --function-name %s --memory-size %d   (or set limits.pixels or limits.source_bytes lower)",
				f.name, min(10240, (functionFor(need)+1<<20-1)>>20))))
		}
	}
	return found
}

// memoryOf is what the largest image that the limits allow may take, bytes: its
// pixels, and its own bytes, which are held meanwhile.
func memoryOf(l imaging.Limits) int64 { return l.Pixels*bytesPerPixel + l.SourceBytes }

func largest(l imaging.Limits) string {
	return fmt.Sprintf("an image of limits.pixels, %d megapixels, and limits.source_bytes, %s", l.Pixels/1_000_000, size(l.SourceBytes))
}

// reserved is the least that the engine leaves to all but images.
const reserved = 64 << 20

// budgetOf is what of a function's memory is for images, as the engine reckons.
func budgetOf(total int64) int64 { return max(total-max(reserved, total/5), total/2) }

// functionFor is the memory of a function with that budget, or a little more.
func functionFor(budget int64) int64 { return max(budget+reserved, budget+(budget+3)/4) }

func tooLarge(where string, l imaging.Limits, budget int64, fix string) Finding {
	return warning(fmt.Sprintf("%s has %s for images; %s, may need %s: %s for its pixels and %s for its own bytes",
		where, size(budget), largest(l), size(memoryOf(l)), size(l.Pixels*bytesPerPixel), size(l.SourceBytes)),
		fmt.Sprintf("an image that needs more is refused, with the numbers in its manifest: of %s, one of more than about %d megapixels",
			size(l.SourceBytes), max(0, budget-l.SourceBytes)/bytesPerPixel/1_000_000), fix)
}

// size writes a number of bytes in the unit that people would choose.
func size(n int64) string {
	switch {
	case n < 1<<10:
		return count(int(n), "byte")
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	case n < 10<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n < 10<<30:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}
