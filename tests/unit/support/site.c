/* See site.h. GLib's markup parser is the judge of well-formedness. */
#include "tests/unit/support/site.h"

#include <stdbool.h>
#include <string.h>

struct reading {
    const char *element;
    GString *content;
};

json_t *site_test_facts(void)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:[s,s]}", "name", "山东省全民终身学习活动周", "theme",
                     "让学习成为一种生活方式", "base_url", "https://example.org", "year", 2026, "organisers", "甲",
                     "乙");
}

json_t *site_test_work(int64_t width, int64_t height)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:[{s:s,s:s,s:s,s:i}, "
                     "{s:s,s:s,s:i}], s:s, "
                     "s:s, s:s}",
                     "id", "w1", "title", SITE_HOSTILE, "words", "一句\x01话 <i>", "region", "370102", "region_name",
                     "济南市历下区", "track_name", "家庭教育短视频", "duration_ms", (json_int_t)70500, "width",
                     (json_int_t)width, "height", (json_int_t)height, "poster", "/media/w1/poster.jpg", "sources",
                     "src", "/media/w1/av1.webm", "type", "video/webm", "codecs", "av01", "bytes", 1000, "src",
                     "/media/w1/720.mp4", "type", "video/mp4", "bytes", 2000, "published_at", "2026-08-20T17:04:05Z",
                     "url", "/v/w1", "embed_url", "/embed/w1");
}

static void read_text(GMarkupParseContext *context, const char *text, gsize length, void *data, GError **error)
{
    struct reading *reading = data;

    (void)error;
    if (g_strcmp0(g_markup_parse_context_get_element(context), reading->element) == 0) {
        g_string_append_len(reading->content, text, (gssize)length);
        g_string_append_c(reading->content, '\n');
    }
}

char *site_test_xml(const char *text, const char *element)
{
    const GMarkupParser parser = {.text = read_text};
    struct reading reading = {element, g_string_new(NULL)};
    GMarkupParseContext *context = g_markup_parse_context_new(&parser, 0, &reading, NULL);
    g_autoptr(GError) error = NULL;
    const bool is_read = g_markup_parse_context_parse(context, text, (gssize)strlen(text), &error) &&
                         g_markup_parse_context_end_parse(context, &error);

    g_assert_no_error(error);
    g_assert_true(is_read);
    g_markup_parse_context_free(context);
    return g_string_free(reading.content, FALSE);
}
