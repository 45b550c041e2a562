#include "worker/media/codes.h"

#include <string.h>

#include <zbar.h>

#define GREY_FORMAT zbar_fourcc('Y', '8', '0', '0')

struct code {
    char *text;
    int64_t from, to; /* 1/90000 s: first and last seen */
};

struct codes {
    zbar_image_scanner_t *scanner;
    struct code code[CODES_MOST];
    int count;
};

struct codes *codes_new(void)
{
    struct codes *codes = g_new0(struct codes, 1);

    codes->scanner = zbar_image_scanner_create();
    g_assert(codes->scanner != NULL);
    /* Bars are on every shelf: only what a phone would follow. */
    (void)zbar_image_scanner_set_config(codes->scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0);
    (void)zbar_image_scanner_set_config(codes->scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1);
    return codes;
}

void codes_free(struct codes *codes)
{
    if (codes == NULL) {
        return;
    }
    zbar_image_scanner_destroy(codes->scanner);
    for (int i = 0; i < codes->count; i++) {
        g_free(codes->code[i].text);
    }
    g_free(codes);
}

/* One line of valid UTF-8, cut to a bound. */
static char *readable(const char *data, size_t length)
{
    char *text = g_utf8_make_valid(data, (gssize)MIN(length, CODES_TEXT_MOST));

    for (char *at = text; *at != '\0'; at++) {
        *at = g_ascii_iscntrl(*at) ? ' ' : *at;
    }
    return text;
}

static void note(struct codes *codes, int64_t at, char *text)
{
    for (int i = 0; i < codes->count; i++) {
        if (strcmp(codes->code[i].text, text) == 0) {
            codes->code[i].to = at;
            g_free(text);
            return;
        }
    }
    if (codes->count == CODES_MOST) {
        g_free(text);
        return;
    }
    codes->code[codes->count++] = (struct code){text, at, at};
}

static uint8_t *grey_of(const struct picture *picture)
{
    const size_t count = (size_t)picture->width * (size_t)picture->height;
    uint8_t *grey = g_malloc(count);

    for (size_t i = 0; i < count; i++) {
        const uint8_t *rgb = picture->rgb + 3 * i;
        grey[i] = (uint8_t)((77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2]) >> 8);
    }
    return grey;
}

void codes_add(struct codes *codes, int64_t at, const struct picture *picture)
{
    g_autofree uint8_t *grey = grey_of(picture);
    zbar_image_t *image = zbar_image_create();

    g_assert(image != NULL);
    zbar_image_set_format(image, GREY_FORMAT);
    zbar_image_set_size(image, (unsigned)picture->width, (unsigned)picture->height);
    zbar_image_set_data(image, grey, (unsigned long)picture->width * (unsigned long)picture->height, NULL);
    if (zbar_scan_image(codes->scanner, image) > 0) {
        for (const zbar_symbol_t *symbol = zbar_image_first_symbol(image); symbol != NULL;
             symbol = zbar_symbol_next(symbol)) {
            note(codes, at, readable(zbar_symbol_get_data(symbol), zbar_symbol_get_data_length(symbol)));
        }
    }
    zbar_image_destroy(image);
}

void codes_append(const struct codes *codes, int64_t step, json_t *flags)
{
    for (int i = 0; i < codes->count; i++) {
        const struct code *code = &codes->code[i];
        json_array_append_new(flags, json_pack("{s:s, s:I, s:I, s:s}", "flag", "qr-code", "from_ms",
                                               code->from / (LIBAV_VIDEO_HZ / 1000), "to_ms",
                                               (code->to + step) / (LIBAV_VIDEO_HZ / 1000), "text", code->text));
    }
}
