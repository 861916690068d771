package vips

import (
	"encoding/binary"
	"math"
)

// profile is an embedded ICC profile, as far as it decides what to do with it
// (ICC.1:2022).
type profile struct {
	data  []byte
	space string // "RGB ", "GRAY", "CMYK"; "" where there is no usable profile
	srgb  bool   // its colours are sRGB's, so that a transform would change nothing
}

func (p profile) present() bool { return p.space != "" }

// readProfile parses what a loader found; a broken profile counts as none.
func readProfile(data []byte) profile {
	if len(data) < 132 || string(data[36:40]) != "acsp" {
		return profile{}
	}
	p := profile{data: data, space: string(data[16:20])}
	switch p.space {
	case "RGB ":
		p.srgb = p.hasSRGBPrimaries() && p.hasSRGBCurve("gTRC")
	case "GRAY":
		p.srgb = p.hasSRGBCurve("kTRC")
	}
	return p
}

// sRGB's primaries adapted to D50, as X, Y, Z (IEC 61966-2-1 with Bradford).
var srgbPrimaries = map[string][3]float64{
	"rXYZ": {0.4361, 0.2225, 0.0139},
	"gXYZ": {0.3851, 0.7169, 0.0971},
	"bXYZ": {0.1431, 0.0606, 0.7141},
}

func (p profile) hasSRGBPrimaries() bool {
	const tolerance = 0.003 // between the many editions of sRGB; P3 and Adobe RGB differ by 0.07 and more
	for tag, want := range srgbPrimaries {
		b := p.tag(tag)
		if len(b) < 20 {
			return false
		}
		for i, w := range want {
			if math.Abs(fixed(b[8+4*i:])-w) > tolerance {
				return false
			}
		}
	}
	return true
}

// hasSRGBCurve compares the tone curve with sRGB's at three places.
func (p profile) hasSRGBCurve(tag string) bool {
	const tolerance = 0.01
	for _, at := range []struct{ in, out float64 }{{0.25, 0.0509}, {0.5, 0.2140}, {0.75, 0.5225}} {
		got, ok := evalCurve(p.tag(tag), at.in)
		if !ok || math.Abs(got-at.out) > tolerance {
			return false
		}
	}
	return true
}

// tag returns a tag's data; nil where there is none or it lies outside.
func (p profile) tag(name string) []byte {
	count := int(binary.BigEndian.Uint32(p.data[128:]))
	for i := 0; i < count && 132+12*i+12 <= len(p.data); i++ {
		entry := p.data[132+12*i:]
		if string(entry[:4]) != name {
			continue
		}
		offset, size := uint64(binary.BigEndian.Uint32(entry[4:])), uint64(binary.BigEndian.Uint32(entry[8:]))
		if offset+size > uint64(len(p.data)) {
			return nil
		}
		return p.data[offset : offset+size]
	}
	return nil
}

// evalCurve evaluates a curveType or parametricCurveType at x, 0 to 1.
func evalCurve(b []byte, x float64) (float64, bool) {
	if len(b) < 12 {
		return 0, false
	}
	switch string(b[:4]) {
	case "curv":
		return evalTable(b, x)
	case "para":
		return evalParametric(b, x)
	}
	return 0, false
}

func evalTable(b []byte, x float64) (float64, bool) {
	n := int(binary.BigEndian.Uint32(b[8:]))
	if n < 0 || n > (len(b)-12)/2 {
		return 0, false
	}
	value := func(i int) float64 { return float64(binary.BigEndian.Uint16(b[12+2*i:])) }
	switch n {
	case 0:
		return x, true
	case 1:
		return math.Pow(x, value(0)/256), true
	}
	at := x * float64(n-1)
	i := min(int(at), n-2)
	f := at - float64(i)
	return (value(i)*(1-f) + value(i+1)*f) / 65535, true
}

// evalParametric knows functions 0 to 4: Y = (aX+b)^g + e above d, cX + f below.
func evalParametric(b []byte, x float64) (float64, bool) {
	kind := int(binary.BigEndian.Uint16(b[8:]))
	counts := []int{1, 3, 4, 5, 7}
	if kind >= len(counts) || len(b) < 12+4*counts[kind] {
		return 0, false
	}
	v := [7]float64{0: 1, 1: 1} // g a b c d e f
	for i := range counts[kind] {
		v[i] = fixed(b[12+4*i:])
	}
	g, a, bb, c, d, e, f := v[0], v[1], v[2], v[3], v[4], v[5], v[6]
	switch kind {
	case 1, 2:
		if kind == 2 {
			e, f = c, c
		}
		c, d = 0, -bb/a
	}
	if kind != 0 && x < d {
		return c*x + f, true
	}
	return math.Pow(a*x+bb, g) + e, true
}

// fixed reads an s15Fixed16Number.
func fixed(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / 65536 }
