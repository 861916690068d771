// The calls of libvips that the engine needs, as functions of fixed arity: Go
// cannot call variadic ones. Every function that returns an image returns NULL
// on error and otherwise a new reference; every int is 0, or -1 on error.
// px_error then says what libvips said.
#ifndef PIXMILL_VIPS_H
#define PIXMILL_VIPS_H

#include <vips/vips.h>

enum { PX_JPEG, PX_PNG, PX_WEBP, PX_GIF, PX_HEIF, PX_TIFF, PX_JXL, PX_SVG, PX_PDF };

// library.c
int px_start(void);
void px_stop(void);
void px_thread_end(void);
int px_objects(void);
char *px_error(void);
gboolean px_has(const char *operation);
gboolean px_mozjpeg(void);
gboolean px_writes_avif(void);
gboolean px_reads(int format, const void *data, size_t size);
void px_allow_drawings(void);

// load.c
VipsImage *px_load(int format, const void *data, size_t size, int shrink, double scale, int pages);
VipsImage *px_memory(VipsImage *in);
VipsImage *px_copy(VipsImage *in);
VipsImage *px_watched(VipsImage *in, int *cancel);
VipsImage *px_blank(int width, int height, int bands);

// draw.c
VipsImage *px_draw(int format, const void *data, size_t size, double scale);
VipsImage *px_fit(VipsImage *in, int width, int height);
int px_write_rows(VipsImage *in, int fd);
gboolean px_has_fonts(void);

// nomemory.c
void px_end_without_memory(int status);

// transform.c
VipsImage *px_resize(VipsImage *in, double hscale, double vscale);
VipsImage *px_shrink(VipsImage *in, int factor);
VipsImage *px_crop(VipsImage *in, int x, int y, int width, int height);
VipsImage *px_smartcrop(VipsImage *in, int width, int height, VipsInteresting interesting);
VipsImage *px_rotate(VipsImage *in, VipsAngle angle);
VipsImage *px_flip(VipsImage *in, VipsDirection direction);
VipsImage *px_pad(VipsImage *in, int x, int y, int width, int height, const double *background, int n);
VipsImage *px_join(VipsImage **in, int n);
int px_find_trim(VipsImage *in, double threshold, int *x, int *y, int *width, int *height);

// colour.c
VipsImage *px_premultiply(VipsImage *in);
VipsImage *px_unpremultiply(VipsImage *in);
VipsImage *px_flatten(VipsImage *in, const double *background, int n);
VipsImage *px_add_alpha(VipsImage *in);
VipsImage *px_drop_alpha(VipsImage *in);
VipsImage *px_uchar(VipsImage *in);
VipsImage *px_colourspace(VipsImage *in, VipsInterpretation space);
VipsImage *px_icc(VipsImage *in, const char *fallback, const char *output, gboolean embedded);
int px_opaque(VipsImage *in, gboolean *opaque);

// metadata.c
int px_get_int(VipsImage *im, const char *name, int fallback);
int px_get_ints(VipsImage *im, const char *name, int **values);
int px_get_blob(VipsImage *im, const char *name, const void **data, size_t *size);
const char *px_get_string(VipsImage *im, const char *name);
void px_set_ints(VipsImage *im, const char *name, const int *values, int n);
void px_set_blob(VipsImage *im, const char *name, const void *data, size_t size);

// save.c
typedef struct {
	int quality;      // 1 to 100
	int effort;       // in the encoder's own scale
	int depth;        // bits of a palette index, PNG and GIF; 0: PNG without palette
	gboolean lossless;
	gboolean progressive;
	gboolean full_chroma; // 4:4:4
	gboolean trellis;     // JPEG, with mozjpeg
	gboolean keep_meta;   // write what metadata the image carries
	gboolean keep_icc;    // write the profile that the image carries
} PxSave;

int px_save(int format, VipsImage *in, const PxSave *o, void **data, size_t *size);

#endif
