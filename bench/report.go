package main

import (
	"fmt"
	"strings"
	"time"

	"pixmill/bench/section"
)

// report is what was measured.
type report struct {
	settings settings
	machine  string
	photos   []photo
	versions map[string]string // of libvips, by engine
	rows     []speedRow
	peaks    []memoryRow
	quality  []qualityRow
}

func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured %s on %s; libvips %s (vips) and %s (bimg 1.1.9).\n", time.Now().UTC().Format("2006-01-02 15:04 UTC"), r.machine, r.versions["vips"], r.versions["bimg"])
	fmt.Fprintf(&b, "Command: `go run ./bench -rounds %d`. JPEG quality %d, WebP quality %d, default effort, one thread on each side\n(GOMAXPROCS and libvips concurrency 1). CPU time is user and system time of the process; medians of %d rounds, engines taking turns.\n", r.settings.rounds, jpegQuality, webpQuality, r.settings.rounds)
	b.WriteString("Ours includes the probe, the placeholder and the palette, which bimg does not make.\n\n")
	r.writeSpeed(&b)
	r.writeMemory(&b)
	if len(r.quality) > 0 {
		r.writeQuality(&b)
	}
	return b.String()
}

func (r *report) writeSpeed(b *strings.Builder) {
	b.WriteString("### CPU time for each source image\n\n| set | photograph | pixels | vips, ms | bimg, ms | ratio | bytes, vips ÷ bimg |\n|---|---|---|---|---|---|---|\n")
	for _, s := range sets() {
		sum, n := 0.0, 0
		for _, row := range r.rows {
			if row.set.id != s.id {
				continue
			}
			fmt.Fprintf(b, "| %s | %s | %d×%d | %d | %d | %.2f | %.3f |\n", s.id, row.photo.name, row.photo.width, row.photo.height,
				row.vips.Milliseconds(), row.bimg.Milliseconds(), row.ratio(), float64(row.vipsBytes)/float64(row.bimgBytes))
			sum, n = sum+row.ratio(), n+1
		}
		mean := sum / float64(max(1, n))
		fmt.Fprintf(b, "| **%s** | **mean of %d** (%s) | | | | **%.3f** (target ≤ %.2f: %s) | |\n", s.id, n, s.name, mean, s.target, section.Verdict(mean <= s.target))
	}
	b.WriteString("\n")
}

// memoryTarget is the most that the web set of the 16-megapixel sample may take, bytes.
const memoryTarget = 160e6

func (r *report) writeMemory(b *strings.Builder) {
	fmt.Fprintf(b, "### Peak memory (P8), web set of %s (%d×%d), fresh process, highest of three\n\n| engine | GOMAXPROCS | peak RSS, MB | target |\n|---|---|---|---|\n",
		r.photos[0].name, r.photos[0].width, r.photos[0].height)
	for _, p := range r.peaks {
		target := ""
		if p.engine == "vips" {
			target = "≤ 160: " + section.Verdict(float64(p.peak) <= memoryTarget)
		}
		fmt.Fprintf(b, "| %s | %d | %.0f | %s |\n", p.engine, p.threads, float64(p.peak)/1e6, target)
	}
	b.WriteString("\n")
}

func (r *report) writeQuality(b *strings.Builder) {
	fmt.Fprintf(b, "### Quality: luma SSIM to a float Lanczos3 of the full decode (made by Go)\n\nOurs may be %.3f below bimg's at bytes within ±%.0f %%; where the same quality gives other bytes, ours was encoded at the quality that is named.\n\n", ssimMargin, 100*byteMargin)
	b.WriteString("| photograph | variant | vips | bimg | difference | bytes, vips ÷ bimg | our quality | holds |\n|---|---|---|---|---|---|---|---|\n")
	for _, q := range r.quality {
		fmt.Fprintf(b, "| %s | %s | %.4f | %.4f | %+.4f | %.3f | %d | %s |\n", q.photo, q.variant, q.vips, q.bimg, q.vips-q.bimg, q.bytes, q.quality,
			section.Verdict(q.vips >= q.bimg-ssimMargin && q.bytes <= 1+byteMargin))
	}
	b.WriteString("\n")
}
