package imagingtest

// PixelBomb returns a PNG of less than 1 KB that says that it has 100,000 ×
// 100,000 px.
func PixelBomb() []byte { return pngHead(100_000, 100_000) }

// FrameBomb returns a small GIF with 1,001 frames, one more than the default limit.
func FrameBomb() []byte { return gifBomb(4, 4, 1001) }
