#include "worker/media/photo.h"

#include <string.h>

#include <vips/vips.h>

#include "worker/media/codes.h"
#include "worker/media/fingerprint.h"
#include "worker/media/label.h"
#include "worker/media/sink.h"

#define PHOTO_BYTES_MAX (64 << 20)
#define SIDE_MAX        16384
#define CREATED_LENGTH  19
#define TRUNCATED_FAILS "[fail_on=truncated]" /* the thumbnailer's own "fail_on" fills with grey */

typedef VipsImage Photo; /* for g_autoptr alone */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Photo, g_object_unref)

static const int SIZES[] = {1920, 960, 320}; /* long side, px; each from the one before */

static const struct {
    const char *suffix;
    const char *options; /* of libvips' saver */
    bool is_webp;
} FORMATS[] = {
    {".jpg", "[Q=82,strip,optimize_coding,background=255]", false},
    {".webp", "[Q=78,strip]", true},
};

/* One photo in memory. */
struct opened {
    void *bytes;
    VipsImage *header, *image; /* as it lies in the file; upright, sRGB */
    bool has_label;
    char *label; /* media/label.h; NULL: none is found, although one may be named */
};

static void opened_clear(struct opened *opened)
{
    g_clear_object(&opened->image);
    g_clear_object(&opened->header);
    g_clear_pointer(&opened->bytes, g_free);
    g_clear_pointer(&opened->label, g_free);
}
typedef struct opened Opened;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Opened, opened_clear)

static bool failed(enum reason reason, GError **error)
{
    g_autofree char *words = g_strdup(vips_error_buffer());

    vips_error_clear();
    g_strdelimit(words, "\r\n", ' ');
    if (strstr(words, "Premature end") != NULL || strstr(words, "premature end") != NULL) {
        reason = REASON_TRUNCATED;
    }
    g_set_error(error, MEDIA_ERROR, (int)reason, "vips: %s", words);
    return false;
}

/* Saves a grey square in each format and loads it again: plug-ins and type registration happen now. With `profiles` the
 * first goes through one, which loads what converts colours: 0.02 s of CPU. */
static bool warm_up(bool profiles, GError **error)
{
    static const char *const WARM[] = {".jpg", ".webp", ".png"};
    g_autoptr(Photo) square = NULL;

    if (vips_black(&square, 64, 64, "bands", 3, NULL) != 0) {
        return failed(REASON_INFRASTRUCTURE, error);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(WARM); i++) {
        g_autofree void *bytes = NULL;
        size_t length = 0;
        g_autoptr(Photo) again = NULL;

        if (vips_image_write_to_buffer(square, WARM[i], &bytes, &length, NULL) != 0) {
            vips_error_clear(); /* no encoder for it here; its loader is tried by the first photo */
            continue;
        }
        if (vips_thumbnail_buffer(bytes, length, &again, 32, "export_profile", profiles ? "srgb" : NULL, NULL) != 0 ||
            vips_image_wio_input(again) != 0) {
            return failed(REASON_INFRASTRUCTURE, error);
        }
        profiles = false;
    }
    vips_error_clear(); /* what the savers tried in vain */
    return true;
}

bool photo_prepare_library(bool profiles, GError **error)
{
    static const char *const LOADERS[] = {"VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadWebp",
                                          "VipsForeignLoadHeif"};

    if (VIPS_INIT("xuepai-media") != 0) {
        return failed(REASON_INFRASTRUCTURE, error);
    }
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    vips_operation_block_set("VipsForeignLoad", TRUE);
    for (size_t i = 0; i < G_N_ELEMENTS(LOADERS); i++) {
        vips_operation_block_set(LOADERS[i], FALSE);
    }
    vips_block_untrusted_set(TRUE);
    return warm_up(profiles, error);
}

static void *read_all(const struct reader *reader, GError **error)
{
    void *bytes;

    if (reader->size_bytes > PHOTO_BYTES_MAX) {
        g_set_error(error, MEDIA_ERROR, REASON_UPLOAD_TOO_LARGE, "photo of %" PRId64 " bytes", reader->size_bytes);
        return NULL;
    }
    bytes = g_try_malloc((size_t)reader->size_bytes);
    if (bytes == NULL || !reader_read_exactly(reader, 0, bytes, (size_t)reader->size_bytes)) {
        g_free(bytes);
        g_set_error(error, MEDIA_ERROR, REASON_INFRASTRUCTURE, "photo cannot be read");
        return NULL;
    }
    return bytes;
}

static bool check_size(const struct task *task, int width, int height, GError **error)
{
    if (width <= 0 || height <= 0) {
        g_set_error(error, MEDIA_ERROR, REASON_BROKEN_FILE, "claims %dx%d", width, height);
        return false;
    }
    if (width > SIDE_MAX || height > SIDE_MAX || (int64_t)width * height > task->limits.max_photo_pixels) {
        g_set_error(error, MEDIA_ERROR, REASON_PICTURE_TOO_LARGE, "claims %dx%d", width, height);
        return false;
    }
    return true;
}

