package vips

import (
	"bytes"
	"encoding/xml"
	"regexp"
	"strings"
	"unicode/utf8"
)

// A name in an XMP packet that says where the picture was taken: exif:GPS…, and
// what drones and phones write beside it.
const placeName = `[\w.-]+:[\w.-]*(?:(?i)gps|latitude|longitude)[\w.-]*`

var (
	placeAttribute = regexp.MustCompile(`\s` + placeName + `\s*=\s*(?:"[^"]*"|'[^']*')`)
	placeElement   = regexp.MustCompile(`<(` + placeName + `)(?:\s[^>]*|/)?>`)
)

// maxXMP bounds the packets that are read, bytes: JPEG holds 64 KiB, and what is
// far larger was made to be slow.
const maxXMP = 1 << 20

// xmpWithoutGPS returns the packet without a position. A packet in which one may
// still be, that is over maxXMP, or that is not UTF-8, is given up: nil.
func xmpWithoutGPS(packet []byte) []byte {
	if len(packet) > maxXMP || !utf8.Valid(packet) || bytes.IndexByte(packet, 0) >= 0 {
		return nil
	}
	out := placeAttribute.ReplaceAll(packet, nil)
	for {
		at := placeElement.FindSubmatchIndex(out)
		if at == nil {
			break
		}
		end := at[1]
		if !bytes.HasSuffix(out[at[0]:at[1]], []byte("/>")) {
			closing := []byte("</" + string(out[at[2]:at[3]]) + ">")
			i := bytes.Index(out[end:], closing)
			if i < 0 {
				return nil
			}
			end += i + len(closing)
		}
		out = append(out[:at[0]:at[0]], out[end:]...)
	}
	if bytes.Contains(bytes.ToLower(out), []byte("gps")) {
		return nil
	}
	return out
}

// XML namespaces of the XMP specification.
const (
	nsDC     = "http://purl.org/dc/elements/1.1/"
	nsRDF    = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	nsRights = "http://ns.adobe.com/xap/1.0/rights/"
)

// xmpRights is what an XMP packet says of the owner.
type xmpRights struct {
	creators  []string
	rights    string
	statement string // xmpRights:WebStatement
	terms     string // xmpRights:UsageTerms
}

// xmpCopyright returns a packet that says only who made the picture and whose it
// is; nil where the source's says neither.
func xmpCopyright(packet []byte) []byte {
	if len(packet) == 0 || len(packet) > maxXMP {
		return nil
	}
	r := readRights(packet)
	if len(r.creators) == 0 && r.rights == "" && r.statement == "" && r.terms == "" {
		return nil
	}
	return r.packet()
}

// readRights walks the packet; what lies after an error in it is not seen.
func readRights(packet []byte) xmpRights {
	var r xmpRights
	var path []xml.Name
	d := xml.NewDecoder(bytes.NewReader(packet))
	for {
		token, err := d.Token()
		if err != nil {
			return r
		}
		switch t := token.(type) {
		case xml.StartElement:
			path = append(path, t.Name)
			for _, a := range t.Attr {
				r.note(a.Name, a.Value)
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if name, ok := property(path); ok {
				r.note(name, string(t))
			}
		}
	}
}

// property is the innermost element that is not RDF's own (Alt, Seq, Bag, li).
func property(path []xml.Name) (xml.Name, bool) {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i].Space != nsRDF {
			return path[i], true
		}
	}
	return xml.Name{}, false
}

func (r *xmpRights) note(name xml.Name, value string) {
	value = strings.TrimSpace(value)
	if value == "" {
		return
	}
	first := func(field *string) {
		if *field == "" { // the default language comes first
			*field = value
		}
	}
	switch name {
	case xml.Name{Space: nsDC, Local: "creator"}:
		r.creators = append(r.creators, value)
	case xml.Name{Space: nsDC, Local: "rights"}:
		first(&r.rights)
	case xml.Name{Space: nsRights, Local: "WebStatement"}:
		first(&r.statement)
	case xml.Name{Space: nsRights, Local: "UsageTerms"}:
		first(&r.terms)
	}
}

// packet writes r as XMP (ISO 16684-1).
func (r *xmpRights) packet() []byte {
	var b bytes.Buffer
	b.WriteString(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="` + nsRDF +
		`"><rdf:Description rdf:about="" xmlns:dc="` + nsDC + `" xmlns:xmpRights="` + nsRights + `">`)
	if len(r.creators) > 0 {
		b.WriteString("<dc:creator><rdf:Seq>")
		for _, c := range r.creators {
			element(&b, "rdf:li", "", c)
		}
		b.WriteString("</rdf:Seq></dc:creator>")
	}
	for _, alt := range []struct{ name, value string }{{"dc:rights", r.rights}, {"xmpRights:UsageTerms", r.terms}} {
		if alt.value != "" {
			b.WriteString("<" + alt.name + "><rdf:Alt>")
			element(&b, "rdf:li", ` xml:lang="x-default"`, alt.value)
			b.WriteString("</rdf:Alt></" + alt.name + ">")
		}
	}
	if r.statement != "" {
		element(&b, "xmpRights:WebStatement", "", r.statement)
	}
	b.WriteString("</rdf:Description></rdf:RDF></x:xmpmeta>")
	return b.Bytes()
}

func element(b *bytes.Buffer, name, attributes, value string) {
	b.WriteString("<" + name + attributes + ">")
	xml.EscapeText(b, []byte(value)) //nolint:errcheck // a bytes.Buffer takes everything
	b.WriteString("</" + name + ">")
}
