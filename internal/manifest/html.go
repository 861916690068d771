package manifest

import (
	"fmt"
	"html"
	"math"
	"net/url"
	"slices"
	"strings"
)

// HTML is markup that is ready to use. Its addresses are keys of the output
// bucket, percent-encoded and relative to the bucket's public address.
type HTML struct {
	Srcset  map[string]string `json:"srcset"`  // by content type: "a.jpg/large.webp 1600w, …"
	Picture string            `json:"picture"` // one <picture> element
}

// best is the order in which a browser should consider content types.
var best = []string{"image/jxl", "image/avif", "image/webp"}

// BuildHTML returns markup for the variants that show the whole image, narrowest
// first, or nil where there is none. Crops are left out: a browser may swap the
// members of a srcset for each other. alt is left empty for the page's author.
func BuildHTML(src Source, variants []Variant) *HTML {
	if src.Image == nil || src.Image.Height == 0 {
		return nil
	}
	byType := map[string][]Variant{}
	for _, v := range variants {
		if v.Status == StatusOK && sameShape(src.Image.Width, src.Image.Height, v.Width, v.Height) {
			byType[v.ContentType] = append(byType[v.ContentType], v)
		}
	}
	if len(byType) == 0 {
		return nil
	}
	h := &HTML{Srcset: map[string]string{}}
	for t, vs := range byType {
		slices.SortStableFunc(vs, func(a, b Variant) int { return a.Width - b.Width })
		vs = slices.CompactFunc(vs, func(a, b Variant) bool { return a.Width == b.Width })
		byType[t] = vs
		h.Srcset[t] = srcset(vs)
	}
	h.Picture = picture(byType, h.Srcset)
	return h
}

// sameShape reports whether a w × h variant shows a W × H source uncut: the
// sides agree to a pixel of rounding.
func sameShape(srcW, srcH, w, h int) bool {
	return math.Abs(float64(w)*float64(srcH)/float64(srcW)-float64(h)) <= 1 ||
		math.Abs(float64(h)*float64(srcW)/float64(srcH)-float64(w)) <= 1
}

func srcset(vs []Variant) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		parts[i] = fmt.Sprintf("%s %dw", address(v.Key), v.Width)
	}
	return strings.Join(parts, ", ")
}

// picture puts the formats that are best first into sources and the largest
// variant of the most widely read format into the img.
func picture(byType map[string][]Variant, sets map[string]string) string {
	fallback := ""
	for _, t := range []string{"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/jxl"} {
		if len(byType[t]) > 0 {
			fallback = t
			break
		}
	}
	if fallback == "" {
		return ""
	}
	var b strings.Builder
	b.WriteString("<picture>")
	for _, t := range best {
		if s := sets[t]; s != "" && t != fallback {
			fmt.Fprintf(&b, `<source type="%s" srcset="%s">`, t, html.EscapeString(s))
		}
	}
	vs := byType[fallback]
	last := vs[len(vs)-1]
	fmt.Fprintf(&b, `<img src="%s" srcset="%s" width="%d" height="%d" alt="" loading="lazy">`,
		html.EscapeString(address(last.Key)), html.EscapeString(sets[fallback]), last.Width, last.Height)
	b.WriteString("</picture>")
	return b.String()
}

// address percent-encodes each segment of a key; a comma would end a srcset candidate.
func address(key string) string {
	segments := strings.Split(key, "/")
	for i, s := range segments {
		segments[i] = strings.ReplaceAll(url.PathEscape(s), ",", "%2C")
	}
	return strings.Join(segments, "/")
}
