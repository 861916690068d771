package vips

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// jpegHead is what a JPEG's frame header says (ITU-T T.81, B.2.2) that decides
// whether libvips can read it, and how much memory that takes.
type jpegHead struct {
	precision    int // bits of a sample
	progressive  bool
	buffered     bool // the whole image's coefficients are kept while it is decoded
	components   int
	width        int
	height       int
	coefficients int64 // bytes of them: two for each sample of each component
}

// readJPEGHead walks the markers up to the first scan, as libjpeg does: it
// passes over what is no marker. A JPEG of several scans is kept whole while it
// is decoded, progressive or not.
func readJPEGHead(data []byte) (jpegHead, error) {
	var head *jpegHead
	for i := 2; i+4 <= len(data); {
		if data[i] != 0xff || data[i+1] == 0 {
			i++
			continue
		}
		marker := data[i+1]
		if marker == 0xff { // fill byte
			i++
			continue
		}
		if marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8) { // no segment follows
			i += 2
			continue
		}
		size := int(binary.BigEndian.Uint16(data[i+2:]))
		if size < 2 || i+2+size > len(data) {
			return headOr(head, fmt.Errorf("the segment at byte %d is cut off", i))
		}
		segment := data[i+4 : i+2+size]
		switch {
		case isFrameHeader(marker) && head == nil:
			h, err := parseFrameHeader(marker, segment)
			if err != nil {
				return jpegHead{}, err
			}
			head = &h
		case marker == 0xda && head != nil:
			head.buffered = head.progressive || len(segment) < 1 || int(segment[0]) < head.components
			return *head, nil
		case marker == 0xda || marker == 0xd9:
			return headOr(head, errors.New("no frame header"))
		}
		i += 2 + size
	}
	return headOr(head, errors.New("no frame header"))
}

// headOr returns the head of a file that ends before its first scan: what it would
// have needed at the most. Without a head it is err that says what is missing.
func headOr(head *jpegHead, err error) (jpegHead, error) {
	if head == nil {
		return jpegHead{}, err
	}
	head.buffered = true
	return *head, nil
}

// isFrameHeader is true of SOF0 to SOF15, among which lie DHT, JPG and DAC.
func isFrameHeader(m byte) bool {
	return m >= 0xc0 && m <= 0xcf && m != 0xc4 && m != 0xc8 && m != 0xcc
}

func parseFrameHeader(marker byte, b []byte) (jpegHead, error) {
	if len(b) < 6 || len(b) < 6+3*int(b[5]) {
		return jpegHead{}, errors.New("the frame header is cut off")
	}
	h := jpegHead{
		precision:   int(b[0]),
		progressive: marker == 0xc2 || marker == 0xc6 || marker == 0xca || marker == 0xce,
		components:  int(b[5]),
		height:      int(binary.BigEndian.Uint16(b[1:])),
		width:       int(binary.BigEndian.Uint16(b[3:])),
	}
	components := b[6 : 6+3*int(b[5])]
	hMax, vMax := 1, 1
	for c := components; len(c) > 0; c = c[3:] {
		hMax, vMax = max(hMax, int(c[1]>>4)), max(vMax, int(c[1]&15))
	}
	for c := components; len(c) > 0; c = c[3:] {
		across := blocks(h.width*int(c[1]>>4), 8*hMax)
		down := blocks(h.height*int(c[1]&15), 8*vMax)
		h.coefficients += across * down * 64 * 2
	}
	return h, nil
}

func blocks(n, size int) int64 { return int64((n + size - 1) / size) }
