/* What machines read on a work's page, and the display fields. */
#include "service/site/structured.h"

#include <string.h>

#include "service/site/view.h"
#include "tests/unit/support/site.h"

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void cannot_leave_its_script(void)
{
    json_auto_t *facts = site_test_facts();
    json_auto_t *work = site_test_work(720, 1280);
    g_autoptr(GString) text = structured_data(work, facts);
    json_auto_t *data = json_loads(text->str, 0, NULL);

    g_assert_null(strchr(text->str, '<'));
    g_assert_cmpstr(text_of(data, "name"), ==, SITE_HOSTILE);
    g_assert_cmpstr(text_of(data, "duration"), ==, "PT1M10S");
    g_assert_cmpstr(text_of(data, "uploadDate"), ==, "2026-08-20T17:04:05Z");
    g_assert_cmpstr(text_of(data, "thumbnailUrl"), ==, "https://example.org/media/w1/poster.jpg");
    g_assert_cmpstr(text_of(data, "contentUrl"), ==, "https://example.org/media/w1/720.mp4");
}

static void page_has_absolute_addresses(void)
{
    json_auto_t *facts = site_test_facts();
    json_auto_t *work = site_test_work(720, 1280);
    json_auto_t *page = structured_page(work, facts);

    g_assert_cmpstr(text_of(page, "url"), ==, "https://example.org/v/w1");
    g_assert_cmpstr(text_of(page, "path"), ==, "/v/w1");
    g_assert_cmpstr(text_of(json_object_get(page, "image"), "url"), ==, "https://example.org/media/w1/poster.jpg");
    g_assert_cmpint(json_integer_value(json_object_get(json_object_get(page, "image"), "width")), ==, 720);
}

static void view_says_it_for_people(void)
{
    json_auto_t *facts = site_test_facts();
    json_auto_t *work = site_test_work(720, 1280);

    view_complete(work, facts);
    g_assert_cmpstr(text_of(work, "duration_text"), ==, "1:10");
    g_assert_cmpstr(text_of(work, "published_text"), ==, "2026年8月21日");
    g_assert_cmpstr(text_of(work, "aspect_class"), ==, "portrait");
    g_assert_cmpstr(text_of(work, "video_url"), ==, "https://example.org/media/w1/720.mp4");
    g_assert_cmpstr(text_of(work, "oembed_json_url"), ==,
                    "https://example.org/oembed?url=https%3A%2F%2Fexample.org%2Fv%2Fw1&format=json");
    g_assert_nonnull(strstr(text_of(work, "embed_code"), "width=\"360\" height=\"640\""));
    g_assert_true(json_is_false(json_object_get(work, "is_photo")));
}

static void players_get_720p_first(void)
{
    json_auto_t *facts = site_test_facts();
    json_auto_t *work =
        json_pack("{s:s, s:[{s:s,s:s,s:s,s:i,s:i,s:i}, {s:s,s:s,s:s,s:i,s:i,s:i}, {s:s,s:s,s:s,s:i,s:i,s:i}, "
                  "{s:s,s:s,s:s,s:i,s:i,s:i}]}",
                  "title", "t", "sources", "src", "240", "type", "video/mp4", "codecs", "avc1.4D", "width", 240,
                  "height", 426, "bytes", 10, "src", "av1", "type", "video/mp4", "codecs", "av01.0", "width", 720,
                  "height", 1280, "bytes", 20, "src", "720", "type", "video/mp4", "codecs", "avc1.64", "width", 720,
                  "height", 1280, "bytes", 30, "src", "1080", "type", "video/mp4", "codecs", "avc1.64", "width", 1080,
                  "height", 1920, "bytes", 40);

    view_complete(work, facts);
    /* A browser takes the first that it can play: the same picture in fewer bytes, else what every phone plays. */
    g_assert_cmpstr(text_of(json_array_get(json_object_get(work, "sources"), 0), "src"), ==, "av1");
    g_assert_cmpstr(text_of(json_array_get(json_object_get(work, "sources"), 1), "src"), ==, "720");
    g_assert_cmpuint(json_array_size(json_object_get(work, "sources")), ==, 4);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/structured/cannot_leave_its_script", cannot_leave_its_script);
    g_test_add_func("/structured/page_has_absolute_addresses", page_has_absolute_addresses);
    g_test_add_func("/view/says_it_for_people", view_says_it_for_people);
    g_test_add_func("/view/players_get_720p_first", players_get_720p_first);
    return g_test_run();
}
