package preset_test

// What TestParse_SaysWhatIsWrong expects of the fields of a variant together.

var geometryProblems = map[string]wrong{
	"cover without height":  {"width: 200, height: 200", "width: 200", []string{`p.yaml:15:38: presets.web[2].fit: fit cover needs both width and height; this has width 200 and height 0`}},
	"dpr without a box":     {"width: 1600, format: jpeg", "dpr: 2, format: jpeg", []string{`p.yaml:14:26: presets.web[1].dpr: dpr needs width or height, and this has neither`}},
	"enlarge without a box": {"width: 1600, format: jpeg", "enlarge: true, format: jpeg", []string{`p.yaml:14:30: presets.web[1].enlarge: enlarge needs width or height, and this has neither`}},
	"inside without a box":  {"width: 1600, format: jpeg", "fit: inside, format: jpeg", []string{`p.yaml:14:26: presets.web[1].fit: fit needs width or height, and this has neither`}},
	"ratio out of range":    {"dpr: [1, 1.5, 2]", "dpr: 9", []string{`p.yaml:15:94: presets.web[2].dpr: 9 is not a device pixel ratio: a number from 1 to 8 with at most two decimals`}},
	"ratio too fine":        {"dpr: [1, 1.5, 2]", "dpr: 1.234", []string{`p.yaml:15:94: presets.web[2].dpr: 1.234 is not a device pixel ratio: a number from 1 to 8 with at most two decimals`}},
	"ratio twice":           {"dpr: [1, 1.5, 2]", "dpr: [1, 1.0]", []string{`p.yaml:15:98: presets.web[2].dpr[1]: the ratio 1 is there twice`}},
	"no ratios":             {"dpr: [1, 1.5, 2]", "dpr: []", []string{`p.yaml:15:94: presets.web[2].dpr: the list is empty: write at least one ratio, as [1, 2]`}},
	"ratio is text":         {"dpr: [1, 1.5, 2]", "dpr: 2x", []string{`p.yaml:15:94: presets.web[2].dpr: want a number from 1 to 8, not the text "2x"`}},
	"gravity without a cut": {"fit: cover, gravity: center", "gravity: center", []string{`p.yaml:15:55: presets.web[2].gravity: gravity needs fit cover or contain; fit inside neither cuts nor pads`}},
	"smart padding":         {"fit: cover, gravity: smart", "fit: contain, gravity: smart", []string{`p.yaml:11:70: presets.avatar[0].gravity: gravity smart needs fit cover: fit contain cuts nothing`}},
	"focal without a cut":   {"format: jpeg", "format: jpeg, focal: {x: 0, y: 1}", []string{`p.yaml:14:55: presets.web[1].focal: focal needs fit cover; fit inside cuts nothing`}},
	"focal and gravity":     {"gravity: smart", "gravity: smart, focal: {x: 0, y: 1}", []string{`p.yaml:11:82: presets.avatar[0].focal: focal and gravity cannot be together: each says which part is kept`}},
	"focal outside":         {"format: jpeg", "format: jpeg, focal: {x: 2, y: 0.5}", []string{`p.yaml:14:59: presets.web[1].focal.x: 2 is out of range: 0 to 1`}},
	"half a focal point":    {"format: jpeg", "format: jpeg, focal: {x: 1}", []string{`p.yaml:14:55: presets.web[1].focal.y: the field is missing`}},
	"empty region":          {"format: jpeg", "format: jpeg, extract: {x: 1, y: 0, width: 0, height: 5}", []string{`p.yaml:14:77: presets.web[1].extract.width: 0 is out of range: at least 1`}},
	"gravity of faces":      {"gravity: smart", "gravity: face", []string{`p.yaml:11:68: presets.avatar[0].gravity: "face" is not one of centre, center, north, northeast, east, southeast, south, southwest, west, northwest, smart, entropy`}},
	"crooked rotation":      {"format: jpeg", "format: jpeg, rotate: 45", []string{`p.yaml:14:56: presets.web[1].rotate: 45 is not one of 90, 180, 270`}},
}

