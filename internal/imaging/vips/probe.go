package vips

// #include <stdlib.h>
// #include "pixmill.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"pixmill/internal/fault"
	"pixmill/internal/imaging"
)

// source is an encoded image and what its header says.
type source struct {
	data        []byte
	codec       codec
	width       int // px of one frame as stored, before the orientation is applied
	height      int
	frames      int
	orientation int // 1 to 8
	bands       int
	alpha       bool
	bitDepth    int
	space       C.VipsInterpretation
	profile     profile
	jpeg        jpegHead // zero for other formats
	interlaced  bool     // PNG
	exactW      float64  // px of a drawing, whose width and height are rounded
	exactH      float64
	layered     bool // a drawing that may put layers together
}

// probe reads the header and holds it to the limits; nothing is decoded.
func (e *Engine) probe(ctx context.Context, data []byte) (*source, error) {
	src, err := e.readHeader(data)
	if err != nil {
		return nil, fault.New(fault.Rejected, "probe", "", err)
	}
	if isDrawing(src.codec.format) {
		if err := e.measure(ctx, src); err != nil {
			return nil, err
		}
	}
	if err := checkLimits(src, e.limits); err != nil {
		return nil, fault.New(fault.Rejected, "probe", "", err)
	}
	return src, nil
}

// readHeader knows of a drawing only that it is one.
func (e *Engine) readHeader(data []byte) (*source, error) {
	if len(data) == 0 {
		return nil, errors.New("the source is empty: 0 bytes")
	}
	if int64(len(data)) > e.limits.SourceBytes {
		return nil, &fault.LimitError{Field: "source bytes", Limit: e.limits.SourceBytes, Value: int64(len(data)), Unit: "bytes"}
	}
	format := sniff(data)
	if format == "" {
		return nil, fmt.Errorf("%w: no known format starts with %s", imaging.ErrNotImage, firstBytes(data))
	}
	if err := e.checkInput(format, data); err != nil {
		return nil, err
	}
	c, _ := codecOf(format)
	src := &source{data: data, codec: c}
	if isDrawing(format) {
		if endsEarly(format, data) { // it is drawn as far as it goes
			return nil, errors.New(unreadable(format, data))
		}
		if format == imaging.FormatPDF {
			return src, checkPictures(data)
		}
		return src, nil
	}
	if format == imaging.FormatJPEG {
		head, err := readJPEGHead(data)
		if err != nil {
			return nil, fmt.Errorf("the JPEG header cannot be read: %w", err)
		}
		if head.precision != 8 {
			return nil, fmt.Errorf("a JPEG with %d bits for each sample cannot be read: only 8 can", head.precision)
		}
		src.jpeg = head
	}
	// IHDR is always first; its last byte is the interlace method.
	src.interlaced = format == imaging.FormatPNG && len(data) > 28 && data[28] == 1
	var err error
	onThread(func() { err = src.readLibrary() })
	return src, sourceError(format, data, err)
}

// checkInput refuses a format that may not be read, also one that hides under
// another's name: libheif decodes whatever is in the file.
func (e *Engine) checkInput(format imaging.Format, data []byte) error {
	need := []imaging.Format{format}
	if format == imaging.FormatAVIF || format == imaging.FormatHEIC {
		found, unknown := codings(data)
		if unknown != "" {
			return &imaging.UnsupportedError{Engine: engineName, What: fmt.Sprintf("input %s with an image of type %q", format, unknown)}
		}
		need = append(need, found...)
	}
	for i, f := range need {
		if slices.Contains(e.capability.Inputs, f) {
			continue
		}
		what := "input " + string(f)
		if i > 0 {
			what += ", which is inside this " + string(format)
		}
		return &imaging.UnsupportedError{
			Engine: engineName, What: what,
			Advice: e.inputAdvice(f),
		}
	}
	return nil
}

// inputAdvice says who left a format out.
func (e *Engine) inputAdvice(f imaging.Format) string {
	if slices.Contains(e.readable, f) {
		return "the configuration leaves it out"
	}
	return "this build's libvips cannot read it; docs/lambda-zip.md says which build can"
}

func firstBytes(data []byte) string {
	return strconv.Quote(string(data[:min(len(data), 8)]))
}

