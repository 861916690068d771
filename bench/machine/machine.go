// Package machine says on what a benchmark ran.
package machine

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// Words is one line: processor, cores, memory, system, Go, and how busy it was.
func Words() string {
	model := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		model = field(string(info), "model name")
	}
	memory := "?"
	if info, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kilobytes int64
		if _, err := fmt.Sscan(field(string(info), "MemTotal"), &kilobytes); err == nil {
			memory = fmt.Sprintf("%.1f GiB", float64(kilobytes)/(1<<20))
		}
	}
	system := runtime.GOOS
	if info, err := os.ReadFile("/etc/os-release"); err == nil {
		system = osName(string(info))
	}
	load := "?"
	if info, err := os.ReadFile("/proc/loadavg"); err == nil {
		load, _, _ = strings.Cut(string(info), " ")
	}
	return fmt.Sprintf("%s, %d cores, %s, %s, %s, load average %s before it began", model, runtime.NumCPU(), memory, system, runtime.Version(), load)
}

// field returns the value of the first line "name : value" of a /proc file.
func field(text, name string) string {
	for line := range strings.Lines(text) {
		key, value, found := strings.Cut(line, ":")
		if found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "?"
}

// osName returns PRETTY_NAME of an os-release file.
func osName(text string) string {
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(line, "PRETTY_NAME="); found {
			return strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return "?"
}