var encodingProblems = map[string]wrong{
	"quality of png":         {"format: avif, quality", "format: png, quality", []string{`p.yaml:13:56: presets.web[0].quality: quality has no meaning for format png: it is for jpeg, webp, avif, jxl`}},
	"file name extension":    {"format: jpeg", "format: jpg", []string{`p.yaml:14:42: presets.web[1].format: "jpg" is not one of jpeg, png, webp, avif, gif, jxl, auto; did you mean "jpeg"?`}},
	"lossless jpeg":          {"format: jpeg", "format: jpeg, lossless: true", []string{`p.yaml:14:58: presets.web[1].lossless: lossless has no meaning for format jpeg: it is for webp, avif, jxl`}},
	"lossless of any format": {", format: jpeg", ", lossless: true", []string{`p.yaml:14:44: presets.web[1].lossless: lossless needs format webp, avif or jxl, not the source's`}},
	"lossless quality":       {"format: avif, quality", "format: avif, lossless: true, quality", []string{`p.yaml:13:73: presets.web[0].quality: quality and lossless cannot be together: lossless keeps every pixel value`}},
	"animated jpeg":          {"format: jpeg", "format: jpeg, animated: true", []string{`p.yaml:14:58: presets.web[1].animated: animated has no meaning for format jpeg: it is for webp, gif`}},
	"palette of jpeg":        {"format: jpeg", "format: jpeg, palette: 16", []string{`p.yaml:14:57: presets.web[1].palette: palette has no meaning for format jpeg: it is for png, gif`}},
	"progressive candidates": {"format: jpeg", "format: auto, formats: [avif, webp], progressive: true", []string{`p.yaml:14:84: presets.web[1].progressive: progressive has no meaning for format auto of avif, webp: it is for jpeg, png`}},
	"formats without auto":   {"format: jpeg", "format: jpeg, formats: [avif, webp]", []string{`p.yaml:14:57: presets.web[1].formats: formats needs format auto, not jpeg`}},
	"one candidate":          {"format: jpeg", "format: auto, formats: [avif]", []string{`p.yaml:14:57: presets.web[1].formats: there are 1 entries, and at least 2 are needed`}},
	"candidates": {"format: jpeg", "format: auto, formats: [avif, jpg, avif]", []string{
		`p.yaml:14:64: presets.web[1].formats[1]: "jpg" is not one of jpeg, png, webp, avif, gif, jxl; did you mean "jpeg"?`,
		`p.yaml:14:69: presets.web[1].formats[2]: the format "avif" is there twice`,
	}},
	"size's unit":         {"format: jpeg", "format: jpeg, max_bytes: 20X", []string{`p.yaml:14:59: presets.web[1].max_bytes: "20X" is not a size: write bytes, or a number with B, KB, MB, GB, KiB, MiB or GiB, as in 20MB`}},
	"no bytes":            {"format: jpeg", "format: jpeg, max_bytes: 0", []string{`p.yaml:14:59: presets.web[1].max_bytes: 0 is out of range: at least 1 byte`}},
	"too many bytes":      {"format: jpeg", "format: jpeg, max_bytes: 3GB", []string{`p.yaml:14:59: presets.web[1].max_bytes: 3000000000 bytes are out of range: at most 2147483647`}},
	"gps alone":           {"format: jpeg", "format: jpeg, gps: true", []string{`p.yaml:14:53: presets.web[1].gps: gps needs metadata all, not none`}},
	"wide gamut gif":      {"format: jpeg", "format: gif, colour_space: p3", []string{`p.yaml:14:61: presets.web[1].colour_space: colour_space p3 has no meaning for format gif: a gif holds no colour profile`}},
	"colour as comment":   {"format: jpeg}", "format: jpeg,\n       background: #ffffff\n      }", []string{`p.yaml:15:8: presets.web[1].background: there is no value: "#" begins a comment, so put the colour in quotes, as "#ffffff"`}},
	"short colour":        {"format: jpeg", `format: jpeg, background: "#fff"`, []string{`p.yaml:14:60: presets.web[1].background: "#fff" is not a colour: write "#rrggbb" or "#rrggbbaa", in quotes`}},
	"empty colour":        {"format: jpeg", `format: jpeg, background: ""`, []string{`p.yaml:14:60: presets.web[1].background: "" is not a colour: write "#rrggbb" or "#rrggbbaa", in quotes`}},
	"transparent jpeg":    {"format: jpeg", `format: jpeg, background: "#FFFFFF80"`, []string{`p.yaml:14:60: presets.web[1].background: "#FFFFFF80" is partly transparent, and a jpeg cannot be`}},
	"effort beyond scale": {"quality: 55", "effort: 11", []string{`p.yaml:13:56: presets.web[0].effort: 11 is out of range: 1 to 10`}},
}

var limitProblems = map[string]wrong{
	"units": {"revision: 3", "limits: {source_bytes: 20MB, deadline: 20, memory: 2XB}", []string{
		`p.yaml:1:40: limits.deadline: want a time with its unit, as 500ms, 20s or 2m, not 20`,
		`p.yaml:1:52: limits.memory: "2XB" is not a size: write bytes, or a number with B, KB, MB, GB, KiB, MiB or GiB, as in 20MB`,
	}},
	"no time":           {"revision: 3", "limits: {deadline: 0s}", []string{`p.yaml:1:20: limits.deadline: "0s" is not a time above 0: write 500ms, 20s or 2m`}},
	"own dimension":     {"revision: 3", "limits: {dimension: 1500}", []string{`p.yaml:13:28: presets.web[0].width: 1600 is over limits.dimension of 1500 px`, `p.yaml:14:28: presets.web[1].width: 1600 is over limits.dimension of 1500 px`}},
	"with the ratio":    {"revision: 3", "limits: {dimension: 70}\nrevision: 3", []string{`p.yaml:12:29: presets.avatar[0].width: 256 is over limits.dimension of 70 px`, `p.yaml:12:42: presets.avatar[0].height: 256 is over limits.dimension of 70 px`, `p.yaml:14:28: presets.web[0].width: 1600 is over limits.dimension of 70 px`, `p.yaml:15:28: presets.web[1].width: 1600 is over limits.dimension of 70 px`, `p.yaml:16:28: presets.web[2].width: 200 with a dpr of 2 is over limits.dimension of 70 px`, `p.yaml:16:41: presets.web[2].height: 200 with a dpr of 2 is over limits.dimension of 70 px`}},
	"pixels":            {"revision: 3", "limits: {pixels: 100000}", []string{`p.yaml:15:28: presets.web[2].width: 200 × 200 with a dpr of 2 is 160000 pixels, over limits.pixels of 100000`}},
	"a webp's own":      {"width: 256, height", "width: 16384, height", []string{`p.yaml:11:29: presets.avatar[0].width: 16384 is over the largest webp of 16383 px`}},
	"default dimension": {"width: 1600, format: jpeg", "width: 65501, format: jpeg", []string{`p.yaml:14:28: presets.web[1].width: 65501 is over limits.dimension of 65500 px`}},
	"absurd number":     {"width: 1600, format: jpeg", "width: 9223372036854775807, format: jpeg", []string{`p.yaml:14:28: presets.web[1].width: 9223372036854775807 is over limits.dimension of 65500 px`}},
}
