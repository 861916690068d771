#include "pixmill.h"

#define RETURN(call) \
	VipsImage *out = NULL; \
	return (call) == 0 ? out : NULL

VipsImage *
px_premultiply(VipsImage *in)
{
	RETURN(vips_premultiply(in, &out, NULL));
}

// Back to 8 bits, rounded.
VipsImage *
px_unpremultiply(VipsImage *in)
{
	VipsImage *straight = NULL;
	VipsImage *rounded = NULL;
	VipsImage *out = NULL;

	if (vips_unpremultiply(in, &straight, NULL) == 0 &&
		vips_rint(straight, &rounded, NULL) == 0)
		(void) vips_cast_uchar(rounded, &out, NULL);
	VIPS_UNREF(straight);
	VIPS_UNREF(rounded);
	return out;
}

VipsImage *
px_flatten(VipsImage *in, const double *background, int n)
{
	VipsImage *out = NULL;
	VipsArrayDouble *colour = vips_array_double_new(background, n);
	int rc = vips_flatten(in, &out, "background", colour, NULL);

	vips_area_unref(VIPS_AREA(colour));
	return rc == 0 ? out : NULL;
}

VipsImage *
px_add_alpha(VipsImage *in)
{
	RETURN(vips_addalpha(in, &out, NULL));
}

VipsImage *
px_drop_alpha(VipsImage *in)
{
	RETURN(vips_extract_band(in, &out, 0, "n", in->Bands - 1, NULL));
}

VipsImage *
px_uchar(VipsImage *in)
{
	RETURN(vips_cast_uchar(in, &out, NULL));
}

VipsImage *
px_colourspace(VipsImage *in, VipsInterpretation space)
{
	RETURN(vips_colourspace(in, &out, space, NULL));
}

// To 8 bits in the output profile: a name that libvips knows, "srgb" or "p3".
// fallback is for an image without a profile of its own, or, where embedded is
// false, instead of it.
VipsImage *
px_icc(VipsImage *in, const char *fallback, const char *output, gboolean embedded)
{
	RETURN(vips_icc_transform(in, &out, output, "input_profile", fallback,
		"embedded", embedded, "intent", VIPS_INTENT_RELATIVE,
		"black_point_compensation", TRUE, "depth", 8, NULL));
}

int
px_opaque(VipsImage *in, gboolean *opaque)
{
	VipsImage *alpha = NULL;
	double least = 0;
	int rc = -1;

	if (vips_extract_band(in, &alpha, in->Bands - 1, NULL) == 0)
		rc = vips_min(alpha, &least, NULL);
	VIPS_UNREF(alpha);
	*opaque = rc == 0 && least >= 255;
	return rc;
}
