#include "worker/media/picture.h"

#include <string.h>

#include <vips/vips.h>

#include "worker/media/label.h"
#include "worker/media/photo.h"
#include "worker/media/sink.h"

#define GLYPH_WIDTH   5
#define GLYPH_HEIGHT  7

#define QUALITY_LEAST 12 /* of a JPEG that has to be small: still to be recognized */

/* Rows of five dots, the left one is 16. */
static const struct {
    char letter;
    uint8_t rows[GLYPH_HEIGHT];
} GLYPHS[] = {
    {'0', {14, 17, 19, 21, 25, 17, 14}}, {'1', {4, 12, 4, 4, 4, 4, 14}},  {'2', {14, 17, 1, 2, 4, 8, 31}},
    {'3', {31, 2, 4, 2, 1, 17, 14}},     {'4', {2, 6, 10, 18, 31, 2, 2}}, {'5', {31, 16, 30, 1, 1, 17, 14}},
    {'6', {6, 8, 16, 30, 17, 17, 14}},   {'7', {31, 1, 2, 4, 8, 8, 8}},   {'8', {14, 17, 17, 14, 17, 17, 14}},
    {'9', {14, 17, 17, 15, 1, 2, 12}},   {':', {0, 4, 4, 0, 4, 4, 0}},    {'.', {0, 0, 0, 0, 0, 12, 12}},
};

struct picture *picture_new(int width, int height, uint8_t grey)
{
    struct picture *picture = g_new0(struct picture, 1);
    const size_t bytes = (size_t)width * (size_t)height * 3;

    g_assert(width > 0 && height > 0 && width <= 16384 && height <= 16384);
    picture->width = width;
    picture->height = height;
    picture->rgb = g_malloc(bytes);
    memset(picture->rgb, grey, bytes);
    return picture;
}

static uint8_t *at(const struct picture *picture, int x, int y)
{
    return picture->rgb + ((size_t)y * (size_t)picture->width + (size_t)x) * 3;
}

struct picture *picture_of_frame(const AVFrame *frame)
{
    struct picture *picture = picture_new(frame->width, frame->height, 0);

    g_assert(frame->format == AV_PIX_FMT_RGB24);
    for (int y = 0; y < frame->height; y++) {
        memcpy(at(picture, 0, y), frame->data[0] + (ptrdiff_t)y * frame->linesize[0], (size_t)frame->width * 3);
    }
    return picture;
}

struct picture *picture_copy(const struct picture *picture)
{
    struct picture *copy = picture_new(picture->width, picture->height, 0);

    memcpy(copy->rgb, picture->rgb, (size_t)picture->width * (size_t)picture->height * 3);
    return copy;
}

void picture_free(struct picture *picture)
{
    if (picture != NULL) {
        g_free(picture->rgb);
        g_free(picture);
    }
}

/* Mean of one block; sums without a sign, since those with one are watched for overflow, which takes as long again. */
static void mean_of(const struct picture *picture, int left, int top, int right, int bottom, uint8_t *rgb)
{
    const unsigned area = (unsigned)(right - left) * (unsigned)(bottom - top);
    unsigned red = area / 2, green = area / 2, blue = area / 2;

    for (int y = top; y < bottom; y++) {
        const uint8_t *from = at(picture, left, y), *const end = from + 3 * (ptrdiff_t)(right - left);

        for (; from < end; from += 3) {
            red += from[0];
            green += from[1];
            blue += from[2];
        }
    }
    rgb[0] = (uint8_t)(red / area);
    rgb[1] = (uint8_t)(green / area);
    rgb[2] = (uint8_t)(blue / area);
}

struct picture *picture_shrunk(const struct picture *picture, int width, int height)
{
    struct picture *small = picture_new(width, height, 0);

    for (int y = 0; y < height; y++) {
        const int top = y * picture->height / height;
        const int bottom = MAX((y + 1) * picture->height / height, top + 1);
        for (int x = 0; x < width; x++) {
            const int left = x * picture->width / width;
            const int right = MAX((x + 1) * picture->width / width, left + 1);
            mean_of(picture, left, top, right, bottom, at(small, x, y));
        }
    }
    return small;
}

