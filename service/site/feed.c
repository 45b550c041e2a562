/* RSS and JSON Feed. Sources: RSS 2.0 (cyber.harvard.edu), Media RSS 1.5.1, JSON Feed 1.1. */
#include "service/site/feed.h"

#include "service/site/markup.h"
#include "service/site/view.h"

static char *address_of(const json_t *object, const char *name, const json_t *facts)
{
    return markup_absolute(markup_text(facts, "base_url"), markup_text(object, name));
}

static void add_attribute(GString *out, const char *name, const char *text)
{
    if (text == NULL) {
        return;
    }
    g_string_append_c(out, ' ');
    g_string_append(out, name);
    g_string_append(out, "=\"");
    markup_escape(out, text);
    g_string_append_c(out, '"');
}

static void add_number(GString *out, const char *name, int64_t number)
{
    if (number > 0) {
        g_string_append_printf(out, " %s=\"%" G_GINT64_FORMAT "\"", name, number);
    }
}

/* RFC 822 with English names, whatever the locale. */
static char *rss_date(const char *iso)
{
    static const char *const DAYS[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    g_autoptr(GTimeZone) zone = g_time_zone_new_utc();
    g_autoptr(GDateTime) read = iso == NULL ? NULL : g_date_time_new_from_iso8601(iso, zone);
    g_autoptr(GDateTime) utc = read == NULL ? NULL : g_date_time_to_utc(read);

    if (utc == NULL) {
        return NULL;
    }
    return g_strdup_printf("%s, %02d %s %04d %02d:%02d:%02d GMT", DAYS[g_date_time_get_day_of_week(utc) - 1],
                           g_date_time_get_day_of_month(utc), MONTHS[g_date_time_get_month(utc) - 1],
                           g_date_time_get_year(utc), g_date_time_get_hour(utc), g_date_time_get_minute(utc),
                           g_date_time_get_second(utc));
}

static void add_media(GString *out, const json_t *work, const json_t *facts)
{
    const json_t *sources = json_object_get(work, "sources");
    const json_t *plain = view_source_find(work);
    g_autofree char *poster = address_of(work, "poster", facts);
    g_autofree char *player = address_of(work, "embed_url", facts);

    g_string_append(out, "<media:group>\n");
    for (size_t i = 0; i < json_array_size(sources); i++) {
        const json_t *source = json_array_get(sources, i);
        g_autofree char *address = address_of(source, "src", facts);

        g_string_append(out, "<media:content medium=\"video\"");
        add_attribute(out, "url", address);
        add_attribute(out, "type", markup_text(source, "type"));
        add_attribute(out, "isDefault", source == plain ? "true" : "false");
        add_number(out, "duration", json_integer_value(json_object_get(work, "duration_ms")) / 1000);
        add_number(out, "width", json_integer_value(json_object_get(source, "width")));
        add_number(out, "height", json_integer_value(json_object_get(source, "height")));
        add_number(out, "fileSize", json_integer_value(json_object_get(source, "bytes")));
        g_string_append(out, "/>\n");
    }
    g_string_append(out, "</media:group>\n");
    markup_element(out, "media:title", markup_text(work, "title"));
    markup_element(out, "media:description", markup_text(work, "words"));
    if (poster != NULL) {
        g_string_append(out, "<media:thumbnail");
        add_attribute(out, "url", poster);
        g_string_append(out, "/>\n");
    }
    if (player != NULL) {
        g_string_append(out, "<media:player");
        add_attribute(out, "url", player);
        g_string_append(out, "/>\n");
    }
}

static void add_enclosure(GString *out, const json_t *work, const json_t *facts)
{
    const json_t *source = view_source_find(work);
    g_autofree char *address = address_of(source, "src", facts);

    if (source == NULL) {
        return;
    }
    g_string_append(out, "<enclosure");
    add_attribute(out, "url", address);
    g_string_append_printf(out, " length=\"%" JSON_INTEGER_FORMAT "\"",
                           json_integer_value(json_object_get(source, "bytes")));
    add_attribute(out, "type", markup_text(source, "type"));
    g_string_append(out, "/>\n");
}

static void add_rss_item(GString *out, const json_t *work, const json_t *facts)
{
    g_autofree char *page = address_of(work, "url", facts);
    g_autofree char *date = rss_date(markup_text(work, "published_at"));

    g_string_append(out, "<item>\n");
    markup_element(out, "title", markup_text(work, "title"));
    markup_element(out, "link", page);
    g_string_append(out, "<guid isPermaLink=\"false\">");
    markup_escape(out, markup_text(work, "id") == NULL ? "" : markup_text(work, "id"));
    g_string_append(out, "</guid>\n");
    markup_element(out, "pubDate", date);
    markup_element(out, "category", markup_text(work, "track_name"));
    markup_element(out, "description", markup_text(work, "words"));
    add_enclosure(out, work, facts);
    add_media(out, work, facts);
    g_string_append(out, "</item>\n");
}

GString *feed_rss(const json_t *feed, const json_t *facts)
{
    const json_t *works = json_object_get(feed, "works");
    g_autofree char *page = address_of(feed, "url", facts);
    g_autofree char *self = address_of(feed, "feed_url", facts);
    g_autofree char *next = address_of(feed, "next_url", facts);
    GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" "
                                "xmlns:atom=\"http://www.w3.org/2005/Atom\" "
                                "xmlns:media=\"http://search.yahoo.com/mrss/\">\n<channel>\n");

    markup_element(out, "title", markup_text(feed, "title"));
    markup_element(out, "link", page);
    markup_element(out, "description", markup_text(feed, "description"));
    g_string_append(out, "<language>zh-cn</language>\n<atom:link rel=\"self\" type=\"application/rss+xml\"");
    add_attribute(out, "href", self);
    g_string_append(out, "/>\n");
    if (next != NULL) { /* RFC 5005 section 3 */
        g_string_append(out, "<atom:link rel=\"next\" type=\"application/rss+xml\"");
        add_attribute(out, "href", next);
        g_string_append(out, "/>\n");
    }
    for (size_t i = 0; i < MIN(json_array_size(works), FEED_ITEMS_MAX); i++) {
        add_rss_item(out, json_array_get(works, i), facts);
    }
    g_string_append(out, "</channel>\n</rss>\n");
    return out;
}

