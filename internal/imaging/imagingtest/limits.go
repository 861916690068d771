package imagingtest

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"testing"
	"time"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// limits checks that what is too much is refused from the header, quickly, with
// the field, the limit and the value.
func (s *suite) limits(t *testing.T) {
	e := s.engine(t)
	bomb := PixelBomb()
	if len(bomb) > 1024 {
		t.Fatalf("the bomb has %d bytes", len(bomb))
	}
	huge := map[string]int64{"width": 100_000, "height": 100_000, "dimension": 100_000, "pixels": 10_000_000_000, "total pixels": 10_000_000_000}
	for _, c := range []struct {
		name   string
		limits imaging.Limits
		src    []byte
		fields map[string]int64
	}{
		{"100,000² px in 1 KB", imaging.Limits{}, bomb, huge},
		{"a wide strip", imaging.Limits{}, pngHead(70_000, 10), map[string]int64{"width": 70_000, "dimension": 70_000}},
		{"1,001 frames", imaging.Limits{}, FrameBomb(), map[string]int64{"frames": 1001}},
		{"500 large frames", imaging.Limits{}, gifBomb(2000, 2000, 500), map[string]int64{"total pixels": 2_000_000_000, "pixels × frames": 2_000_000_000}},
		{"source bytes", imaging.Limits{SourceBytes: 1000}, file(t, "formats/p3.jpg"), map[string]int64{"source bytes": int64(len(file(t, "formats/p3.jpg")))}},
		{"pixels", imaging.Limits{Pixels: 6000}, pngOf(t, card(96, 64)), map[string]int64{"pixels": 96 * 64}},
		{"frames", imaging.Limits{Frames: 2}, flipbook(t, 48, 32, "RGB"), map[string]int64{"frames": 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := e
			if c.limits != (imaging.Limits{}) {
				e = s.new(t, c.limits)
			}
			start := time.Now()
			_, err := e.Probe(t.Context(), c.src)
			s.skipUnsupported(t, err)
			overLimit(t, "Probe", err, c.fields)
			_, err = e.Render(t.Context(), c.src, imaging.Request{Specs: webSet()}, func(int, imaging.Encoded) error {
				t.Error("a variant was emitted")
				return nil
			})
			overLimit(t, "Render", err, c.fields)
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("refusing took %v", took)
			}
		})
	}
	t.Run("memory that can never be had", func(t *testing.T) {
		e := s.new(t, imaging.Limits{Memory: 24 << 20})
		_, err := e.Render(t.Context(), pngOf(t, card(4000, 4000)), imaging.Request{Specs: []imaging.Spec{{Rotate: 90, Format: imaging.FormatPNG}}}, func(int, imaging.Encoded) error {
			t.Error("a variant was emitted")
			return nil
		})
		limit, ok := asLimit(err)
		if !ok || limit.Field != imaging.FieldMemory || limit.Value <= limit.Limit || limit.Unit != "bytes" {
			t.Errorf("Render: %v, want a limit error of memory in bytes", err)
		}
	})
}

// asLimit returns the *fault.LimitError in err.
func asLimit(err error) (*fault.LimitError, bool) { return errors.AsType[*fault.LimitError](err) }

// pngHead is a PNG of width × height px whose data is missing but for one empty
// chunk.
func pngHead(width, height uint32) []byte {
	out := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, body []byte) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
		start := len(out)
		out = append(append(out, kind...), body...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[start:]))
	}
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	chunk("IHDR", append(header, 8, 2, 0, 0, 0))
	chunk("IDAT", []byte{0x78, 0x9c, 0x03, 0, 0, 0, 0, 1}) // an empty zlib stream
	chunk("IEND", nil)
	return out
}

// gifBomb is a GIF of many frames, each one pixel on a large canvas: some
// twenty bytes that stand for width × height px.
func gifBomb(width, height uint16, frames int) []byte {
	le := binary.LittleEndian
	out := append([]byte("GIF89a"), 0, 0, 0, 0, 0x80, 0, 0) // a palette of two colours
	le.PutUint16(out[6:], width)
	le.PutUint16(out[8:], height)
	out = append(out, 0, 0, 0, 255, 255, 255)
	for range frames {
		out = append(out, 0x21, 0xf9, 4, 0, 5, 0, 0, 0)    // graphic control: 50 ms
		out = append(out, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0) // one pixel at 0,0
		out = append(out, 2, 2, 0x44, 0x01, 0)             // its LZW data
	}
	return append(out, 0x3b)
}
