package imaging

// Spec says what one variant is. The JSON form, without its zero fields, is what
// the variant's hash is over: a field that does not change pixels or bytes of
// the result does not belong here, and a new field's zero value means "as before".
type Spec struct {
	// Geometry, in the order in which it is applied: orientation, Extract, Trim,
	// Rotate, resize by Fit, Flip and Flop, pad.
	Extract    *Rect   `json:"extract,omitempty"`    // px of the oriented source
	Trim       int     `json:"trim,omitempty"`       // remove a border that differs from the corner colour by no more than this; 1 to 255
	Rotate     int     `json:"rotate,omitempty"`     // clockwise: 90, 180 or 270
	Width      int     `json:"width,omitempty"`      // px before DPR; 0: from Height by the aspect ratio
	Height     int     `json:"height,omitempty"`     // px before DPR; 0: from Width
	DPR        float64 `json:"dpr,omitempty"`        // device pixel ratio that multiplies Width and Height; 0 means 1
	Fit        Fit     `json:"fit,omitempty"`        // empty means FitInside
	Enlarge    bool    `json:"enlarge,omitempty"`    // allow upscaling
	Gravity    Gravity `json:"gravity,omitempty"`    // which part FitCover keeps, where FitContain puts the image; empty means centre
	Focal      *Point  `json:"focal,omitempty"`      // overrides Gravity for FitCover
	Flip       bool    `json:"flip,omitempty"`       // top to bottom
	Flop       bool    `json:"flop,omitempty"`       // left to right
	Background string  `json:"background,omitempty"` // "#rrggbb" or "#rrggbbaa": pads, and flattens alpha where the format has none; empty: transparent, else white

	// Encoding.
	Format      Format   `json:"format,omitempty"`      // empty means the source's where it is an output format, else PNG with alpha, JPEG without
	Formats     []Format `json:"formats,omitempty"`     // candidates of FormatAuto; empty: avif, webp, jpeg (png where alpha)
	Quality     int      `json:"quality,omitempty"`     // 1 to 100; 0: the format's default
	Effort      int      `json:"effort,omitempty"`      // 1 (fast) to 10 (small); 0: the default for the format and size
	Chroma      string   `json:"chroma,omitempty"`      // "4:2:0", "4:4:4"; empty: the format's default
	Lossless    bool     `json:"lossless,omitempty"`    // WebP, AVIF
	Progressive bool     `json:"progressive,omitempty"` // JPEG, PNG
	Palette     int      `json:"palette,omitempty"`     // PNG, GIF: most colours, 2 to 256
	MaxBytes    int      `json:"maxBytes,omitempty"`    // lower the quality until the result fits; an error if it never does
	Animated    bool     `json:"animated,omitempty"`    // keep all frames where the output format can; else the first one

	// Colour and metadata.
	ColourSpace string `json:"colourSpace,omitempty"` // "srgb" (default) or "p3"
	Metadata    string `json:"metadata,omitempty"`    // "none" (default), "copyright" or "all"
	GPS         bool   `json:"gps,omitempty"`         // keep the position; only with Metadata "all"
}

// Rect is a region, px.
type Rect struct {
	X      int `json:"x"`
	Y      int `json:"y"`
	Width  int `json:"width"`
	Height int `json:"height"`
}

// Point is a place in the oriented source: 0,0 is the top left, 1,1 the bottom right.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Fit says how an image is fitted into a box of Width × Height.
type Fit string

const (
	FitInside  Fit = "inside"  // the whole image within the box, aspect ratio kept
	FitOutside Fit = "outside" // the smallest that covers the box, nothing cut
	FitCover   Fit = "cover"   // fill the box, cutting what overhangs
	FitContain Fit = "contain" // inside, then padded to the box
	FitFill    Fit = "fill"    // stretched to the box
)

// Gravity says which part of an image matters.
type Gravity string

const (
	GravityCentre    Gravity = "centre"
	GravityNorth     Gravity = "north"
	GravityNorthEast Gravity = "northeast"
	GravityEast      Gravity = "east"
	GravitySouthEast Gravity = "southeast"
	GravitySouth     Gravity = "south"
	GravitySouthWest Gravity = "southwest"
	GravityWest      Gravity = "west"
	GravityNorthWest Gravity = "northwest"
	GravitySmart     Gravity = "smart"   // attention: saturated, detailed, skin-coloured regions
	GravityEntropy   Gravity = "entropy" // most information
)

// Format is an image format.
type Format string

const (
	FormatAuto Format = "auto" // output only: the smallest of a list at equal quality
	FormatJPEG Format = "jpeg"
	FormatPNG  Format = "png"
	FormatWebP Format = "webp"
	FormatAVIF Format = "avif"
	FormatGIF  Format = "gif"
	FormatHEIC Format = "heic"
	FormatTIFF Format = "tiff"
	FormatJXL  Format = "jxl"
	FormatSVG  Format = "svg"
	FormatPDF  Format = "pdf"
)

// Extension returns the file name extension without a dot: "jpg" for JPEG,
// the format's name for all others.
func (f Format) Extension() string {
	if f == FormatJPEG {
		return "jpg"
	}
	return string(f)
}

// ContentType returns the media type.
func (f Format) ContentType() string {
	if f == FormatSVG {
		return "image/svg+xml"
	}
	if f == FormatPDF {
		return "application/pdf"
	}
	return "image/" + string(f)
}
