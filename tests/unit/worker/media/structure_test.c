#include <string.h>

#include <glib.h>

#include "worker/media/structure.h"

#define BOX(size, type) "\0\0\0" size type
#define FTYP            BOX("\x10", "ftyp") "isom\0\0\2\0"

static const struct {
    const char *name;
    enum sniff_family family;
    const char *bytes;
    size_t length;
    int reason; /* -1: accepted */
} CASES[] = {
#define CASE(name, family, text, reason)                                                                               \
    {                                                                                                                  \
        name, family, text, sizeof text - 1, reason                                                                    \
    }
    CASE("empty_moov", SNIFF_MP4, FTYP BOX("\x08", "moov"), -1),
    CASE("no_moov", SNIFF_MP4, FTYP BOX("\x0c", "mdat") "1234", REASON_TRUNCATED),
    CASE("nothing", SNIFF_MP4, FTYP BOX("\x08", "free"), REASON_BROKEN_FILE),
    CASE("moov_cut", SNIFF_MP4, FTYP BOX("\x7f", "moov") "....", REASON_TRUNCATED),
    CASE("compressed", SNIFF_MP4, FTYP BOX("\x10", "moov") BOX("\x08", "cmov"), REASON_TOO_COMPLEX),
    CASE("encrypted", SNIFF_MP4, FTYP BOX("\x10", "moov") BOX("\x08", "pssh"), REASON_ENCRYPTED),
    CASE("external", SNIFF_MP4,
         FTYP BOX("\x34", "moov") BOX("\x2c", "minf") BOX("\x24", "dinf")
             BOX("\x1c", "dref") "\0\0\0\0\0\0\0\1" BOX("\x0c", "url ") "\0\0\0\0",
         REASON_EXTERNAL_REFERENCE),
    CASE("internal", SNIFF_MP4,
         FTYP BOX("\x34", "moov") BOX("\x2c", "minf") BOX("\x24", "dinf")
             BOX("\x1c", "dref") "\0\0\0\0\0\0\0\1" BOX("\x0c", "url ") "\0\0\0\1",
         -1),
    CASE("samples_claimed", SNIFF_MP4,
         FTYP BOX("\x24", "moov") BOX("\x1c", "stbl") BOX("\x14", "stsz") "\0\0\0\0\0\0\0\0\7\0\0\0",
         REASON_TOO_COMPLEX),
    CASE("table_too_small", SNIFF_MP4,
         FTYP BOX("\x20", "moov") BOX("\x18", "stbl") BOX("\x10", "stts") "\0\0\0\0\0\0\0\x7f", REASON_BROKEN_FILE),
    CASE("edits", SNIFF_MP4, FTYP BOX("\x20", "moov") BOX("\x18", "edts") BOX("\x10", "elst") "\0\0\0\0\0\0\1\0",
         REASON_TOO_COMPLEX),
    /* Its last four bytes are the next box's, and nothing is left for its body. */
    CASE("long_header_beyond_its_parent", SNIFF_MP4,
         FTYP BOX("\x14", "moov") BOX("\1", "udta") "\0\0\0\0" BOX("\x18", "free") "0123456789abcdef", -1),
    CASE("ebml_encrypted", SNIFF_MATROSKA,
         "\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff\x16\x54\xae\x6b\x8e\xae\x8c\x6d\x80\x89\x62\x40\x86\x50\x35\x83"
         "abc",
         REASON_ENCRYPTED),
    CASE("ebml_plain", SNIFF_MATROSKA, "\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff\x16\x54\xae\x6b\x82\xae\x80", -1),
    CASE("jpeg_headless", SNIFF_JPEG, "\xff\xd8\xff\xe0\0\4ab", REASON_BROKEN_FILE),
#undef CASE
};

static void test_case(gconstpointer data)
{
    const size_t i = GPOINTER_TO_SIZE(data);
    const struct reader reader = {.fd = -1, .memory = CASES[i].bytes, .size_bytes = (int64_t)CASES[i].length};
    g_autoptr(GError) error = NULL;
    struct structure structure;
    const bool ok = structure_check(&reader, CASES[i].family, &structure, &error);

    g_assert_cmpint(ok ? -1 : error->code, ==, CASES[i].reason);
    g_assert_true(ok == (error == NULL));
}

static void test_deep_nesting(void)
{
    g_autoptr(GByteArray) file = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    struct structure structure;

    for (uint32_t left = 4000; left > 0; left--) {
        const uint32_t size = GUINT32_TO_BE(left * 8);
        g_byte_array_append(file, (const uint8_t *)&size, 4);
        g_byte_array_append(file, (const uint8_t *)(left == 4000 ? "moov" : "mdia"), 4);
    }
    const struct reader reader = {.fd = -1, .memory = file->data, .size_bytes = file->len};
    g_assert_false(structure_check(&reader, SNIFF_MP4, &structure, &error));
    g_assert_cmpint(error->code, ==, REASON_TOO_COMPLEX);
}

static void test_photo_sizes(void)
{
    static const uint8_t JPEG[] = {0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc2, 0, 11, 8, 0x12, 0x34, 0x56, 0x78, 3};
    static const uint8_t PNG[] = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x75\x30\0\0\x10\0";
    const struct reader jpeg = {.fd = -1, .memory = JPEG, .size_bytes = sizeof JPEG};
    const struct reader png = {.fd = -1, .memory = PNG, .size_bytes = sizeof PNG - 1};
    struct structure structure;

    g_assert_true(structure_check(&jpeg, SNIFF_JPEG, &structure, NULL));
    g_assert_cmpint(structure.width, ==, 0x5678);
    g_assert_cmpint(structure.height, ==, 0x1234);
    g_assert_true(structure_check(&png, SNIFF_PNG, &structure, NULL));
    g_assert_cmpint(structure.width, ==, 30000);
    g_assert_cmpint(structure.height, ==, 4096);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *path = g_strconcat("/structure/", CASES[i].name, NULL);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_case);
    }
    g_test_add_func("/structure/deep_nesting", test_deep_nesting);
    g_test_add_func("/structure/photo_sizes", test_photo_sizes);
    return g_test_run();
}
