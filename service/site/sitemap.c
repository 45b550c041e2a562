/* Sources: sitemaps.org 0.9; Google's video sitemap 1.1. */
#include "service/site/sitemap.h"

#include "service/site/markup.h"
#include "service/site/view.h"

#define DURATION_SECONDS_MAX 28800
#define HEAD                 "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
#define NAMESPACE            "xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\""

static void add_address(GString *out, const char *name, const json_t *facts, const char *url)
{
    g_autofree char *whole = markup_absolute(markup_text(facts, "base_url"), url);

    markup_element(out, name, whole);
}

static void add_video(GString *out, const json_t *work, const json_t *facts)
{
    const char *words = markup_text(work, "words");
    const int64_t seconds = json_integer_value(json_object_get(work, "duration_ms")) / 1000;

    g_string_append(out, "<video:video>\n");
    add_address(out, "video:thumbnail_loc", facts, markup_text(work, "poster"));
    markup_element(out, "video:title", markup_text(work, "title"));
    markup_element(out, "video:description", words != NULL && *words != '\0' ? words : markup_text(work, "title"));
    add_address(out, "video:content_loc", facts, markup_text(view_source_find(work), "src"));
    add_address(out, "video:player_loc", facts, markup_text(work, "embed_url"));
    if (seconds > 0 && seconds <= DURATION_SECONDS_MAX) {
        g_string_append_printf(out, "<video:duration>%" G_GINT64_FORMAT "</video:duration>\n", seconds);
    }
    markup_element(out, "video:publication_date", markup_text(work, "published_at"));
    markup_element(out, "video:family_friendly", "yes");
    g_string_append(out, "</video:video>\n");
}

static void add_work(GString *out, const json_t *work, const json_t *facts)
{
    g_string_append(out, "<url>\n");
    add_address(out, "loc", facts, markup_text(work, "url"));
    markup_element(out, "lastmod", markup_text(work, "published_at"));
    if (view_source_find(work) != NULL && markup_text(work, "poster") != NULL) {
        add_video(out, work, facts);
    }
    g_string_append(out, "</url>\n");
}

GString *sitemap_xml(const json_t *map, const json_t *facts)
{
    const json_t *pages = json_object_get(map, "pages");
    const json_t *works = json_object_get(map, "works");
    GString *out =
        g_string_new(HEAD "<urlset " NAMESPACE " xmlns:video=\"http://www.google.com/schemas/sitemap-video/1.1\">\n");

    for (size_t i = 0; i < json_array_size(pages); i++) {
        g_string_append(out, "<url>\n");
        add_address(out, "loc", facts, json_string_value(json_array_get(pages, i)));
        g_string_append(out, "</url>\n");
    }
    for (size_t i = 0; i < json_array_size(works); i++) {
        add_work(out, json_array_get(works, i), facts);
    }
    g_string_append(out, "</urlset>\n");
    return out;
}

GString *sitemap_index_xml(int64_t count, const json_t *facts)
{
    GString *out = g_string_new(HEAD "<sitemapindex " NAMESPACE ">\n");

    for (int64_t part = 1; part <= MIN(count, SITEMAP_PARTS_MAX); part++) {
        g_autofree char *path = g_strdup_printf("/sitemap.xml?part=%" G_GINT64_FORMAT, part);
        g_string_append(out, "<sitemap>\n");
        add_address(out, "loc", facts, path);
        g_string_append(out, "</sitemap>\n");
    }
    g_string_append(out, "</sitemapindex>\n");
    return out;
}
