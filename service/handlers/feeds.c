/* Feeds of published works, and the sitemap. */
#include "common/failure.h"
#include "service/handlers/feeds.h"
#include "service/handlers/handlers.h"
#include "service/handlers/shown.h"
#include "service/handlers/work.h"
#include "service/handlers/works.h"
#include "service/model/edition.h"
#include "service/site/atom.h"
#include "service/site/feed.h"
#include "service/site/sitemap.h"

enum {
    FEED_WORKS = 24, /* the next ones are a page further, as RFC 5005 has it: a feed costs what a page of works costs */
    SITEMAP_PAGE = 100,
};

/* The forms of a feed. */
struct form {
    const char *type;
    GString *(*write)(const json_t *feed, const json_t *facts);
};
static const struct form RSS = {"application/rss+xml; charset=utf-8", feed_rss};
static const struct form ATOM = {"application/atom+xml; charset=utf-8", atom_feed};
static const struct form JSON_FEED = {"application/feed+json; charset=utf-8", feed_json};

struct feed {
    const struct publication_query *list;
    const char *title;
    const struct form *form;
};
static const struct publication_query ALL = {0};
#define NEWEST "新近发布的作品"

static struct response *public_text(const char *type, GString *text)
{
    struct response *response = response_text(200, type, text);

    response_header(response, "Cache-Control", "no-cache");
    response_header(response, "Access-Control-Allow-Origin", "*");
    return response;
}

/* The page of the list that the request names, in the feed's form. */
static struct response *feed_answer(struct app *app, struct request *request, const struct feed *feed, GError **error)
{
    g_autofree char *base = base_url(app, request);
    struct publication_query query = *feed->list;

    query.limit = FEED_WORKS;
    query.after = request_query(request, "after");
    json_auto_t *page = works_page(app, base, &query, error);
    if (page == NULL) {
        return NULL;
    }
    json_auto_t *facts = shown_facts(app, base);
    const char *next = json_string_value(json_object_get(page, "next"));
    g_autofree char *feed_url = g_strconcat(base, request_path(request), NULL);
    g_autofree char *next_url = next == NULL ? NULL : g_strconcat(feed_url, "?after=", next, NULL);
    json_auto_t *data =
        json_pack("{s:s, s:s, s:s, s:s, s:s*, s:O}", "title", feed->title, "description", feed->title, "url", base,
                  "feed_url", feed_url, "next_url", next_url, "works", json_object_get(page, "items"));
    return public_text(feed->form->type, feed->form->write(data, facts));
}

struct response *feed_answer_rss(struct app *app, struct request *request, const struct publication_query *query,
                                 const char *title, GError **error)
{
    return feed_answer(app, request, &(const struct feed){query, title, &RSS}, error);
}

HANDLER(feed_show_rss)
{
    return feed_answer(app, request, &(const struct feed){&ALL, NEWEST, &RSS}, error);
}

HANDLER(feed_show_json)
{
    return feed_answer(app, request, &(const struct feed){&ALL, NEWEST, &JSON_FEED}, error);
}

HANDLER(feed_show_atom)
{
    return feed_answer(app, request, &(const struct feed){&ALL, NEWEST, &ATOM}, error);
}

HANDLER(feed_show_city)
{
    const struct region *city = rules_region_find(app->rules, request_param(request, "region"));

    if (city == NULL) {
        g_set_error(error, HTTP_ERROR, REASON_NOT_FOUND, "no such city");
        return NULL;
    }
    g_autofree char *title = g_strdup_printf("%s的作品", city->name);
    return feed_answer_rss(app, request, &(const struct publication_query){.region = city->code}, title, error);
}

struct part {
    int64_t number; /* from 1; 0: whatever /sitemap.xml is */
    int64_t count;  /* of parts */
    char *after;    /* where it begins */
};

static bool find_part(struct sql *sql, void *context, GError **error)
{
    struct part *part = context;
    int64_t works = 0;

    if (!edition_count_works(sql, &works, error)) {
        return false;
    }
    part->count = MAX((works + SITEMAP_WORKS - 1) / SITEMAP_WORKS, 1);
    g_clear_pointer(&part->after, g_free);
    if (part->number > part->count) {
        g_set_error(error, HTTP_ERROR, REASON_NOT_FOUND, "no such part");
        return false;
    }
    return publication_after_newest(sql, (MAX(part->number, 1) - 1) * SITEMAP_WORKS, &part->after, error);
}

/* The works of one part, newest first; the caller's. Takes `after`. */
static json_t *part_works(struct app *app, const char *base, char *after, GError **error)
{
    json_auto_t *works = json_array();

    do {
        const struct publication_query query = {.after = after, .limit = SITEMAP_PAGE};
        json_auto_t *page = works_page(app, base, &query, error);
        g_free(after);
        if (page == NULL) {
            return NULL;
        }
        json_array_extend(works, json_object_get(page, "items"));
        after = g_strdup(json_string_value(json_object_get(page, "next")));
    } while (after != NULL && json_array_size(works) < SITEMAP_WORKS);
    g_free(after);
    return g_steal_pointer(&works);
}

HANDLER(sitemap_show)
{
    const char *wanted = request_query(request, "part");
    g_autofree char *base = base_url(app, request);
    struct part part = {0};

    if (wanted != NULL && !g_ascii_string_to_signed(wanted, 10, 1, SITEMAP_PARTS_MAX, &part.number, NULL)) {
        g_set_error(error, HTTP_ERROR, REASON_NOT_FOUND, "no such part");
        return NULL;
    }
    if (!database_read(app->database, "sitemap.part", find_part, &part, error)) {
        g_free(part.after);
        return NULL;
    }
    json_auto_t *facts = shown_facts(app, base);
    if (part.number == 0 && part.count > 1) {
        g_free(part.after);
        return public_text("application/xml; charset=utf-8", sitemap_index_xml(part.count, facts));
    }
    json_auto_t *works = part_works(app, base, part.after, error);
    if (works == NULL) {
        return NULL;
    }
    json_auto_t *map = json_pack("{s:[s,s,s,s,s,s], s:O}", "pages", "/", "/works", "/collections", "/calendar",
                                 "/archive", "/help", "works", works);
    if (part.number > 1) {
        json_object_del(map, "pages");
    }
    return public_text("application/xml; charset=utf-8", sitemap_xml(map, facts));
}
