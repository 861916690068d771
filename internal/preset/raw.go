package preset

// The raw types are pixmill.yaml as it is written. One set of tags serves the
// decoder and the JSON Schema: `yaml` names a field, `jsonschema` holds what must
// be true of it alone, `jsonschema_description` says it to people. What must be
// true of several fields together is in combine.go.

type rawConfig struct {
	Revision int                     `yaml:"revision,omitempty" jsonschema:"minimum=0,maximum=2147483647,default=0" jsonschema_description:"Counts changes of this file. A function that meets a manifest of a newer revision than its own writes nothing."`
	Engine   string                  `yaml:"engine,omitempty" jsonschema:"enum=vips,enum=bimg,default=vips" jsonschema_description:"The image engine. bimg exists only in programs built with -tags bimg."`
	Source   rawLocation             `yaml:"source" jsonschema:"required" jsonschema_description:"Where the images are."`
	Output   rawLocation             `yaml:"output" jsonschema:"required" jsonschema_description:"Where variants and manifests go. In the source's own bucket, neither prefix may begin with the other."`
	Rules    []rawRule               `yaml:"rules" jsonschema:"required,minItems=1" jsonschema_description:"Which keys get which presets. The first rule that matches a key decides; a key that none matches has no variants."`
	Presets  map[string][]rawVariant `yaml:"presets" jsonschema:"required,minProperties=1" jsonschema_description:"Lists of variants, by a name for use in rules."`
	Limits   rawLimits               `yaml:"limits,omitempty" jsonschema_description:"What one source may ask for. A source over a limit is rejected, with the numbers in its manifest."`
	Notify   *rawNotify              `yaml:"notify,omitempty" jsonschema_description:"Where completion events go, one or several places. PIXMILL_NOTIFY overrides all of it."`
}

type rawNotify struct {
	EventBridge string `yaml:"eventbridge,omitempty" jsonschema:"minLength=1,pattern=^(arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/)?[/._A-Za-z0-9-]+$" jsonschema_description:"An EventBridge bus: its name or its ARN."`
	SNS         string `yaml:"sns,omitempty" jsonschema:"minLength=1,pattern=^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+([.]fifo)?$" jsonschema_description:"An SNS topic's ARN."`
	SQS         string `yaml:"sqs,omitempty" jsonschema:"minLength=1,pattern=^https?://[^/ ]+(/[^/ ]+)*/[A-Za-z0-9_-]+([.]fifo)?$" jsonschema_description:"An SQS queue's URL."`
}

type rawLocation struct {
	Bucket string `yaml:"bucket" jsonschema:"required,pattern=^[a-z0-9][a-z0-9.-]*[a-z0-9]$,minLength=3,maxLength=63" jsonschema_description:"The bucket's name. PIXMILL_SOURCE_BUCKET and PIXMILL_OUTPUT_BUCKET override it."`
	Prefix string `yaml:"prefix,omitempty" jsonschema:"pattern=^$|^[^/].*/$,default=" jsonschema_description:"What the keys begin with: empty, or a path that ends in a slash."`
}

type rawRule struct {
	Match   string   `yaml:"match" jsonschema:"required,minLength=1" jsonschema_description:"A pattern over the key without source.prefix: * and ? stay within a segment, ** crosses them, {a,b} and [a-z] choose. Upper and lower case differ."`
	Presets []string `yaml:"presets" jsonschema:"required,minItems=1,uniqueItems=true" jsonschema_description:"Names of presets. The names of all their variants together must be unique."`
}