// readLibrary lets libvips's loader read the header.
func (s *source) readLibrary() error {
	var pin runtime.Pinner
	defer pin.Unpin()
	im, err := s.load(&pin, 1, 1, 1)
	if err != nil {
		return err
	}
	defer im.close()
	s.width, s.height, s.bands = im.width(), im.height(), im.bands()
	s.alpha = im.hasAlpha()
	s.bitDepth = 8 * int(C.vips_format_sizeof(im.im.BandFmt))
	s.space = C.vips_image_guess_interpretation(im.im)
	s.orientation = im.getInt("orientation", 1)
	if s.orientation < 1 || s.orientation > 8 || s.codec.number == C.PX_HEIF || s.codec.number == C.PX_JXL {
		s.orientation = 1 // libheif and libjxl have turned it already
	}
	s.frames = 1
	if s.codec.format == imaging.FormatGIF || s.codec.format == imaging.FormatWebP {
		s.frames = max(1, im.getInt("n-pages", 1))
	}
	s.profile = readProfile(im.blob("icc-profile-data"))
	return nil
}

// load opens the source; the data stay pinned for as long as the picture lives.
// pages is -1 for every frame.
func (s *source) load(pin *runtime.Pinner, shrink int, scale float64, pages int) (*picture, error) {
	pin.Pin(&s.data[0])
	return own("load "+string(s.codec.format), C.px_load(s.codec.number,
		unsafe.Pointer(&s.data[0]), C.size_t(len(s.data)), C.int(shrink), C.double(scale), C.int(pages)))
}

// turned is whether the orientation exchanges width and height.
func (s *source) turned() bool { return s.orientation >= 5 }

// oriented returns the size of one frame as it is to be seen.
func (s *source) oriented() (w, h int) {
	if s.turned() {
		return s.height, s.width
	}
	return s.width, s.height
}

func (s *source) info() imaging.Info {
	w, h := s.oriented()
	return imaging.Info{
		Format:      s.codec.format,
		Width:       w,
		Height:      h,
		Frames:      s.frames,
		Orientation: s.orientation,
		Alpha:       s.alpha,
		BitDepth:    s.bitDepth,
		ColourSpace: s.spaceName(),
		ICC:         s.embedsProfile(),
		Progressive: s.jpeg.progressive || s.interlaced,
	}
}

// embedsProfile is whether the file holds a profile. libjxl makes one for every
// JPEG XL file: there only one that is not sRGB's counts.
func (s *source) embedsProfile() bool {
	return s.profile.present() && !(s.codec.format == imaging.FormatJXL && s.profile.srgb)
}

// spaceName is libvips's nickname for the interpretation; greys are "grey".
func (s *source) spaceName() string {
	switch s.space {
	case C.VIPS_INTERPRETATION_sRGB, C.VIPS_INTERPRETATION_RGB, C.VIPS_INTERPRETATION_RGB16:
		return "srgb"
	case C.VIPS_INTERPRETATION_B_W, C.VIPS_INTERPRETATION_GREY16:
		return "grey"
	case C.VIPS_INTERPRETATION_CMYK:
		return "cmyk"
	}
	return strings.ToLower(C.GoString(C.vips_enum_nick(C.vips_interpretation_get_type(), C.int(s.space))))
}

// maxChannels is CMYK with alpha.
const maxChannels = 5

// checkLimits compares the header with l.
func checkLimits(s *source, l imaging.Limits) error {
	w, h, n := int64(s.width), int64(s.height), int64(s.frames)
	for _, c := range []fault.LimitError{
		{Field: "width", Limit: l.Dimension, Value: w, Unit: "px"},
		{Field: "height", Limit: l.Dimension, Value: h, Unit: "px"},
		{Field: "pixels", Limit: l.Pixels, Value: w * h, Unit: "px"},
		{Field: "channels", Limit: maxChannels, Value: int64(s.bands)},
		{Field: "frames", Limit: l.Frames, Value: n, Unit: "frames"},
		{Field: "total pixels", Limit: l.TotalPixels, Value: w * h * n, Unit: "px"},
	} {
		if c.Value > c.Limit {
			return &c
		}
	}
	return nil
}
