//go:build bimg

package bimgengine

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/h2non/bimg"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// probe reads a header. bimg says nothing of frames and interlacing, so those
// are read here.
func (e *Engine) probe(src []byte) (imaging.Info, error) {
	l := e.capability.Limits
	if n := int64(len(src)); n > l.SourceBytes {
		return imaging.Info{}, &fault.LimitError{Field: "source bytes", Limit: l.SourceBytes, Value: n, Unit: "bytes"}
	}
	if len(src) == 0 {
		return imaging.Info{}, reject(errors.New("the source is empty"))
	}
	kind := bimg.DetermineImageType(src)
	format, ok := formats()[kind]
	if !ok {
		return imaging.Info{}, reject(fmt.Errorf("%w of a known format", imaging.ErrNotImage))
	}
	if _, bits := frameHeader(src); format == imaging.FormatJPEG && bits != 8 {
		return imaging.Info{}, reject(fmt.Errorf("a JPEG with %d bits for each sample cannot be read: only 8 can", bits))
	}
	m, err := bimg.Metadata(src)
	if err != nil {
		return imaging.Info{}, reject(undecodable(err))
	}
	info := imaging.Info{
		Format:      format,
		Width:       m.Size.Width,
		Height:      m.Size.Height,
		Frames:      frames(format, src),
		Orientation: max(1, m.Orientation),
		Alpha:       m.Alpha,
		BitDepth:    8,
		ColourSpace: m.Space,
		ICC:         m.Profile,
		Progressive: progressive(format, src),
	}
	if m.Space == "rgb16" || m.Space == "grey16" {
		info.BitDepth = 16
	}
	if info.Orientation > 8 {
		info.Orientation = 1
	}
	if info.Orientation >= 5 {
		info.Width, info.Height = info.Height, info.Width
	}
	if err := within(l, info); err != nil {
		return info, err
	}
	info.Memory = estimate(info, m.Channels)
	return info, nil
}

// undecodable and unmade say in plain words what bimg did not do. What libvips said
// of it is in the chain: it may be of another call that failed at the same moment.
func undecodable(err error) error {
	return &imaging.LibraryError{What: "the source cannot be decoded: it is damaged, or of a kind that is not supported", Err: err}
}

func unmade(err error) error {
	return &imaging.LibraryError{What: "bimg cannot make this variant", Err: err}
}

func reject(err error) error { return fault.New(fault.Rejected, "probe", "", err) }

// within checks info against l.
func within(l imaging.Limits, info imaging.Info) error {
	w, h, n := int64(info.Width), int64(info.Height), int64(info.Frames)
	for _, c := range []fault.LimitError{
		{Field: "width", Limit: l.Dimension, Value: w, Unit: "px"},
		{Field: "height", Limit: l.Dimension, Value: h, Unit: "px"},
		{Field: "pixels", Limit: l.Pixels, Value: w * h, Unit: "px"},
		{Field: "frames", Limit: l.Frames, Value: n, Unit: "frames"},
		{Field: "total pixels", Limit: l.TotalPixels, Value: w * h * n, Unit: "px"},
	} {
		if c.Value > c.Limit {
			return &c
		}
	}
	return nil
}

// frames counts the frames of a GIF or WebP; 1 for others.
func frames(f imaging.Format, src []byte) int {
	n := 0
	switch f {
	case imaging.FormatGIF:
		n = gifFrames(src)
	case imaging.FormatWebP:
		for i := 12; i+8 <= len(src); {
			if string(src[i:i+4]) == "ANMF" {
				n++
			}
			length := int64(binary.LittleEndian.Uint32(src[i+4:]))
			i += int(min(8+length+length&1, int64(len(src))))
		}
	}
	return max(1, n)
}

// gifFrames walks the blocks of a GIF, GIF89a appendix A.
func gifFrames(src []byte) int {
	table := func(flags byte) int {
		if flags&0x80 == 0 {
			return 0
		}
		return 3 << (flags&7 + 1)
	}
	blocks := func(i int) int { // past the data sub-blocks at i
		for i < len(src) && src[i] != 0 {
			i += 1 + int(src[i])
		}
		return i + 1
	}
	if len(src) < 13 {
		return 0
	}
	n := 0
	for i := 13 + table(src[10]); i < len(src); {
		switch {
		case src[i] == 0x21:
			i = blocks(i + 2)
		case src[i] == 0x2c && i+10 <= len(src):
			n++
			i = blocks(i + 10 + table(src[i+9]) + 1)
		default:
			return n
		}
	}
	return n
}

// progressive is whether a JPEG has a SOF2 or a PNG is interlaced.
func progressive(f imaging.Format, src []byte) bool {
	switch f {
	case imaging.FormatPNG:
		return len(src) > 28 && src[28] == 1
	case imaging.FormatJPEG:
		marker, _ := frameHeader(src)
		return marker == 0xc2
	}
	return false
}

// frameHeader returns a JPEG's SOF marker and the bits of a sample, ITU-T T.81
// B.2.2; 0 and 8 where there is none.
func frameHeader(src []byte) (marker byte, bits int) {
	for i := 2; i+5 <= len(src) && src[i] == 0xff && src[i+1] != 0xda; {
		if m := src[i+1]; m >= 0xc0 && m <= 0xc2 {
			return m, int(src[i+4])
		}
		i += 2 + int(binary.BigEndian.Uint16(src[i+2:]))
	}
	return 0, 8
}
