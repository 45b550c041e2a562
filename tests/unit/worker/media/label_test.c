#include "worker/media/label.h"

#include <string.h>

#include <glib.h>

#define JSON    "{\"Label\":\"1\",\"ContentProducer\":\"某某\",\"ProduceID\":\"a-1\"}"
#define ESCAPED "{&quot;Label&quot;:&quot;1&quot;,&quot;ContentProducer&quot;:&quot;某某&quot;,&quot;ProduceID&quot;:&quot;a-1&quot;}"
#define XMP(inside)                                                                                                    \
    "<?xpacket begin='' id=''?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF><rdf:Description" inside                 \
    "</rdf:RDF></x:xmpmeta>\n<?xpacket end=\"w\"?>\xff\xfe"

static const struct {
    const char *name;
    const char *bytes;
    size_t length;
    const char *label; /* NULL: none */
} CASES[] = {
#define CASE(name, text, label)                                                                                        \
    {                                                                                                                  \
        name, text, sizeof text - 1, label                                                                             \
    }
    CASE("json", "{\"AIGC\":" JSON "}", JSON),
    CASE("json_after_words", "UserComment\0\0{ \"AIGC\" : " JSON " } secret", JSON),
    CASE("box", "\0\0\0\x30" "AIGC\0\0\0\0\0\0\0\1" JSON "\0\0\0\x10udta", JSON),
    CASE("box_with_named_object", "\0\0\0\x30" "AIGC{\"AIGC\":" JSON "}", JSON),
    CASE("text_chunk", "png-comment-3-AIGC " JSON, JSON),
    CASE("second_name_counts", "AIGC in words, and then much later {\"AIGC\":" JSON "}", JSON),
    CASE("element", XMP(" xmlns:TC260=\"ns\" author=\"secret\"><TC260:AIGC>\n" ESCAPED "</TC260:AIGC></rdf:Description>"), JSON),
    CASE("attribute", XMP(" TC260:AIGC=\"" ESCAPED "\" author=\"secret\"/>"), JSON),
    CASE("cdata", XMP("><a:AIGC><![CDATA[" JSON "]]></a:AIGC></rdf:Description>"), JSON),
    CASE("other_name", XMP("><a:AIGCx>" ESCAPED "</a:AIGCx></rdf:Description>"), NULL),
    CASE("value_that_is_no_json", XMP("><a:AIGC> 1 </a:AIGC></rdf:Description>"), "1"),
    CASE("empty_value", XMP("><a:AIGC> </a:AIGC></rdf:Description>"), NULL),
    CASE("packet_that_breaks", XMP("><a:AIGC>" ESCAPED "</a:AIGC><b></rdf:Description>"), JSON),
    CASE("packet_that_breaks_before", XMP("><b></c><a:AIGC>" ESCAPED "</a:AIGC></rdf:Description>"), NULL),
    CASE("lines", "{\"AIGC\":{\"Label\"\r\n:\t\"1\"}}", "{\"Label\"  : \"1\"}"),
    CASE("no_name", "{\"Label\":\"1\"}", NULL),
    CASE("no_label", "{\"AIGC\":{\"ProduceID\":\"1\"}}", NULL),
    CASE("cut_off", "{\"AIGC\":{\"Label\":\"1\",\"Prod", NULL),
    CASE("not_utf8", "{\"AIGC\":{\"Label\":\"\xff\"}}", NULL),
    CASE("nothing", "", NULL),
#undef CASE
};

static void test_find(gconstpointer data)
{
    const size_t i = GPOINTER_TO_SIZE(data);
    g_autofree char *label = label_find(CASES[i].bytes, CASES[i].length);

    g_assert_cmpstr(label, ==, CASES[i].label);
}

/* A longer one is none: half a label would be no JSON any more. */
static void test_lengths(void)
{
    g_autofree char *most = g_strnfill(LABEL_BYTES_MAX, 'a'), *more = g_strnfill(LABEL_BYTES_MAX + 1, 'a');
    g_autofree char *taken = label_of_text(most);
    g_autofree char *none = label_of_text(more);
    g_autofree char *json = g_strdup_printf("{\"AIGC\":{\"Label\":\"%s\"}}", more);
    g_autofree char *found = label_find(json, strlen(json));
    g_autofree char *control = label_of_text("a\x01");

    g_assert_cmpstr(taken, ==, most);
    g_assert_null(none);
    g_assert_null(found);
    g_assert_null(control);
}

static void assert_in_jpeg(const char *start, size_t start_length, size_t before)
{
    size_t length = start_length;
    void *bytes = g_memdup2(start, start_length);

    label_into_jpeg(&bytes, &length, JSON);
    const uint8_t *at = bytes;
    const size_t says = (size_t)(at[before + 2] << 8 | at[before + 3]);
    g_autofree char *label = label_find(bytes, length);

    g_assert_cmpmem(at, before, start, before);
    g_assert_true(at[before] == 0xff && at[before + 1] == 0xe1);
    g_assert_cmpstr((const char *)at + before + 4, ==, "http://ns.adobe.com/xap/1.0/");
    g_assert_cmpmem(at + before + 2 + says, length - before - 2 - says, start + before, start_length - before);
    g_assert_cmpstr(label, ==, JSON);
    g_free(bytes);
}

static void test_into_jpeg(void)
{
    static const char PLAIN[] = "\xff\xd8\xff\xdb\0\4ab\xff\xd9";
    static const char JFIF[] = "\xff\xd8\xff\xe0\0\4ab\xff\xdb\0\4cd\xff\xd9";

    assert_in_jpeg(PLAIN, sizeof PLAIN - 1, 2);
    assert_in_jpeg(JFIF, sizeof JFIF - 1, 8);
}

/* The longest of the characters that take most when they are escaped still fits a segment. */
static void test_into_jpeg_longest(void)
{
    g_autofree char *label = g_strnfill(LABEL_BYTES_MAX, '"');
    size_t length = 10;
    void *bytes = g_memdup2("\xff\xd8\xff\xdb\0\4ab\xff\xd9", length);

    label_into_jpeg(&bytes, &length, label);
    g_autofree char *found = label_find(bytes, length);
    g_assert_cmpstr(found, ==, label);
    g_free(bytes);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *path = g_strdup_printf("/media/label/%s", CASES[i].name);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_find);
    }
    g_test_add_func("/media/label/lengths", test_lengths);
    g_test_add_func("/media/label/into_jpeg", test_into_jpeg);
    g_test_add_func("/media/label/into_jpeg_longest", test_into_jpeg_longest);
    return g_test_run();
}
