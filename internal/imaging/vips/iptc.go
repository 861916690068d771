package vips

import (
	"bytes"
	"encoding/binary"
)

// IPTC-IIM 4.2 lies in JPEG inside Photoshop's image resources ("8BIM"), and in
// TIFF as it is.
const (
	photoshopHeader = "Photoshop 3.0\x00"
	resourceMark    = "8BIM"
	resourceIPTC    = 0x0404
	datasetMark     = 0x1c
)

// copyrightDatasets are the records that say who made the picture and whose it
// is, and the character set they are in.
var copyrightDatasets = map[[2]byte]bool{
	{1, 90}:  true, // coded character set
	{2, 80}:  true, // by-line
	{2, 110}: true, // credit
	{2, 115}: true, // source
	{2, 116}: true, // copyright notice
}

// iptcCopyright returns the block with those records alone; nil where there are none.
func iptcCopyright(block []byte) []byte {
	resources, wrapped := bytes.CutPrefix(block, []byte(photoshopHeader))
	if !wrapped {
		return keepDatasets(block)
	}
	kept := keepDatasets(findIPTC(resources))
	if kept == nil {
		return nil
	}
	out := []byte(photoshopHeader + resourceMark)
	out = binary.BigEndian.AppendUint16(out, resourceIPTC)
	out = append(out, 0, 0) // an empty name, padded
	out = binary.BigEndian.AppendUint32(out, uint32(len(kept)))
	out = append(out, kept...)
	if len(kept)%2 != 0 {
		out = append(out, 0)
	}
	return out
}

// findIPTC walks the image resources to the IPTC one.
func findIPTC(b []byte) []byte {
	for len(b) >= 12 && string(b[:4]) == resourceMark {
		id := binary.BigEndian.Uint16(b[4:])
		name := 1 + int(b[6])
		at := 6 + name + name%2
		if at+4 > len(b) {
			return nil
		}
		size := int(binary.BigEndian.Uint32(b[at:]))
		at += 4
		if size < 0 || size > len(b)-at {
			return nil
		}
		if id == resourceIPTC {
			return b[at : at+size]
		}
		b = b[min(len(b), at+size+size%2):]
	}
	return nil
}

// keepDatasets copies the records that matter; it stops at what it cannot read.
func keepDatasets(b []byte) []byte {
	var out []byte
	found := false
	for len(b) >= 5 && b[0] == datasetMark {
		size := int(binary.BigEndian.Uint16(b[3:]))
		if size&0x8000 != 0 || 5+size > len(b) { // an extended record is no text
			break
		}
		if id := [2]byte{b[1], b[2]}; copyrightDatasets[id] {
			out = append(out, b[:5+size]...)
			found = found || id[0] == 2
		}
		b = b[5+size:]
	}
	if !found {
		return nil
	}
	return out
}
