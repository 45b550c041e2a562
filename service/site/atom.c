#include "service/site/atom.h"

#include "service/site/feed.h"
#include "service/site/markup.h"
#include "service/site/view.h"

#define NEVER "1970-01-01T00:00:00Z" /* a feed without entries must still say when it changed */

/* <link rel=… type=… href=…/>, with a length for enclosures; nothing without an address. */
static void add_link(GString *out, const char *rel, const char *type, const char *address, int64_t bytes)
{
    if (address == NULL) {
        return;
    }
    g_string_append_printf(out, "<link rel=\"%s\"", rel);
    if (type != NULL) {
        g_string_append(out, " type=\"");
        markup_escape(out, type);
        g_string_append_c(out, '"');
    }
    if (bytes > 0) {
        g_string_append_printf(out, " length=\"%" G_GINT64_FORMAT "\"", bytes);
    }
    g_string_append(out, " href=\"");
    markup_escape(out, address);
    g_string_append(out, "\"/>\n");
}

static void add_entry(GString *out, const json_t *work, const json_t *facts)
{
    const char *base_url = markup_text(facts, "base_url");
    const json_t *source = view_source_find(work);
    g_autofree char *page = markup_absolute(base_url, markup_text(work, "url"));
    g_autofree char *film = source == NULL ? NULL : markup_absolute(base_url, markup_text(source, "src"));

    g_string_append(out, "<entry>\n");
    markup_element(out, "title", markup_text(work, "title"));
    markup_element(out, "id", page);
    markup_element(out, "published", markup_text(work, "published_at"));
    markup_element(out, "updated", markup_text(work, "published_at"));
    markup_element(out, "summary", markup_text(work, "words"));
    add_link(out, "alternate", "text/html", page, 0);
    add_link(out, "enclosure", markup_text(source, "type"), film, json_integer_value(json_object_get(source, "bytes")));
    g_string_append(out, "<category term=\"");
    markup_escape(out, markup_text(work, "track") == NULL ? "" : markup_text(work, "track"));
    g_string_append(out, "\"/>\n</entry>\n");
}

GString *atom_feed(const json_t *feed, const json_t *facts)
{
    const json_t *works = json_object_get(feed, "works");
    const char *updated = markup_text(json_array_get(works, 0), "published_at");
    const char *base_url = markup_text(facts, "base_url");
    g_autofree char *page = markup_absolute(base_url, markup_text(feed, "url"));
    g_autofree char *self = markup_absolute(base_url, markup_text(feed, "feed_url"));
    g_autofree char *next = markup_absolute(base_url, markup_text(feed, "next_url"));
    GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
                                "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"zh-CN\">\n");

    markup_element(out, "title", markup_text(feed, "title"));
    markup_element(out, "id", self);
    markup_element(out, "updated", updated == NULL ? NEVER : updated);
    g_string_append(out, "<author>\n");
    markup_element(out, "name", markup_text(facts, "name"));
    g_string_append(out, "</author>\n");
    add_link(out, "self", "application/atom+xml", self, 0);
    add_link(out, "next", "application/atom+xml", next, 0); /* RFC 5005 section 3 */
    add_link(out, "alternate", "text/html", page, 0);
    for (size_t i = 0; i < MIN(json_array_size(works), FEED_ITEMS_MAX); i++) {
        add_entry(out, json_array_get(works, i), facts);
    }
    return g_string_append(out, "</feed>\n");
}
