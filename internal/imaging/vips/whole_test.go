package vips

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"pixmill/internal/imaging"
)

// TestEndsEarly: every cut file of each format ends early, and no whole one does.
// Some cuts leave what is whole by itself.
func TestEndsEarly(t *testing.T) {
	for name, least := range map[string]float64{
		"formats/progressive.jpg": 1, "formats/cmyk.jpg": 1, "photos/coffee.png": 1, "formats/still.webp": 1,
		"formats/animated.webp": 1, "formats/still.tiff": 0.9, "formats/still.avif": 0.9, "formats/still.heic": 0.9,
	} {
		t.Run(name, func(t *testing.T) {
			data := testdata(t, name)
			f := sniff(data)
			if endsEarly(f, data) || endsEarly(f, append(bytes.Clone(data), 0)) {
				t.Error("the whole file ends early")
			}
			step := max(1, len(data)/500)
			cuts, early := 0, 0
			for n := 16; n < len(data); n += step {
				cuts++
				if endsEarly(f, data[:n:n]) {
					early++
				}
			}
			if share := float64(early) / float64(cuts); share < least {
				t.Errorf("%.2f of the cut files end early, want %.2f", share, least)
			}
		})
	}
}

// isoBoxOf writes a box of ISO/IEC 14496-12.
func isoBoxOf(kind string, body ...[]byte) []byte {
	inside := bytes.Join(body, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(inside))), kind...), inside...)
}

// described is a file that describes items, all in AV1.
func described(items int, beside ...[]byte) []byte {
	full := make([]byte, 4)
	infe := isoBoxOf("infe", []byte{2, 0, 0, 0}, []byte{0, 1, 0, 0}, []byte("av01"))
	iinf := isoBoxOf("iinf", full, []byte{0, 1}, bytes.Repeat(infe, items))
	return isoBoxOf("meta", full, iinf, bytes.Join(beside, nil))
}

func TestEndsEarly_DataBesideItsDescription(t *testing.T) {
	if endsEarly(imaging.FormatAVIF, described(1, isoBoxOf("idat", []byte("pixels")))) {
		t.Error("a file with its data in meta ends early")
	}
	if !endsEarly(imaging.FormatAVIF, described(1)) {
		t.Error("a file without any data does not end early")
	}
}

// TestStructure_CostsNoMoreThanItsBytes: a source may be 200 MB, and what walks
// its structure runs outside of the memory budget and is not stopped at a deadline.
func TestStructure_CostsNoMoreThanItsBytes(t *testing.T) {
	t.Run("avif with a million items", func(t *testing.T) {
		if formats, _ := codings(described(1_000_000)); len(formats) != 1 {
			t.Errorf("%d formats are kept, want one", len(formats))
		}
	})
	t.Run("tiff whose entries all name one array", func(t *testing.T) {
		const entries, values = 60_000, 1 << 20
		data := append([]byte("II*\x00"), 8, 0, 0, 0)
		data = binary.LittleEndian.AppendUint16(data, entries)
		for i := range entries {
			data = binary.LittleEndian.AppendUint16(data, [2]uint16{273, 279}[i%2])
			data = binary.LittleEndian.AppendUint16(data, 4) // LONG
			data = binary.LittleEndian.AppendUint32(data, values)
			data = binary.LittleEndian.AppendUint32(data, 2+8+12*entries)
		}
		data = append(data, make([]byte, 4*values)...)
		start := time.Now()
		if tiffEndsEarly(data) {
			t.Error("it ends early")
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