void picture_draw(struct picture *picture, const struct picture *small, int x, int y)
{
    const int width = MIN(small->width, picture->width - x);

    g_assert(x >= 0 && y >= 0);
    for (int row = 0; row < small->height && y + row < picture->height && width > 0; row++) {
        memcpy(at(picture, x, y + row), at(small, 0, row), (size_t)width * 3);
    }
}

void picture_fill(struct picture *picture, int x, int y, int width, int height, const uint8_t rgb[3])
{
    for (int v = MAX(y, 0); v < MIN(y + height, picture->height); v++) {
        for (int u = MAX(x, 0); u < MIN(x + width, picture->width); u++) {
            memcpy(at(picture, u, v), rgb, 3);
        }
    }
}

static void draw_glyph(struct picture *picture, const uint8_t *rows, int x, int y, int scale)
{
    static const uint8_t WHITE[3] = {255, 255, 255};

    for (int row = 0; row < GLYPH_HEIGHT; row++) {
        for (int column = 0; column < GLYPH_WIDTH; column++) {
            if ((rows[row] & (16 >> column)) != 0) {
                picture_fill(picture, x + column * scale, y + row * scale, scale, scale, WHITE);
            }
        }
    }
}

void picture_text(struct picture *picture, const char *text, int x, int y, int scale)
{
    static const uint8_t DARK[3] = {24, 24, 24};
    const int advance = (GLYPH_WIDTH + 1) * scale;

    picture_fill(picture, x, y, (int)strlen(text) * advance + 3 * scale, (GLYPH_HEIGHT + 4) * scale, DARK);
    for (; *text != '\0'; text++, x += advance) {
        for (size_t i = 0; i < G_N_ELEMENTS(GLYPHS); i++) {
            if (GLYPHS[i].letter == *text) {
                draw_glyph(picture, GLYPHS[i].rows, x + 2 * scale, y + 2 * scale, scale);
            }
        }
    }
}

static VipsImage *image_of(const struct picture *picture)
{
    return vips_image_new_from_memory(picture->rgb, (size_t)picture->width * (size_t)picture->height * 3,
                                      picture->width, picture->height, 3, VIPS_FORMAT_UCHAR);
}

static void set_vips_error(const char *what, GError **error)
{
    g_set_error(error, MEDIA_ERROR, REASON_INTERNAL, "%s: %s", what, vips_error_buffer());
    vips_error_clear();
}

static GBytes *to_jpeg(const struct picture *picture, int quality, const char *label, GError **error)
{
    VipsImage *image = image_of(picture);
    void *bytes = NULL;
    size_t length = 0;
    int code = -1;

    if (image != NULL) {
        code = vips_jpegsave_buffer(image, &bytes, &length, "Q", quality, "strip", TRUE, "optimize_coding", TRUE, NULL);
        g_object_unref(image);
    }
    if (code != 0) {
        set_vips_error("jpeg", error);
        return NULL;
    }
    if (label != NULL) {
        label_into_jpeg(&bytes, &length, label);
    }
    return g_bytes_new_take(bytes, length);
}

bool picture_write_jpeg_within(const struct picture *picture, int quality, const char *label, size_t most_bytes, int fd,
                               GError **error)
{
    g_autoptr(GBytes) bytes = to_jpeg(picture, quality, label, error);

    while (bytes != NULL && g_bytes_get_size(bytes) > most_bytes && quality > QUALITY_LEAST) {
        quality = MAX(quality * 2 / 3, QUALITY_LEAST);
        g_bytes_unref(bytes);
        bytes = to_jpeg(picture, quality, label, error);
    }
    return bytes != NULL && sink_write_all(fd, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error);
}

bool picture_write_jpeg(const struct picture *picture, int quality, const char *label, int fd, GError **error)
{
    return picture_write_jpeg_within(picture, quality, label, SIZE_MAX, fd, error);
}

static struct picture *resized(const struct picture *picture, double scale, GError **error)
{
    VipsImage *image = image_of(picture), *large = NULL;
    struct picture *out = NULL;
    void *rgb = NULL;
    size_t length = 0;

