#include "pixmill.h"

#define RETURN(call) \
	VipsImage *out = NULL; \
	return (call) == 0 ? out : NULL

// The reducer refuses factors of some 300.
#define REDUCER_MOST 200

// gap 0 turns the reducer's box pre-shrink off: it costs sharpness.
VipsImage *
px_resize(VipsImage *in, double hscale, double vscale)
{
	double gap = VIPS_MIN(hscale, vscale) * REDUCER_MOST < 1 ? 2.0 : 0.0;

	RETURN(vips_resize(in, &out, hscale, "vscale", vscale, "gap", gap, NULL));
}

VipsImage *
px_shrink(VipsImage *in, int factor)
{
	RETURN(vips_shrink(in, &out, factor, factor, NULL));
}

VipsImage *
px_crop(VipsImage *in, int x, int y, int width, int height)
{
	RETURN(vips_extract_area(in, &out, x, y, width, height, NULL));
}

VipsImage *
px_smartcrop(VipsImage *in, int width, int height, VipsInteresting interesting)
{
	RETURN(vips_smartcrop(in, &out, width, height, "interesting", interesting, NULL));
}

VipsImage *
px_rotate(VipsImage *in, VipsAngle angle)
{
	RETURN(vips_rot(in, &out, angle, NULL));
}

VipsImage *
px_flip(VipsImage *in, VipsDirection direction)
{
	RETURN(vips_flip(in, &out, direction, NULL));
}

VipsImage *
px_pad(VipsImage *in, int x, int y, int width, int height, const double *background, int n)
{
	VipsImage *out = NULL;
	VipsArrayDouble *colour = vips_array_double_new(background, n);
	int rc = vips_embed(in, &out, x, y, width, height,
		"extend", VIPS_EXTEND_BACKGROUND, "background", colour, NULL);

	vips_area_unref(VIPS_AREA(colour));
	return rc == 0 ? out : NULL;
}

// One above the other.
VipsImage *
px_join(VipsImage **in, int n)
{
	RETURN(vips_arrayjoin(in, &out, n, "across", 1, NULL));
}

// Against the colour of the top left pixel; where that is transparent, against
// transparency.
int
px_find_trim(VipsImage *in, double threshold, int *x, int *y, int *width, int *height)
{
	gboolean alpha = vips_image_hasalpha(in);
	VipsImage *opacity = NULL;
	double *corner = NULL;
	int n = 0;

	if (vips_getpoint(in, &corner, &n, 0, 0, NULL) != 0)
		return -1;
	if (alpha && corner[n - 1] < 128) {
		if (vips_extract_band(in, &opacity, n - 1, NULL) != 0) {
			g_free(corner);
			return -1;
		}
		in = opacity;
		corner[0] = corner[n - 1];
		n = 2;
	}
	VipsArrayDouble *background = vips_array_double_new(corner, alpha ? n - 1 : n);
	int rc = vips_find_trim(in, x, y, width, height,
		"threshold", threshold, "background", background, NULL);

	vips_area_unref(VIPS_AREA(background));
	VIPS_UNREF(opacity);
	g_free(corner);
	return rc;
}
