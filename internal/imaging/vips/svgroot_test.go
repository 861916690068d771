package vips

import "testing"

func TestRootInPixels(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"millimetres", `<svg width="25.4mm" height="12.7mm"/>`, `<svg width="96" height="48"/>`},
		{"inches", `<svg width="1in" height=".5in">`, `<svg width="96" height="48">`},
		{"centimetres", `<svg width="2.54cm" height="5.08cm">`, `<svg width="96" height="192">`},
		{"points and picas", `<svg width="72pt" height="6pc">`, `<svg width="96" height="96">`},
		{"one of them", `<svg width="72pt" height="10">`, `<svg width="96" height="10">`},
		{"exponent, quotes and blanks", "<svg\n\twidth = '7.2e1pt'\r\nheight= \" 72pt \" >", "<svg\n\twidth = '96'\r\nheight= \"96\" >"},
		{"behind a prologue", `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "<svg width='72pt'>">]> <s:svg width="72pt"/>`, `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "<svg width='72pt'>">]> <s:svg width="96"/>`},
		{"another attribute's value", `<svg style='x width="72pt"' title="a>b" width="72pt">`, `<svg style='x width="72pt"' title="a>b" width="96">`},
		{"px, em and percent", `<svg width="72px" height="6em"><svg width="100%">`, `<svg width="72px" height="6em"><svg width="100%">`},
		{"other elements", `<svg width="9" height="9"><rect width="72pt" height="72pt"/></svg>`, `<svg width="9" height="9"><rect width="72pt" height="72pt"/></svg>`},
		{"other names", `<svg stroke-width="72pt" x:width="72pt" Width="72pt">`, `<svg stroke-width="72pt" x:width="72pt" Width="72pt">`},
		{"no number", `<svg width="pt" height="&w;pt">`, `<svg width="pt" height="&w;pt">`},
		{"an entity", `<svg width="&w;" height="72pt">`, `<svg width="&w;" height="96">`},
		{"no element", `hello width="72pt"`, `hello width="72pt"`},
		{"cut off", `<svg width="72pt" height="72p`, `<svg width="96" height="72p`},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(rootInPixels([]byte(c.in))); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
