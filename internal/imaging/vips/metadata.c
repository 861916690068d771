#include "pixmill.h"

int
px_get_int(VipsImage *im, const char *name, int fallback)
{
	int value = fallback;

	if (vips_image_get_typeof(im, name) != 0 && vips_image_get_int(im, name, &value) != 0)
		value = fallback;
	return value;
}

// The number of values; they belong to the image.
int
px_get_ints(VipsImage *im, const char *name, int **values)
{
	int n = 0;

	if (vips_image_get_typeof(im, name) == 0 || vips_image_get_array_int(im, name, values, &n) != 0)
		return 0;
	return n;
}

// The data belong to the image.
int
px_get_blob(VipsImage *im, const char *name, const void **data, size_t *size)
{
	if (vips_image_get_typeof(im, name) != VIPS_TYPE_BLOB)
		return -1;
	return vips_image_get_blob(im, name, data, size);
}

// NULL where there is none; the text belongs to the image.
const char *
px_get_string(VipsImage *im, const char *name)
{
	const char *text = NULL;

	if (vips_image_get_typeof(im, name) == 0 || vips_image_get_string(im, name, &text) != 0)
		return NULL;
	return text;
}

void
px_set_ints(VipsImage *im, const char *name, const int *values, int n)
{
	vips_image_set_array_int(im, name, values, n);
}

void
px_set_blob(VipsImage *im, const char *name, const void *data, size_t size)
{
	vips_image_set_blob_copy(im, name, data, size);
}