type rawVariant struct {
	Name string `yaml:"name" jsonschema:"required,pattern=^[A-Za-z0-9][A-Za-z0-9._-]*$,maxLength=64" jsonschema_description:"The file name of the variant without its extension."`

	Extract    *rawRect  `yaml:"extract,omitempty" jsonschema_description:"A region of the upright source to use instead of all of it, px."`
	Trim       int       `yaml:"trim,omitempty" jsonschema:"minimum=1,maximum=255" jsonschema_description:"Remove a border that differs from the corner's colour by no more than this."`
	Rotate     int       `yaml:"rotate,omitempty" jsonschema:"enum=90,enum=180,enum=270" jsonschema_description:"Degrees clockwise, beside the orientation of the photograph, which is always applied."`
	Width      int       `yaml:"width,omitempty" jsonschema:"minimum=1" jsonschema_description:"Width in px before dpr. Without it, it follows from the height."`
	Height     int       `yaml:"height,omitempty" jsonschema:"minimum=1" jsonschema_description:"Height in px before dpr. Without it, it follows from the width."`
	DPR        ratios    `yaml:"dpr,omitempty" jsonschema_description:"Device pixel ratios, 1 to 8: one variant for each; other than 1 they add @2x to the name."`
	Fit        string    `yaml:"fit,omitempty" jsonschema:"enum=inside,enum=outside,enum=cover,enum=contain,enum=fill,default=inside" jsonschema_description:"How the image meets the box: inside it whole, outside it whole, cover it and cut, contain it and pad, fill it and distort."`
	Enlarge    bool      `yaml:"enlarge,omitempty" jsonschema:"default=false" jsonschema_description:"Make a source that is smaller than the box larger. An SVG or PDF is drawn as large as the box in any case."`
	Gravity    string    `yaml:"gravity,omitempty" jsonschema:"enum=centre,enum=center,enum=north,enum=northeast,enum=east,enum=southeast,enum=south,enum=southwest,enum=west,enum=northwest,enum=smart,enum=entropy,default=centre" jsonschema_description:"Which part cover keeps, or where contain puts the image."`
	Focal      *rawPoint `yaml:"focal,omitempty" jsonschema_description:"The point that cover keeps in sight: 0,0 is the top left, 1,1 the bottom right. The metadata focal-point of a source overrides it."`
	Flip       bool      `yaml:"flip,omitempty" jsonschema:"default=false" jsonschema_description:"Mirror top to bottom."`
	Flop       bool      `yaml:"flop,omitempty" jsonschema:"default=false" jsonschema_description:"Mirror left to right."`
	Background string    `yaml:"background,omitempty" jsonschema:"pattern=^#[0-9A-Fa-f]{6}([0-9A-Fa-f]{2})?$" jsonschema_description:"\"#rrggbb\" or \"#rrggbbaa\", in quotes: behind padding, and behind transparency where the format has none."`

	Format      string   `yaml:"format,omitempty" jsonschema:"enum=jpeg,enum=png,enum=webp,enum=avif,enum=gif,enum=jxl,enum=auto" jsonschema_description:"The format to write; jxl needs a libvips that has it. Without it, the source's where it can be written, else png or jpeg. auto makes several and keeps the smallest."`
	Formats     []string `yaml:"formats,omitempty" jsonschema:"minItems=2,uniqueItems=true,enum=jpeg,enum=png,enum=webp,enum=avif,enum=gif,enum=jxl" jsonschema_description:"The candidates of format auto. Without it: avif, webp and jpeg, or png for transparency."`
	Quality     int      `yaml:"quality,omitempty" jsonschema:"minimum=1,maximum=100" jsonschema_description:"1 to 100. Without it, the default of the format."`
	Effort      int      `yaml:"effort,omitempty" jsonschema:"minimum=1,maximum=10" jsonschema_description:"1 is fast, 10 is small. Without it, the default for format and size."`
	Chroma      string   `yaml:"chroma,omitempty" jsonschema:"enum=4:2:0,enum=4:4:4" jsonschema_description:"4:2:0 halves the resolution of colour; 4:4:4 keeps it, for graphics and text."`
	Lossless    bool     `yaml:"lossless,omitempty" jsonschema:"default=false" jsonschema_description:"Keep every pixel value; webp, avif and jxl."`
	Progressive bool     `yaml:"progressive,omitempty" jsonschema:"default=false" jsonschema_description:"Progressive jpeg, interlaced png."`
	Palette     int      `yaml:"palette,omitempty" jsonschema:"minimum=2,maximum=256" jsonschema_description:"The most colours to use; png and gif."`
	MaxBytes    size     `yaml:"max_bytes,omitempty" jsonschema_description:"Lower the quality until the file is no larger than this."`
	Animated    bool     `yaml:"animated,omitempty" jsonschema:"default=false" jsonschema_description:"Keep all frames; webp and gif."`

	ColourSpace string `yaml:"colour_space,omitempty" jsonschema:"enum=srgb,enum=p3,default=srgb" jsonschema_description:"p3 keeps the colours of a wide-gamut photograph."`
	Metadata    string `yaml:"metadata,omitempty" jsonschema:"enum=none,enum=copyright,enum=all,default=none" jsonschema_description:"What of EXIF, XMP and IPTC to keep."`
	GPS         bool   `yaml:"gps,omitempty" jsonschema:"default=false" jsonschema_description:"Keep where the photograph was taken; only with metadata all."`
}

type rawRect struct {
	X      int `yaml:"x" jsonschema:"required,minimum=0" jsonschema_description:"Left edge, px."`
	Y      int `yaml:"y" jsonschema:"required,minimum=0" jsonschema_description:"Top edge, px."`
	Width  int `yaml:"width" jsonschema:"required,minimum=1" jsonschema_description:"Width, px."`
	Height int `yaml:"height" jsonschema:"required,minimum=1" jsonschema_description:"Height, px."`
}

type rawPoint struct {
	X float64 `yaml:"x" jsonschema:"required,minimum=0,maximum=1" jsonschema_description:"0 is the left edge, 1 the right one."`
	Y float64 `yaml:"y" jsonschema:"required,minimum=0,maximum=1" jsonschema_description:"0 is the top edge, 1 the bottom one."`
}

type rawLimits struct {
	SourceBytes size     `yaml:"source_bytes,omitempty" jsonschema_description:"Size of a source file. Without it: 200MiB."`
	Pixels      int      `yaml:"pixels,omitempty" jsonschema:"minimum=1" jsonschema_description:"Width times height of one frame. Without it: 200 million."`
	TotalPixels int      `yaml:"total_pixels,omitempty" jsonschema:"minimum=1" jsonschema_description:"Pixels of all frames together. Without it: 400 million."`
	Frames      int      `yaml:"frames,omitempty" jsonschema:"minimum=1" jsonschema_description:"Frames of an animation. Without it: 1000."`
	Dimension   int      `yaml:"dimension,omitempty" jsonschema:"minimum=1,maximum=65500" jsonschema_description:"Width or height, px, of sources and variants. Without it: 65500."`
	Memory      size     `yaml:"memory,omitempty" jsonschema_description:"Memory for images of the whole process. Without it, a share of what the container has."`
	Deadline    duration `yaml:"deadline,omitempty" jsonschema_description:"Time for one source, as 500ms, 20s or 2m. Without it, what the caller allows."`
}
