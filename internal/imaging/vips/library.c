#include "pixmill.h"

#ifdef __GLIBC__
#include <malloc.h>

// glibc gives each thread an arena that keeps what was freed in it, and libvips
// starts threads for every operation: after ten renderings of a 16-megapixel
// JPEG the process was at 480 MB with arenas, at 107 MB with one, and took 8 %
// less time. That setting counts only before the first threads allocate, which is
// why this is the one thing here that happens at load time. The thresholds keep
// up to 64 MiB for the next rendering, which saves the kernel from clearing the
// same pages again: 15 % of the time for a set of thumbnails.
__attribute__((constructor)) static void
tune_malloc(void)
{
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
}
#endif

// Loaders that may read what users send, and an encoder that libvips marks as
// untrusted like its loader. All other loaders stay blocked, so that
// content cannot reach one whatever it claims to be.
static const char *const allowed[] = {
	"VipsForeignLoadJpegBuffer",
	"VipsForeignLoadPngBuffer",
	"VipsForeignLoadWebpBuffer",
	"VipsForeignLoadNsgifBuffer",
	"VipsForeignLoadHeifBuffer",
	"VipsForeignLoadTiffBuffer",
	"VipsForeignLoadJxlBuffer",
	"VipsForeignSaveJxlBuffer",
};

// Loaders of drawings: allowed in a sandbox, where nothing else is.
static const char *const allowed_drawings[] = {
	"VipsForeignLoadSvgBuffer",
	"VipsForeignLoadPdfBuffer",
};

// libvips warns on stderr about odd content; what fails comes back as an error.
static void
discard(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer user)
{
}

static gint started = FALSE;

static gpointer
start_once(gpointer user)
{
	if (vips_init("pixmill") != 0)
		return GINT_TO_POINTER(-1);
	g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG, discard, NULL);
	g_atomic_int_set(&started, TRUE);
	// Each source is decoded once and each variant made once: there is nothing to find again.
	vips_cache_set_max(0);
	vips_cache_set_max_mem(0);
	// Variants run in parallel, so that threads within one operation only cost.
	vips_concurrency_set(1);
	vips_block_untrusted_set(TRUE);
	vips_operation_block_set("VipsForeignLoad", TRUE);
	for (size_t i = 0; i < G_N_ELEMENTS(allowed); i++)
		vips_operation_block_set(allowed[i], FALSE);
	return GINT_TO_POINTER(0);
}

void
px_allow_drawings(void)
{
	vips_operation_block_set("VipsForeignLoad", TRUE);
	for (size_t i = 0; i < G_N_ELEMENTS(allowed_drawings); i++)
		vips_operation_block_set(allowed_drawings[i], FALSE);
}

int
px_start(void)
{
	static GOnce once = G_ONCE_INIT;

	return GPOINTER_TO_INT(g_once(&once, start_once, NULL));
}

void
px_stop(void)
{
	if (g_atomic_int_get(&started))
		vips_shutdown();
}

void
px_thread_end(void)
{
	vips_thread_shutdown();
}

static void *
count(VipsObject *object, int *n, void *unused)
{
	(*n)++;
	return NULL;
}

int
px_objects(void)
{
	int n = 0;

	vips_object_map((VipsSListMap2Fn) count, &n, NULL);
	return n;
}

// The caller frees the result with g_free.
char *
px_error(void)
{
	return vips_error_buffer_copy();
}

gboolean
px_has(const char *operation)
{
	return vips_type_find("VipsOperation", operation) != 0;
}

// Whether the codec behind libheif is there: libvips has the operations in any case.
gboolean
px_writes_avif(void)
{
	PxSave options = { .quality = 50 };
	VipsImage *image = NULL;
	void *data = NULL;
	size_t size = 0;
	gboolean ok = vips_black(&image, 16, 16, "bands", 3, NULL) == 0 &&
		px_save(PX_HEIF, image, &options, &data, &size) == 0;

	vips_error_clear();
	g_free(data);
	VIPS_UNREF(image);
	return ok;
}

gboolean
px_reads(int format, const void *data, size_t size)
{
	VipsImage *image = px_load(format, data, size, 1, 1.0, 1);
	VipsImage *pixels = image == NULL ? NULL : px_memory(image);
	gboolean ok = pixels != NULL;

	vips_error_clear();
	VIPS_UNREF(image);
	VIPS_UNREF(pixels);
	return ok;
}

// mozjpeg's trellis changes the bytes; libjpeg-turbo ignores the option.
gboolean
px_mozjpeg(void)
{
	VipsImage *noise = NULL;
	VipsImage *image = NULL;
	void *data[2] = { NULL, NULL };
	size_t size[2] = { 0, 0 };
	gboolean differs = FALSE;

	if (vips_gaussnoise(&noise, 64, 64, "mean", 128.0, "sigma", 40.0, "seed", 1, NULL) == 0 &&
		vips_cast_uchar(noise, &image, NULL) == 0 &&
		vips_jpegsave_buffer(image, &data[0], &size[0], NULL) == 0 &&
		vips_jpegsave_buffer(image, &data[1], &size[1], "trellis_quant", TRUE, NULL) == 0)
		differs = size[0] != size[1];
	vips_error_clear();
	g_free(data[0]);
	g_free(data[1]);
	VIPS_UNREF(noise);
	VIPS_UNREF(image);
	return differs;
}
