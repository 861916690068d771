#include "pixmill.h"

#include <errno.h>
#include <unistd.h>

// CSS has 96 px in an inch, PDF 72 units. libvips multiplies its scale by dpi / 72.
#define SVG_DPI 96.0
#define PDF_DPI 72.0

// A drawing, scale px for each of its own units. data must outlive the image.
VipsImage *
px_draw(int format, const void *data, size_t size, double scale)
{
	void *buffer = (void *) data;
	VipsImage *drawn = NULL;
	VipsImage *out = NULL;

	switch (format) {
	case PX_SVG:
		if (vips_svgload_buffer(buffer, size, &out,
				"dpi", SVG_DPI, "scale", scale * 72.0 / SVG_DPI, NULL) != 0)
			return NULL;
		return out;
	case PX_PDF: // on white paper
		if (vips_pdfload_buffer(buffer, size, &drawn,
				"dpi", PDF_DPI, "scale", scale, NULL) != 0)
			return NULL;
		if (vips_flatten(drawn, &out, NULL) != 0)
			out = NULL;
		g_object_unref(drawn);
		return out;
	}
	vips_error("pixmill", "no drawing %d", format);
	return NULL;
}

// in as width x height px: what is a pixel too large is cut, for a drawing's size
// is seldom a whole number; other differences are resized away.
VipsImage *
px_fit(VipsImage *in, int width, int height)
{
	VipsImage *out = NULL;
	int rc;

	if (in->Xsize >= width && in->Xsize <= width + 1 && in->Ysize >= height && in->Ysize <= height + 1)
		rc = vips_extract_area(in, &out, 0, 0, width, height, NULL);
	else
		rc = vips_thumbnail_image(in, &out, width,
			"height", height, "size", VIPS_SIZE_FORCE, "no_rotate", TRUE, NULL);
	return rc == 0 ? out : NULL;
}

static int
write_all(int fd, const VipsPel *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			vips_error_system(errno, "pixmill", "write");
			return -1;
		}
		data += n;
		size -= n;
	}
	return 0;
}

#define STRIP 64 // rows that are computed at a time

// The pixels, row by row from the top.
int
px_write_rows(VipsImage *in, int fd)
{
	VipsRegion *region = vips_region_new(in);
	int rc = 0;

	for (int y = 0; y < in->Ysize && rc == 0; y += STRIP) {
		VipsRect strip = { 0, y, in->Xsize, VIPS_MIN(STRIP, in->Ysize - y) };

		rc = vips_region_prepare(region, &strip);
		for (int i = 0; i < strip.height && rc == 0; i++)
			rc = write_all(fd, VIPS_REGION_ADDR(region, 0, y + i), VIPS_IMAGE_SIZEOF_LINE(in));
	}
	g_object_unref(region);
	return rc;
}

// Whether two letters look different. Without fonts pango draws an empty box for each.
gboolean
px_has_fonts(void)
{
	VipsImage *one = NULL;
	VipsImage *other = NULL;
	VipsImage *equal = NULL;
	double least = 255;
	gboolean alike;

	alike = vips_text(&one, "T", NULL) != 0 || vips_text(&other, "O", NULL) != 0 ||
		(one->Xsize == other->Xsize && one->Ysize == other->Ysize &&
			(vips_equal(one, other, &equal, NULL) != 0 ||
				vips_min(equal, &least, NULL) != 0 || least > 0));
	vips_error_clear();
	VIPS_UNREF(one);
	VIPS_UNREF(other);
	VIPS_UNREF(equal);
	return !alike;
}