static json_t *json_item(const json_t *work, const json_t *facts)
{
    const json_t *source = view_source_find(work);
    const char *words = markup_text(work, "words");
    g_autofree char *page = address_of(work, "url", facts);
    g_autofree char *poster = address_of(work, "poster", facts);
    g_autofree char *address = address_of(source, "src", facts);
    json_t *attachments = json_array();

    if (source != NULL) {
        (void)json_array_append_new(attachments,
                                    json_pack("{s:s?, s:s?, s:O?, s:I}", "url", address, "mime_type",
                                              markup_text(source, "type"), "size_in_bytes",
                                              json_object_get(source, "bytes"), "duration_in_seconds",
                                              json_integer_value(json_object_get(work, "duration_ms")) / 1000));
    }
    return json_pack("{s:s?, s:s*, s:s?, s:s, s:s*, s:s*, s:o}", "id", markup_text(work, "id"), "url", page, "title",
                     markup_text(work, "title"), "content_text", words == NULL ? "" : words, "image", poster,
                     "date_published", markup_text(work, "published_at"), "attachments", attachments);
}

GString *feed_json(const json_t *feed, const json_t *facts)
{
    const json_t *works = json_object_get(feed, "works");
    g_autofree char *page = address_of(feed, "url", facts);
    g_autofree char *self = address_of(feed, "feed_url", facts);
    g_autofree char *next = address_of(feed, "next_url", facts);
    json_t *items = json_array();
    json_auto_t *all =
        json_pack("{s:s, s:s?, s:s*, s:s*, s:s*, s:s*, s:s, s:o}", "version", "https://jsonfeed.org/version/1.1",
                  "title", markup_text(feed, "title"), "description", markup_text(feed, "description"), "home_page_url",
                  page, "feed_url", self, "next_url", next, "language", "zh-CN", "items", items);
    GString *out = g_string_new(NULL);

    for (size_t i = 0; i < MIN(json_array_size(works), FEED_ITEMS_MAX); i++) {
        (void)json_array_append_new(items, json_item(json_array_get(works, i), facts)); /* fails without memory only */
    }
    markup_json(out, all);
    return out;
}