    if (image != NULL && vips_resize(image, &large, scale, NULL) == 0) {
        rgb = vips_image_write_to_memory(large, &length);
    }
    if (rgb != NULL) {
        out = g_new0(struct picture, 1);
        *out = (struct picture){.width = large->Xsize, .height = large->Ysize, .rgb = rgb};
        g_assert(length == (size_t)out->width * (size_t)out->height * 3);
    } else {
        set_vips_error("resize", error);
    }
    g_clear_object(&large);
    g_clear_object(&image);
    return out;
}

struct picture *picture_padded(const struct picture *picture, int width, int height, uint8_t grey, GError **error)
{
    const double fit = MIN((double)width / picture->width, (double)height / picture->height);
    g_autoptr(Picture) inner = resized(picture, MIN(fit, 2), error);
    struct picture *padded;

    if (inner == NULL) {
        return NULL;
    }
    padded = picture_new(width, height, grey);
    picture_draw(padded, inner, MAX(width - inner->width, 0) / 2, MAX(height - inner->height, 0) / 2);
    return padded;
}

struct picture *picture_reduced(const struct picture *picture, int long_px, GError **error)
{
    return resized(picture, MIN((double)long_px / MAX(picture->width, picture->height), 1), error);
}

static void animate(VipsImage *strip, const struct picture_animation *animation)
{
    g_autofree int *delays = g_new(int, animation->count);

    for (int i = 0; i < animation->count; i++) {
        delays[i] = animation->shown_ms;
    }
    vips_image_set_int(strip, VIPS_META_PAGE_HEIGHT, strip->Ysize / animation->count);
    vips_image_set_array_int(strip, "delay", delays, animation->count);
    vips_image_set_int(strip, "loop", 0);
}

GBytes *picture_to_webp(const struct picture *strip, const struct picture_animation *animation, int quality,
                        const char *label, GError **error)
{
    VipsImage *image = image_of(strip);
    void *bytes = NULL;
    size_t length = 0;
    int code = -1;

    if (image != NULL) {
        if (animation != NULL) {
            animate(image, animation);
        }
        if (label != NULL) {
            photo_set_label(image, label);
        }
        code = vips_webpsave_buffer(image, &bytes, &length, "Q", quality, "effort", 2, NULL);
        g_object_unref(image);
    }
    if (code != 0) {
        set_vips_error("webp", error);
        return NULL;
    }
    photo_drop_webp_exif(bytes, &length);
    return g_bytes_new_take(bytes, length);
}

bool picture_write_webp(const struct picture *picture, int quality, const char *label, int fd, GError **error)
{
    g_autoptr(GBytes) bytes = picture_to_webp(picture, NULL, quality, label, error);

    return bytes != NULL && sink_write_all(fd, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error);
}

static int luma(const uint8_t *rgb)
{
    return (54 * rgb[0] + 183 * rgb[1] + 19 * rgb[2]) >> 8;
}

struct picture_look picture_look_of(const struct picture *picture)
{
    const double area = (double)picture->width * picture->height;
    double sum = 0, squares = 0, edges = 0, dark = 0;

    for (int y = 0; y < picture->height; y++) {
        for (int x = 0; x < picture->width; x++) {
            const int here = luma(at(picture, x, y));
            sum += here;
            squares += here * here;
            dark += here < 24;
            if (x > 0 && y > 0 && x + 1 < picture->width && y + 1 < picture->height) {
                edges += abs(4 * here - luma(at(picture, x - 1, y)) - luma(at(picture, x + 1, y)) -
                             luma(at(picture, x, y - 1)) - luma(at(picture, x, y + 1)));
            }
        }
    }
    const double mean = sum / area;
    return (struct picture_look){.mean = mean,
                                 .deviation = sqrt(MAX(squares / area - mean * mean, 0)),
                                 .sharpness = edges / area,
                                 .dark_share = dark / area};
}

double picture_distance(const struct picture *a, const struct picture *b)
{
    double sum = 0;

    g_assert(a->width == b->width && a->height == b->height);
    for (int y = 0; y < a->height; y++) {
        for (int x = 0; x < a->width; x++) {
            sum += abs(luma(at(a, x, y)) - luma(at(b, x, y)));
        }
    }
    return sum / ((double)a->width * a->height);
}