static void look_for_label(struct opened *opened, const void *bytes, size_t length)
{
    opened->has_label |= label_is_named(bytes, length);
    if (opened->label == NULL) {
        opened->label = label_find(bytes, length);
    }
}

/* In the file as it is; a comment of JPEG for one is nothing that libvips tells. Then in what it tells, where compressed text is
 * unpacked. */
static void read_label(struct opened *opened, size_t length)
{
    g_auto(GStrv) fields = vips_image_get_fields(opened->header);

    opened->label = label_find(opened->bytes, length);
    opened->has_label = opened->label != NULL; /* four letters alone come about by chance among megabytes of picture */
    for (int i = 0; fields != NULL && fields[i] != NULL; i++) {
        const GType type = vips_image_get_typeof(opened->header, fields[i]);
        const void *bytes = NULL;
        const char *text = NULL;
        size_t size = 0;

        if (type == VIPS_TYPE_BLOB && vips_image_get_blob(opened->header, fields[i], &bytes, &size) == 0) {
            look_for_label(opened, bytes, size);
        } else if (type == VIPS_TYPE_REF_STRING && vips_image_get_string(opened->header, fields[i], &text) == 0) {
            g_autofree char *named = g_strdup_printf("%s %s", fields[i], text);
            look_for_label(opened, named, strlen(named));
        }
    }
}

static gboolean has_field(VipsImage *image, const char *const *parts)
{
    g_auto(GStrv) fields = vips_image_get_fields(image);

    for (int i = 0; fields != NULL && fields[i] != NULL; i++) {
        for (int k = 0; parts[k] != NULL; k++) {
            if (strstr(fields[i], parts[k]) != NULL) {
                return TRUE;
            }
        }
    }
    return FALSE;
}

/* As EXIF says it, "2026:11:30 08:15:00": local time of an unnamed place. NULL where it does not; the caller's. */
static char *created_of(VipsImage *image)
{
    static const char FIELD[] = "exif-ifd2-DateTimeOriginal";
    const char *text = NULL;

    if (vips_image_get_typeof(image, FIELD) != VIPS_TYPE_REF_STRING || vips_image_get_string(image, FIELD, &text) != 0 ||
        strlen(text) < CREATED_LENGTH) {
        return NULL;
    }
    return g_utf8_validate(text, CREATED_LENGTH, NULL) ? g_strndup(text, CREATED_LENGTH) : NULL;
}

static json_t *facts_of(const struct opened *opened, enum sniff_family family, int64_t bytes)
{
    static const char *const LOCATION[] = {"GPS", NULL};
    static const char *const DEVICE[] = {"ifd0-Make", "ifd0-Model", NULL};
    VipsImage *image = opened->header;
    const int orientation = vips_image_get_orientation(image);
    g_autofree char *created = created_of(image);
    const bool swapped = orientation >= 5 && orientation <= 8;

    return json_pack("{s:s, s:s, s:i, s:i, s:i, s:I, s:b, s:b, s:b, s:s*, s:s*}", "kind", "photo", "container",
                     sniff_row_of(family)->name, "width",
                     swapped ? vips_image_get_height(image) : vips_image_get_width(image), "height",
                     swapped ? vips_image_get_width(image) : vips_image_get_height(image), "orientation", orientation,
                     "bytes", bytes, "had_location", has_field(image, LOCATION), "had_device", has_field(image, DEVICE),
                     "ai_label", opened->has_label, "ai_label_text", opened->label, "created", created);
}

void photo_drop_webp_exif(uint8_t *bytes, size_t *length)
{
    size_t at = 12, kept = 12;

    while (at + 8 <= *length) {
        const uint32_t size = (uint32_t)bytes[at + 4] | (uint32_t)bytes[at + 5] << 8 | (uint32_t)bytes[at + 6] << 16 |
                              (uint32_t)bytes[at + 7] << 24;
        const size_t chunk = MIN(8 + (size_t)size + size % 2, *length - at);

        if (memcmp(bytes + at, "EXIF", 4) != 0) {
            memmove(bytes + kept, bytes + at, chunk);
            kept += chunk;
        }
        at += chunk;
    }
    *length = kept;
    if (memcmp(bytes + 12, "VP8X", 4) == 0) {
        bytes[20] &= (uint8_t)~0x08;
    }
    for (int i = 0; i < 4; i++) {
        bytes[4 + i] = (uint8_t)((kept - 8) >> (8 * i));
    }
}

void photo_set_label(VipsImage *image, const char *label)
{
    g_autofree char *xmp = label_to_xmp(label);

    vips_image_set_blob_copy(image, VIPS_META_XMP_NAME, xmp, strlen(xmp));
}

