#include "pixmill.h"

// What to write beside the pixels was one switch before libvips 8.15. With
// "strip" the encoders write no profile either, so that an image with a profile to
// keep is saved unstripped; libvips then adds an EXIF block with the resolution.
#if VIPS_MAJOR_VERSION > 8 || VIPS_MINOR_VERSION >= 15
#define KEEP(o) "keep", (o)->keep_meta ? VIPS_FOREIGN_KEEP_ALL : (o)->keep_icc ? VIPS_FOREIGN_KEEP_ICC : VIPS_FOREIGN_KEEP_NONE
#else
#define KEEP(o) "strip", !((o)->keep_meta || (o)->keep_icc)
#endif

#define CHROMA(o) ((o)->full_chroma ? VIPS_FOREIGN_SUBSAMPLE_OFF : VIPS_FOREIGN_SUBSAMPLE_ON)

static int
save_jpeg(VipsImage *in, const PxSave *o, void **data, size_t *size)
{
	return vips_jpegsave_buffer(in, data, size, "Q", o->quality,
		"optimize_coding", TRUE, "interlace", o->progressive,
		"subsample_mode", CHROMA(o), "trellis_quant", o->trellis,
		"overshoot_deringing", o->trellis, "optimize_scans", o->trellis && o->progressive,
		KEEP(o), NULL);
}

static int
save_png(VipsImage *in, const PxSave *o, void **data, size_t *size)
{
	if (o->depth == 0)
		return vips_pngsave_buffer(in, data, size, "compression", o->effort,
			"filter", VIPS_FOREIGN_PNG_FILTER_ALL, "interlace", o->progressive, KEEP(o), NULL);
	return vips_pngsave_buffer(in, data, size, "compression", o->effort, "palette", TRUE,
		"bitdepth", o->depth, "interlace", o->progressive, KEEP(o), NULL);
}

static int
save_webp(VipsImage *in, const PxSave *o, void **data, size_t *size)
{
	return vips_webpsave_buffer(in, data, size, "Q", o->quality, "effort", o->effort,
		"lossless", o->lossless, KEEP(o), NULL);
}

static int
save_gif(VipsImage *in, const PxSave *o, void **data, size_t *size)
{
	return vips_gifsave_buffer(in, data, size, "effort", o->effort, "bitdepth", o->depth, KEEP(o), NULL);
}

static int
save_avif(VipsImage *in, const PxSave *o, void **data, size_t *size)
{
	return vips_heifsave_buffer(in, data, size, "compression", VIPS_FOREIGN_HEIF_COMPRESSION_AV1,
		"Q", o->quality, "effort", o->effort, "lossless", o->lossless, "bitdepth", 8,
		"subsample_mode", CHROMA(o), KEEP(o), NULL);
}

static int
save_jxl(VipsImage *in, const PxSave *o, void **data, size_t *size)
{
	return vips_jxlsave_buffer(in, data, size, "Q", o->quality, "effort", o->effort,
		"lossless", o->lossless, KEEP(o), NULL);
}

// The caller frees *data with g_free.
int
px_save(int format, VipsImage *in, const PxSave *o, void **data, size_t *size)
{
	switch (format) {
	case PX_JPEG:
		return save_jpeg(in, o, data, size);
	case PX_PNG:
		return save_png(in, o, data, size);
	case PX_WEBP:
		return save_webp(in, o, data, size);
	case PX_GIF:
		return save_gif(in, o, data, size);
	case PX_HEIF:
		return save_avif(in, o, data, size);
	case PX_JXL:
		return save_jxl(in, o, data, size);
	}
	vips_error("pixmill", "no encoder %d", format);
	return -1;
}
