package vips

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pixmill/internal/imaging"
)

func TestXMPWithoutGPS(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing of a place", `<r a:b="1"><a:c>x</a:c></r>`, `<r a:b="1"><a:c>x</a:c></r>`},
		{"attributes", `<r exif:GPSLatitude="51,30N" a:b="1" exif:GPSLongitude='0,7W'/>`, `<r a:b="1"/>`},
		{"elements", `<r><exif:GPSAltitude>10</exif:GPSAltitude><a:b/></r>`, `<r><a:b/></r>`},
		{"empty element", `<r><exif:GPSMapDatum/><a:b/></r>`, `<r><a:b/></r>`},
		{"nested", `<r><exif:GPSInfo a="1"><x:y>1</x:y></exif:GPSInfo></r>`, `<r></r>`},
		{"of a drone", `<r drone-dji:Latitude="1.5" drone-dji:GpsLongtitude="2" drone:yaw="3"/>`, `<r drone:yaw="3"/>`},
		{"another prefix", `<r><e:GPSLatitude>1</e:GPSLatitude></r>`, `<r></r>`},
		{"not closed: given up", `<r><exif:GPSLatitude>1</r>`, ``},
		{"hidden in a value: given up", `<r a:b="gps 51.5"/>`, ``},
		{"not UTF-8: given up", "\xff\xfe<\x00", ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(xmpWithoutGPS([]byte(c.in))); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestXMPCopyright(t *testing.T) {
	const in = `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:r="http://ns.adobe.com/xap/1.0/rights/" exif:GPSLatitude="51,30N" r:WebStatement="https://example.org/?a=1&amp;b=2">
<dc:creator><rdf:Seq><rdf:li>Ada &amp; Bob</rdf:li><rdf:li>Eve</rdf:li></rdf:Seq></dc:creator>
<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© Ada</rdf:li><rdf:li xml:lang="de">© Ada, deutsch</rdf:li></rdf:Alt></dc:rights>
<dc:title><rdf:Alt><rdf:li>secret title</rdf:li></rdf:Alt></dc:title>
</rdf:Description></rdf:RDF></x:xmpmeta>`
	out := xmpCopyright([]byte(in))
	for _, want := range []string{"Ada &amp; Bob", "<rdf:li>Eve</rdf:li>", "© Ada<", "https://example.org/?a=1&amp;b=2"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the packet lacks %q: %s", want, out)
		}
	}
	for _, gone := range []string{"GPS", "title", "deutsch"} {
		if strings.Contains(string(out), gone) {
			t.Errorf("the packet keeps %q: %s", gone, out)
		}
	}
	if again := xmpCopyright(out); !bytes.Equal(again, out) {
		t.Errorf("reading what was written gives\n%s\nwant\n%s", again, out)
	}
	for _, none := range []string{"", "no xml", `<x:xmpmeta xmlns:x="adobe:ns:meta/"/>`} {
		if out := xmpCopyright([]byte(none)); out != nil {
			t.Errorf("from %q came %s", none, out)
		}
	}
}

func TestIPTCCopyright(t *testing.T) {
	dataset := func(record, number byte, text string) []byte {
		out := []byte{0x1c, record, number}
		return append(binary.BigEndian.AppendUint16(out, uint16(len(text))), text...)
	}
	charset := dataset(1, 90, "\x1b%G")
	city, author, notice := dataset(2, 90, "London"), dataset(2, 80, "Ada"), dataset(2, 116, "© Ada 1843")
	resource := func(id uint16, data []byte) []byte {
		out := binary.BigEndian.AppendUint16([]byte("8BIM"), id)
		out = binary.BigEndian.AppendUint32(append(out, 0, 0), uint32(len(data)))
		out = append(out, data...)
		if len(data)%2 != 0 {
			out = append(out, 0)
		}
		return out
	}
	wrap := func(resources ...[]byte) []byte {
		return append([]byte(photoshopHeader), bytes.Join(resources, nil)...)
	}
	iim := bytes.Join([][]byte{charset, city, author, notice}, nil)
	want := bytes.Join([][]byte{charset, author, notice}, nil)
	if got := iptcCopyright(iim); !bytes.Equal(got, want) {
		t.Errorf("bare: got %q, want %q", got, want)
	}
	if got := iptcCopyright(wrap(resource(0x0425, []byte("odd")), resource(resourceIPTC, iim))); !bytes.Equal(got, wrap(resource(resourceIPTC, want))) {
		t.Errorf("in Photoshop's resources: got %q", got)
	}
	for name, none := range map[string][]byte{
		"nothing": nil, "no author": city, "cut": wrap(resource(resourceIPTC, iim))[:30], "noise": []byte("Photoshop 3.0\x008BIMnoise"),
	} {
		if got := iptcCopyright(none); got != nil {
			t.Errorf("%s gave %q", name, got)
		}
	}
}

func TestWebPWithoutEXIF(t *testing.T) {
	chunk := func(name, body string) string {
		out := name + string(binary.LittleEndian.AppendUint32(nil, uint32(len(body)))) + body
		if len(body)%2 != 0 {
			out += "\x00"
		}
		return out
	}
	riff := func(chunks ...string) []byte {
		body := "WEBP" + strings.Join(chunks, "")
		return []byte("RIFF" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(body)))) + body)
	}
	pixels := chunk("VP8 ", "pixels!")
	got := webpWithoutEXIF(riff(chunk("VP8X", "\x18123456789"), pixels, chunk("EXIF", "odd")))
	if want := riff(chunk("VP8X", "\x10123456789"), pixels); !bytes.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, same := range [][]byte{riff(pixels), []byte("RIFF"), append(riff(pixels), "EXIF\xff\xff\xff\x7f"...)} {
		if got := webpWithoutEXIF(bytes.Clone(same)); !bytes.Equal(got, same) {
			t.Errorf("%q became %q", same, got)
		}
	}
}

func TestGIFEndsEarly_CutAnywhere(t *testing.T) {
	gif := []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff" + // one pixel, two colours
		"\x21\xf9\x04\x00\x05\x00\x00\x00" + "\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00" + "\x02\x02\x44\x01\x00" + "\x3b")
	if gifEndsEarly(gif) {
		t.Fatal("the whole one ends early")
	}
	const header, extension = 19, 27
	for n := range len(gif) {
		boundary := n == header || n == extension || n == len(gif)-1
		if early := gifEndsEarly(gif[:n]); early == boundary {
			t.Errorf("the first %d of %d bytes end early: %v", n, len(gif), early)
		}
	}
}

// TestReadProfile tells sRGB from what needs a transform.
func TestReadProfile(t *testing.T) {
	e, err := New(imaging.Limits{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]struct {
		space string
		srgb  bool
	}{
		"photos/chelsea.png":           {"RGB ", true},
		"photos/hubble_deep_field.jpg": {"RGB ", true},
		"photos/rocket.jpg":            {"RGB ", false}, // Adobe RGB
		"formats/p3.jpg":               {"RGB ", false},
		"photos/coffee.png":            {"", false},
	} {
		data, err := os.ReadFile(filepath.Join("..", "imagingtest", "testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		src, err := e.probe(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		if p := src.profile; p.space != want.space || p.srgb != want.srgb {
			t.Errorf("%s: space %q, sRGB %v; want %q, %v", file, p.space, p.srgb, want.space, want.srgb)
		}
		for n := range len(src.profile.data) / 8 { // a cut profile must not be read beyond its end
			readProfile(src.profile.data[:n*8])
		}
	}
}