static bool save(const struct task *task, const struct opened *opened, VipsImage *image, int size, json_t *outputs,
                 GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(FORMATS); i++) {
        g_autofree char *name = g_strdup_printf("photo-%d%s", size, FORMATS[i].suffix);
        g_autofree char *saver = g_strconcat(FORMATS[i].suffix, FORMATS[i].options, NULL);
        g_autofree void *bytes = NULL;
        size_t length = 0;
        const int fd = task_output_fd(task, name);

        if (fd < 0) {
            continue;
        }
        if (vips_image_write_to_buffer(image, saver, &bytes, &length, NULL) != 0) {
            return failed(REASON_BROKEN_FILE, error);
        }
        if (FORMATS[i].is_webp) {
            photo_drop_webp_exif(bytes, &length);
        } else if (opened->label != NULL) {
            label_into_jpeg(&bytes, &length, opened->label);
        }
        if (!sink_write_all(fd, bytes, length, error)) {
            return false;
        }
        json_array_append_new(outputs, json_pack("{s:s, s:i, s:i}", "name", name, "width", vips_image_get_width(image),
                                                 "height", vips_image_get_height(image)));
    }
    return true;
}

/* The largest size, upright. Colour goes through a profile only where the photo carries one: without one it is sRGB as
 * it stands, and libvips would bend its blues through the profile's white point. */
static bool load_small(void *bytes, size_t length, VipsImage *header, VipsImage **small)
{
    if (vips_image_get_typeof(header, VIPS_META_ICC_NAME) != 0) {
        return vips_thumbnail_buffer(bytes, length, small, SIZES[0], "height", SIZES[0], "size", VIPS_SIZE_DOWN,
                                     "option_string", TRUNCATED_FAILS, "export_profile", "srgb", NULL) == 0;
    }
    return vips_thumbnail_buffer(bytes, length, small, SIZES[0], "height", SIZES[0], "size", VIPS_SIZE_DOWN,
                                 "option_string", TRUNCATED_FAILS, NULL) == 0;
}

/* Takes off everything that is not picture; libvips 8.14's WebP saver ignores `strip`. */
static void strip(VipsImage *image)
{
    g_auto(GStrv) fields = vips_image_get_fields(image);

    for (int i = 0; fields != NULL && fields[i] != NULL; i++) {
        (void)vips_image_remove(image, fields[i]); /* false for width and the like, which are no metadata */
    }
}

/* Decoded once into memory; flattened on white, because JPEG knows no transparency. */
static VipsImage *decode(void *bytes, size_t length, VipsImage *header, GError **error)
{
    g_autoptr(Photo) small = NULL;
    g_autoptr(Photo) flat = NULL;
    VipsImage *whole = NULL;

    if (!load_small(bytes, length, header, &small)) {
        (void)failed(REASON_BROKEN_FILE, error);
        return NULL;
    }
    if (vips_image_hasalpha(small)) {
        VipsArrayDouble *white = vips_array_double_newv(1, 255.0);
        const int code = vips_flatten(small, &flat, "background", white, NULL);

        vips_area_unref((VipsArea *)white);
        if (code != 0) {
            (void)failed(REASON_BROKEN_FILE, error);
            return NULL;
        }
    } else {
        flat = g_object_ref(small);
    }
    whole = vips_image_copy_memory(flat);
    if (whole == NULL) {
        (void)failed(REASON_BROKEN_FILE, error);
        return NULL;
    }
    strip(whole);
    return whole;
}

static json_t *fingerprint_of(const struct picture *picture)
{
    struct fingerprint *fingerprint = fingerprint_new();
    json_t *json;

    fingerprint_add(fingerprint, 0, picture);
    json = fingerprint_json(fingerprint);
    fingerprint_free(fingerprint);
    return json;
}

static json_t *flags_of(const struct picture *picture)
{
    struct codes *codes = codes_new();
    json_t *flags = json_array();

    codes_add(codes, 0, picture);
    codes_append(codes, 0, flags);
    codes_free(codes);
    return flags;
}

/* Of the largest size: a copy is found again whatever size it has, and small codes are seen. */
static bool look(VipsImage *image, json_t *facts, GError **error)
{
    g_autoptr(Photo) colours = NULL;
    g_autofree void *rgb = NULL;
    size_t length = 0;

    if (vips_colourspace(image, &colours, VIPS_INTERPRETATION_sRGB, NULL) != 0 ||
        (rgb = vips_image_write_to_memory(colours, &length)) == NULL) {
        return failed(REASON_BROKEN_FILE, error);
    }
    const struct picture picture = {vips_image_get_width(colours), vips_image_get_height(colours), rgb};
    g_assert(length == (size_t)picture.width * (size_t)picture.height * 3);
    json_object_set_new(facts, "fingerprint", fingerprint_of(&picture));
    json_object_set_new(facts, "flags", flags_of(&picture));
    return true;
}

