package vips

// gifEndsEarly walks the blocks (GIF89a specification) to the end: libvips makes
// what it has of a truncated file without a word. A file that ends after a whole
// block, with only the trailer missing, passes: some encoders write that.
func gifEndsEarly(data []byte) bool {
	const header, descriptor = 13, 10
	if len(data) < header {
		return true
	}
	at := header + colourTable(data[10])
	for at < len(data) {
		switch data[at] {
		case 0x3b: // trailer
			return false
		case 0x21: // extension: a label, then sub-blocks
			at += 2
		case 0x2c: // image: descriptor, colours, code size, then sub-blocks
			if at+descriptor > len(data) {
				return true
			}
			at += descriptor + colourTable(data[at+9]) + 1
		default:
			return false // not for this walk to judge: the decoder does
		}
		for {
			if at >= len(data) {
				return true
			}
			size := int(data[at])
			at += 1 + size
			if size == 0 {
				break
			}
		}
	}
	return at > len(data)
}

// colourTable is the size of a colour table by its packed field, bytes.
func colourTable(packed byte) int {
	if packed&0x80 == 0 {
		return 0
	}
	return 3 << (packed&7 + 1)
}
