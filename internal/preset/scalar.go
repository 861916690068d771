package preset

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// size is a number of bytes: a whole number, or text with a unit.
type size int64

// sizePattern is what parseSize takes, for the JSON Schema.
const sizePattern = `^[0-9]+(\.[0-9]+)? ?([KkMmGg][Ii]?)?[Bb]$`

// parseSize reads "20MB" (10^6), "20MiB" (2^20), "1.5 GB" or "800B".
func parseSize(s string) (size, error) {
	number := strings.TrimRight(s, "KkMmGgIiBb")
	unit := strings.ToLower(s[len(number):])
	factors := map[string]float64{
		"b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30,
	}
	n, err := strconv.ParseFloat(strings.TrimSuffix(number, " "), 64)
	bytes := n * factors[unit]
	if err != nil || strings.ContainsAny(number, "+-eExX_") || bytes < 1 || bytes > math.MaxInt64/2 {
		return 0, fmt.Errorf("%q is not a size: write bytes, or a number with B, KB, MB, GB, KiB, MiB or GiB, as in 20MB", s)
	}
	return size(bytes), nil
}

func (s *size) fromYAML(d *decoder, n ast.Node, path string) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		i, ok := wholeNumber(n)
		if !ok || i < 1 {
			d.add(path, "%s is out of range: at least 1 byte", n.Token.Value)
			return
		}
		*s = size(i)
	case *ast.StringNode:
		var err error
		if *s, err = parseSize(n.Value); err != nil {
			d.add(path, "%v", err)
		}
	default:
		d.add(path, "want a size in bytes, as 2000000 or 2MB, not %s", describe(n))
	}
}

// duration is text with a unit: "500ms", "20s", "2m".
type duration time.Duration

const durationPattern = `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`

func (t *duration) fromYAML(d *decoder, n ast.Node, path string) {
	s, ok := n.(*ast.StringNode)
	if !ok {
		d.add(path, "want a time with its unit, as 500ms, 20s or 2m, not %s", describe(n))
		return
	}
	v, err := time.ParseDuration(s.Value)
	if err != nil || v <= 0 {
		d.add(path, "%q is not a time above 0: write 500ms, 20s or 2m", s.Value)
		return
	}
	*t = duration(v)
}

// ratios is a list of device pixel ratios, or one.
type ratios []float64

// Bounds of a device pixel ratio.
const (
	minRatio = 1
	maxRatio = 8
)

func (r *ratios) fromYAML(d *decoder, n ast.Node, path string) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		r.add(d, n, path)
		return
	}
	if len(list.Values) == 0 {
		d.add(path, "the list is empty: write at least one ratio, as [1, 2]")
	}
	for i, item := range list.Values {
		itemPath := fmt.Sprintf("%s[%d]", path, i)
		d.mark(itemPath, item)
		r.add(d, d.resolve(item, itemPath), itemPath)
	}
}

func (r *ratios) add(d *decoder, n ast.Node, path string) {
	v, ok := number(n)
	switch {
	case !ok:
		d.add(path, "want a number from %d to %d, not %s", minRatio, maxRatio, describe(n))
	case v < minRatio || v > maxRatio || v != math.Round(v*100)/100:
		d.add(path, "%v is not a device pixel ratio: a number from %d to %d with at most two decimals", v, minRatio, maxRatio)
	case slices.Contains(*r, v):
		d.add(path, "the ratio %v is there twice", v)
	default:
		*r = append(*r, v)
	}
}

// wholeNumber returns the value of an integer that fits an int64.
func wholeNumber(n *ast.IntegerNode) (int64, bool) {
	switch v := n.Value.(type) {
	case int64:
		return v, true
	case uint64:
		return int64(v), v <= math.MaxInt64
	}
	return 0, false
}

// number returns the value of a finite number.
func number(n ast.Node) (float64, bool) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		i, ok := wholeNumber(n)
		return float64(i), ok
	case *ast.FloatNode:
		return n.Value, true
	}
	return 0, false
}
