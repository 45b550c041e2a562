/* Feeds and sitemap: well formed with hostile text, with what readers need. */
#include "service/site/feed.h"

#include <string.h>

#include "service/site/sitemap.h"
#include "tests/unit/support/site.h"

static json_t *feed_of_one(void)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:[o]}", "title", SITE_HOSTILE, "description", "新近发布", "url", "/",
                     "feed_url", "/feed.xml", "next_url", "/feed.json?after=1", "works", site_test_work(720, 1280));
}

static void rss_is_well_formed(void)
{
    json_auto_t *facts = site_test_facts();
    json_auto_t *feed = feed_of_one();
    g_autoptr(GString) text = feed_rss(feed, facts);
    g_autofree char *titles = site_test_xml(text->str, "title");
    g_autofree char *date = site_test_xml(text->str, "pubDate");
    g_autofree char *words = site_test_xml(text->str, "description");

    g_assert_cmpstr(titles, ==, SITE_HOSTILE "\n" SITE_HOSTILE "\n");
    g_assert_cmpstr(date, ==, "Thu, 20 Aug 2026 17:04:05 GMT\n");
    g_assert_nonnull(strstr(words, "一句话 <i>"));
    g_assert_nonnull(strstr(text->str, "<enclosure url=\"https://example.org/media/w1/720.mp4\" length=\"2000\" "
                                       "type=\"video/mp4\"/>"));
    g_assert_nonnull(strstr(text->str, "duration=\"70\""));
}

static void json_feed_has_its_fields(void)
{
    json_auto_t *facts = site_test_facts();
    json_auto_t *feed = feed_of_one();
    g_autoptr(GString) text = feed_json(feed, facts);
    json_auto_t *read = json_loads(text->str, 0, NULL);
    const json_t *item = json_array_get(json_object_get(read, "items"), 0);
    const json_t *attachment = json_array_get(json_object_get(item, "attachments"), 0);

    g_assert_cmpstr(json_string_value(json_object_get(read, "version")), ==, "https://jsonfeed.org/version/1.1");
    g_assert_cmpstr(json_string_value(json_object_get(read, "next_url")), ==, "https://example.org/feed.json?after=1");
    g_assert_cmpstr(json_string_value(json_object_get(item, "id")), ==, "w1");
    g_assert_cmpstr(json_string_value(json_object_get(item, "title")), ==, SITE_HOSTILE);
    g_assert_cmpstr(json_string_value(json_object_get(attachment, "mime_type")), ==, "video/mp4");
    g_assert_cmpint(json_integer_value(json_object_get(attachment, "duration_in_seconds")), ==, 70);
}

static void sitemap_is_well_formed(void)
{
    json_auto_t *facts = site_test_facts();
    json_auto_t *map = json_pack("{s:[s,s], s:[o]}", "pages", "/", "/works", "works", site_test_work(720, 1280));
    g_autoptr(GString) text = sitemap_xml(map, facts);
    g_autofree char *addresses = site_test_xml(text->str, "loc");
    g_autofree char *duration = site_test_xml(text->str, "video:duration");

    g_assert_cmpstr(addresses, ==, "https://example.org/\nhttps://example.org/works\nhttps://example.org/v/w1\n");
    g_assert_cmpstr(duration, ==, "70\n");
}

static void index_names_its_parts(void)
{
    json_auto_t *facts = site_test_facts();
    g_autoptr(GString) text = sitemap_index_xml(2, facts);
    g_autofree char *addresses = site_test_xml(text->str, "loc");

    g_assert_cmpstr(addresses, ==, "https://example.org/sitemap.xml?part=1\nhttps://example.org/sitemap.xml?part=2\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/feed/rss_is_well_formed", rss_is_well_formed);
    g_test_add_func("/feed/json_feed_has_its_fields", json_feed_has_its_fields);
    g_test_add_func("/sitemap/is_well_formed", sitemap_is_well_formed);
    g_test_add_func("/sitemap/index_names_its_parts", index_names_its_parts);
    return g_test_run();
}
