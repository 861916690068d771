#include "pixmill.h"

// data must outlive the image. pages is -1 for every frame.
VipsImage *
px_load(int format, const void *data, size_t size, int shrink, double scale, int pages)
{
	void *buffer = (void *) data;
	VipsImage *out = NULL;
	int rc = -1;

	switch (format) {
	case PX_JPEG:
		rc = vips_jpegload_buffer(buffer, size, &out, "shrink", shrink,
			"access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
		break;
	case PX_PNG:
		rc = vips_pngload_buffer(buffer, size, &out,
			"access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
		break;
	case PX_WEBP:
		rc = vips_webpload_buffer(buffer, size, &out, "scale", scale, "n", pages,
			"access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
		break;
	case PX_GIF:
		rc = vips_gifload_buffer(buffer, size, &out, "n", pages,
			"access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
		break;
	case PX_HEIF:
		rc = vips_heifload_buffer(buffer, size, &out,
			"access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
		break;
	case PX_TIFF:
		rc = vips_tiffload_buffer(buffer, size, &out,
			"access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
		break;
	case PX_JXL:
		rc = vips_jxlload_buffer(buffer, size, &out,
			"access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
		break;
	default:
		vips_error("pixmill", "no loader %d", format);
	}
	return rc == 0 ? out : NULL;
}

// The pixels as they are now, in memory of their own.
VipsImage *
px_memory(VipsImage *in)
{
	return vips_image_copy_memory(in);
}

VipsImage *
px_copy(VipsImage *in)
{
	VipsImage *out = NULL;

	return vips_copy(in, &out, NULL) == 0 ? out : NULL;
}

// An image in memory of its own that the caller fills through its data.
VipsImage *
px_blank(int width, int height, int bands)
{
	VipsImage *out = vips_image_new_memory();

	vips_image_init_fields(out, width, height, bands, VIPS_FORMAT_UCHAR,
		VIPS_CODING_NONE, VIPS_INTERPRETATION_sRGB, 1.0, 1.0);
	if (vips_image_write_prepare(out) != 0) {
		g_object_unref(out);
		return NULL;
	}
	return out;
}

static void
stop_if_cancelled(VipsImage *im, VipsProgress *progress, int *cancel)
{
	if (g_atomic_int_get(cancel))
		vips_image_set_kill(im, TRUE);
}

// A copy of in; everything computed from it stops at the next tile once
// *cancel is not 0. cancel must outlive the image.
VipsImage *
px_watched(VipsImage *in, int *cancel)
{
	VipsImage *out = px_copy(in);

	if (out == NULL)
		return NULL;
	vips_image_set_progress(out, TRUE);
	g_signal_connect(out, "eval", G_CALLBACK(stop_if_cancelled), cancel);
	return out;
}
