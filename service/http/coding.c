#include "service/http/coding.h"

#include <string.h>

#include <brotli/encode.h>
#include <libdeflate.h>

/* Of pages made anew. Measured on the home page, the works, their JSON and the form: Brotli 5 gives 12 to 16 % fewer bytes than
 * zlib's gzip 5 and takes up to 0.2 ms more; 4 gives 4 %, 6 nothing more than 5. libdeflate's 6 gives up to 2 % fewer bytes
 * than zlib's 5 in half the time (a work's page 0.07 ms for 0.16, a list's JSON 0.17 for 0.28); 7 costs a fifth more for 1 %. */
enum {
    GZIP_LEVEL = 6,
    BROTLI_QUALITY = 5,
};

static GBytes *apply_gzip(GBytes *text)
{
    gsize length = 0;
    const void *bytes = g_bytes_get_data(text, &length);
    struct libdeflate_compressor *gzip = libdeflate_alloc_compressor(GZIP_LEVEL);
    const size_t room = gzip == NULL ? 0 : libdeflate_gzip_compress_bound(gzip, length);
    g_autofree uint8_t *coded = room == 0 ? NULL : g_try_malloc(room);
    const size_t written = coded == NULL ? 0 : libdeflate_gzip_compress(gzip, bytes, length, coded, room);

    libdeflate_free_compressor(gzip); /* also of NULL */
    return written == 0 ? NULL : g_bytes_new(coded, written);
}

static GBytes *apply_brotli(GBytes *text)
{
    gsize length = 0;
    const void *bytes = g_bytes_get_data(text, &length);
    size_t coded_length = BrotliEncoderMaxCompressedSize(length);
    g_autofree uint8_t *coded = coded_length == 0 ? NULL : g_try_malloc(coded_length);

    if (coded == NULL || !BrotliEncoderCompress(BROTLI_QUALITY, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, length, bytes,
                                                &coded_length, coded)) {
        return NULL;
    }
    return g_bytes_new(coded, coded_length);
}

/* In the order of our liking. */
static const struct {
    const char *name;
    const char *suffix;
    GBytes *(*apply)(GBytes *text);
} CODINGS[CODING_COUNT] = {
    [CODING_NONE] = {NULL, "", NULL},
    [CODING_GZIP] = {"gzip", ".gz", apply_gzip},
    [CODING_BROTLI] = {"br", ".br", apply_brotli},
};

/* "br;q=0.5": its coding, CODING_NONE when it is refused or not one of ours. */
static enum coding coding_of(char *element)
{
    char *weight = strchr(element, ';');

    if (weight != NULL) {
        *weight++ = '\0';
        weight = strchr(weight, '=');
        if (weight != NULL && g_ascii_strtod(weight + 1, NULL) <= 0) {
            return CODING_NONE;
        }
    }
    for (enum coding coding = CODING_GZIP; coding < CODING_COUNT; coding++) {
        if (g_ascii_strcasecmp(g_strstrip(element), CODINGS[coding].name) == 0) {
            return coding;
        }
    }
    return CODING_NONE;
}

enum coding coding_chosen(const char *accept_encoding)
{
    g_auto(GStrv) elements = g_strsplit(accept_encoding == NULL ? "" : accept_encoding, ",", -1);
    enum coding best = CODING_NONE;

    for (char **element = elements; *element != NULL; element++) {
        const enum coding coding = coding_of(*element);
        best = MAX(best, coding);
    }
    return best;
}

const char *coding_name(enum coding coding)
{
    return CODINGS[coding].name;
}

const char *coding_suffix(enum coding coding)
{
    return CODINGS[coding].suffix;
}

GBytes *coding_apply(enum coding coding, GBytes *text)
{
    return CODINGS[coding].apply(text);
}
