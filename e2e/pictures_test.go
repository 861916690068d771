package e2e

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
)

// drawing returns a picture that is another one for each n: colours that run, and
// a dot that crops look for.
func drawing(width, height, n int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	cx, cy, r := width*(n*37%100)/100, height*(n*53%100)/100, height/6
	for y := range height {
		for x := range width {
			c := color.NRGBA{R: uint8(x * 255 / width), G: uint8(y * 255 / height), B: uint8(n * 61), A: 255}
			if (x-cx)*(x-cx)+(y-cy)*(y-cy) < r*r {
				c = color.NRGBA{R: 250, G: 240, B: uint8(n * 17), A: 255}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return img
}

func jpegPicture(n int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, drawing(480, 360, n), &jpeg.Options{Quality: 90}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// pngPicture has holes.
func pngPicture(n int) []byte {
	img := drawing(400, 400, n)
	for i := 3; i < len(img.Pix); i += 4 * 7 {
		img.Pix[i] = uint8(i)
	}
	return encodePNG(img, png.DefaultCompression)
}

// largePNG is noise of a little more than size bytes.
func largePNG(size int) []byte {
	const width = 1200
	img := image.NewNRGBA(image.Rect(0, 0, width, size/(3*width)+1))
	noise := rand.NewChaCha8([32]byte{1})
	if _, err := noise.Read(img.Pix); err != nil {
		panic(err)
	}
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 255
	}
	return encodePNG(img, png.NoCompression)
}

func encodePNG(img image.Image, level png.CompressionLevel) []byte {
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: level}).Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// gifPicture has three frames.
func gifPicture() []byte {
	var all gif.GIF
	for frame := range 3 {
		img := image.NewPaletted(image.Rect(0, 0, 160, 120), color.Palette{color.Black, color.White, color.NRGBA{R: 200, A: 255}})
		for i := range img.Pix {
			img.Pix[i] = uint8((i/20 + frame) % 3)
		}
		all.Image, all.Delay = append(all.Image, img), append(all.Delay, 10)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &all); err != nil {
		panic(err)
	}
	return b.Bytes()
}