static bool save_sizes(const struct task *task, const struct opened *opened, json_t *outputs, GError **error)
{
    VipsImage *image = opened->image;
    const int side = MAX(vips_image_get_width(image), vips_image_get_height(image));

    for (size_t i = 0; i < G_N_ELEMENTS(SIZES); i++) {
        g_autoptr(Photo) scaled = NULL;

        if (side < SIZES[i] && i + 1 < G_N_ELEMENTS(SIZES) && side <= SIZES[i + 1]) {
            continue; /* the next size holds all of it */
        }
        if (vips_resize(image, &scaled, MIN(1.0, (double)SIZES[i] / side), NULL) != 0) {
            return failed(REASON_BROKEN_FILE, error);
        }
        if (!save(task, opened, scaled, SIZES[i], outputs, error)) {
            return false;
        }
    }
    return true;
}

static bool open_photo(const struct task *task, const struct reader *reader, const struct structure *structure,
                       struct opened *opened, GError **error)
{
    if (!check_size(task, structure->width, structure->height, error)) {
        return false;
    }
    opened->bytes = read_all(reader, error);
    if (opened->bytes == NULL) {
        return false;
    }
    opened->header = vips_image_new_from_buffer(opened->bytes, (size_t)reader->size_bytes, "", NULL);
    if (opened->header == NULL) {
        return failed(REASON_BROKEN_FILE, error);
    }
    if (!check_size(task, vips_image_get_width(opened->header), vips_image_get_height(opened->header), error)) {
        return false;
    }
    read_label(opened, (size_t)reader->size_bytes);
    opened->image = decode(opened->bytes, (size_t)reader->size_bytes, opened->header, error);
    return opened->image != NULL;
}

json_t *photo_make(const struct task *task, const struct reader *reader, enum sniff_family family,
                   const struct structure *structure, json_t *outputs, GError **error)
{
    g_auto(Opened) opened = {0};
    json_t *facts;

    if (!open_photo(task, reader, structure, &opened, error)) {
        return NULL;
    }
    facts = facts_of(&opened, family, reader->size_bytes);
    if (opened.label != NULL) {
        photo_set_label(opened.image, opened.label); /* written by the WebP saver, which does not `strip` */
    }
    if (!look(opened.image, facts, error) || !save_sizes(task, &opened, outputs, error)) {
        json_decref(facts);
        return NULL;
    }
    return facts;
}

json_t *photo_check(const struct task *task, const struct reader *reader, enum sniff_family family,
                    const struct structure *structure, GError **error)
{
    g_auto(Opened) opened = {0};

    return open_photo(task, reader, structure, &opened, error) ? facts_of(&opened, family, reader->size_bytes)
                                                               : NULL;
}

static AVFrame *frame_of(const uint8_t *rgba, int width, int height, GError **error)
{
    AVFrame *frame = libav_frame_new();

    frame->format = AV_PIX_FMT_RGBA;
    frame->width = width;
    frame->height = height;
    if (!libav_check(av_frame_get_buffer(frame, 0), REASON_RESOURCE_LIMIT, "picture", error)) {
        av_frame_free(&frame);
        return NULL;
    }
    for (int y = 0; y < height; y++) {
        memcpy(frame->data[0] + (ptrdiff_t)y * frame->linesize[0], rgba + (size_t)y * (size_t)width * 4,
               (size_t)width * 4);
    }
    return frame;
}

AVFrame *photo_read_rgba(const struct task *task, const struct reader *reader, const struct structure *structure,
                         GError **error)
{
    g_autofree void *bytes = NULL;
    g_autofree void *rgba = NULL;
    g_autoptr(Photo) header = NULL, small = NULL, colours = NULL, whole = NULL;
    size_t length = 0;

    if (!check_size(task, structure->width, structure->height, error) || (bytes = read_all(reader, error)) == NULL) {
        return NULL;
    }
    header = vips_image_new_from_buffer(bytes, (size_t)reader->size_bytes, "", NULL);
    if (header == NULL || !load_small(bytes, (size_t)reader->size_bytes, header, &small) ||
        vips_colourspace(small, &colours, VIPS_INTERPRETATION_sRGB, NULL) != 0 ||
        (vips_image_hasalpha(colours) ? vips_copy(colours, &whole, NULL)
                                      : vips_bandjoin_const1(colours, &whole, 255, NULL)) != 0 ||
        (rgba = vips_image_write_to_memory(whole, &length)) == NULL) {
        (void)failed(REASON_BROKEN_FILE, error);
        return NULL;
    }
    g_assert(length == (size_t)whole->Xsize * (size_t)whole->Ysize * 4);
    return frame_of(rgba, whole->Xsize, whole->Ysize, error);
}
