/* HTML pages, filled from templates at every request. */
#include <string.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/shown.h"
#include "service/handlers/shown_collection.h"
#include "service/handlers/shown_programme.h"
#include "service/handlers/work.h"
#include "service/handlers/works.h"
#include "service/http/limits.h"
#include "service/http/server.h"
#include "service/site/page.h"
#include "service/site/structured.h"
#include "service/site/view.h"
#include "service/wechat.h"

enum {
    HOME_WORKS = 12,
    HOME_FEATURED = 6,
    PAGE_WORKS = 24,
    MORE_WORKS = 4,
};

static struct response *html(GString *text, int status)
{
    struct response *response = response_text(status, "text/html; charset=utf-8", text);

    response_profile(response, PROFILE_PAGE);
    response_header(response, "Cache-Control", "no-cache");
    return response;
}

json_t *shown_page(struct app *app, struct request *request, const char *title, const char *nav)
{
    const char *elder = request_cookie(request, "elder");
    g_autofree char *base = base_url(app, request);
    g_autofree char *url = g_strconcat(base, request_path(request), NULL);
    json_t *data =
        json_pack("{s:b, s:{s:s, s:s, s:s, s:s, s:{s:b}}}", "elder", g_strcmp0(elder, "1") == 0, "page", "title", title,
                  "description", "山东省全民终身学习活动周：家庭教育短视频、全民美拍作品展播。", "url", url, "path",
                  request_path(request), "nav", nav, 1);

    json_object_set_new(data, "site", shown_facts(app, base));
    return data;
}

struct response *shown_html(struct app *app, const char *template, json_t *data, int status, GError **error)
{
    GString *text = site_render(app->site, template, data, error);

    json_decref(data);
    return text == NULL ? NULL : html(text, status);
}

bool shown_works(struct app *app, struct request *request, json_t *data, const struct publication_query *query,
                 GError **error)
{
    g_autofree char *base = base_url(app, request);
    json_auto_t *page = works_tiles(app, base, query, error);

    if (page == NULL) {
        return false;
    }
    view_tiles(json_object_get(page, "items"));
    json_object_set(data, "works", json_object_get(page, "items"));
    const char *next = json_string_value(json_object_get(page, "next"));
    if (next != NULL) {
        g_autofree char *words = g_uri_escape_string(query->words == NULL ? "" : query->words, NULL, FALSE);
        g_autofree char *url = g_strdup_printf("%s?after=%s&region=%s&track=%s&q=%s", request_path(request), next,
                                               query->region == NULL ? "" : query->region,
                                               query->track == NULL ? "" : query->track, words);
        json_object_set_new(data, "next_url", json_string(url));
    }
    if (query->after != NULL) {
        json_object_set_new(data, "first_url", json_string(request_path(request)));
    }
    return true;
}

/* A filter value is one of the table's, or none at all. */
static const char *known_region(const struct app *app, const char *code)
{
    return rules_region_find(app->rules, code) == NULL ? NULL : code;
}

static const char *known_track(const struct app *app, const char *key)
{
    return rules_track_find(app->rules, key) == NULL ? NULL : key;
}

static json_t *tracks_json(const struct rules *rules, const char *selected)
{
    json_t *tracks = json_array();

    for (guint i = 0; i < rules->tracks->len; i++) {
        const struct track *track = g_ptr_array_index(rules->tracks, i);
        json_array_append_new(tracks, json_pack("{s:s, s:s, s:b}", "key", track->key, "name", track->name,
                                                "is_selected", g_strcmp0(selected, track->key) == 0));
    }
    return tracks;
}

HANDLER(page_home)
{
    const struct publication_query query = {.limit = HOME_WORKS};
    const int64_t now_ms = request_now_ms(request);
    json_t *data = shown_page(app, request, "首页", "home");
    json_t *cities = shown_cities(app, now_ms, NULL, error);
    json_t *today = cities == NULL ? NULL : shown_today(app, now_ms, error);
    json_t *featured = today == NULL ? NULL : shown_featured(app, request, HOME_FEATURED, error);

    json_object_set_new(data, "cities", cities);
    json_object_set_new(data, "today", today);
    json_object_set_new(data, "featured", featured);
    if (featured == NULL || !shown_works(app, request, data, &query, error)) {
        json_decref(data);
        return NULL;
    }
    json_object_set_new(data, "tracks", tracks_json(app->rules, NULL));
    json_object_set_new(data, "edition", json_pack("{s:s, s:b}", "name", app->rules->edition_name, "is_open", 1));
    return shown_html(app, "home.html", data, 200, error);
}

HANDLER(page_works)
{
    const struct publication_query query = {
        .region = known_region(app, request_query(request, "region")),
        .track = known_track(app, request_query(request, "track")),
        .after = request_query(request, "after"),
        .limit = PAGE_WORKS,
    };
    json_t *data = shown_page(app, request, "作品", "works");
    json_t *cities = shown_cities(app, request_now_ms(request), query.region, error);

    if (cities == NULL || !shown_works(app, request, data, &query, error)) {
        json_decref(cities);
        json_decref(data);
        return NULL;
    }
    json_object_set_new(data, "filters",
                        json_pack("{s:o, s:o}", "cities", cities, "tracks", tracks_json(app->rules, query.track)));
    return shown_html(app, "works.html", data, 200, error);
}

/* "More of the same city" is not the work itself. */
static void drop_work(json_t *works, const char *id, size_t most)
{
    for (size_t i = json_array_size(works); i > 0; i--) {
        const json_t *work = json_array_get(works, i - 1);
        if (g_strcmp0(json_string_value(json_object_get(work, "id")), id) == 0) {
            (void)json_array_remove(works, i - 1); /* the index is one of the array's */
        }
    }
    while (json_array_size(works) > most) {
        (void)json_array_remove(works, most);
    }
}

/* Of the same city; where it has too few, the newest of all. */
static bool add_more(struct app *app, struct request *request, json_t *data, const struct publication_query *city,
                     GError **error)
{
    const struct publication_query all = {.limit = city->limit};

    if (!shown_works(app, request, data, city, error) ||
        ((int64_t)json_array_size(json_object_get(data, "works")) < city->limit &&
         !shown_works(app, request, data, &all, error))) {
        return false;
    }
    drop_work(json_object_get(data, "works"), request_param(request, "id"), MORE_WORKS);
    return true;
}

HANDLER(page_work)
{
    g_autofree char *base = base_url(app, request);
    json_auto_t *work = works_get(app, base, request_param(request, "id"), error);

    if (work == NULL) {
        return NULL;
    }
    json_auto_t *facts = shown_facts(app, base);
    view_complete(work, facts);
    const struct publication_query query = {
        .region = json_string_value(json_object_get(work, "city_code")),
        .limit = MORE_WORKS + 1,
    };
    json_t *data = shown_page(app, request, json_string_value(json_object_get(work, "title")), "works");
    json_t *page = structured_page(work, facts);
    json_object_update_new(json_object_get(data, "page"), page);
    if (!add_more(app, request, data, &query, error)) {
        json_decref(data);
        return NULL;
    }
    GString *json_ld = structured_data(work, facts);
    json_object_set_new(data, "json_ld", json_stringn(json_ld->str, json_ld->len));
    g_string_free(json_ld, TRUE);
    json_object_set(data, "work", work);
    const bool has_wechat = wechat_is_on(app->wechat);
    json_object_set_new(data, "has_wechat", json_boolean(has_wechat));
    struct response *response = shown_html(app, "work.html", data, 200, error);
    if (response != NULL && has_wechat) {
        response_scripts_from(response, "https://res.wx.qq.com");
    }
    return response;
}

/* Nothing was found: what was meant may be there under other characters. */
static bool add_similar(struct app *app, struct request *request, json_t *data, const char *words, GError **error)
{
    g_autofree char *base = base_url(app, request);
    json_t *similar =
        json_array_size(json_object_get(data, "works")) > 0 ? json_array() : works_similar(app, base, words, error);

    if (similar == NULL) {
        return false;
    }
    view_tiles(similar);
    json_object_set_new(data, "has_similar", json_boolean(json_array_size(similar) > 0));
    json_object_set_new(data, "similar", similar);
    return true;
}

HANDLER(page_search)
{
    const char *words = request_query(request, "q");
    const struct publication_query query = {
        .words = words,
        .after = request_query(request, "after"),
        .limit = PAGE_WORKS,
    };
    json_t *data = shown_page(app, request, "找作品", "works");

    if (words != NULL && words[0] != '\0') {
        json_object_set_new(data, "q", json_string(words));
        if (!limits_check(server_limits(request_server(request)), LIMIT_SEARCH, request, NULL, error) ||
            !shown_works(app, request, data, &query, error) || !add_similar(app, request, data, words, error)) {
            json_decref(data);
            return NULL;
        }
    }
    json_object_set_new(data, "suggestions", json_pack("[s,s,s]", "读书", "家书", "济南"));
    return shown_html(app, "search.html", data, 200, error);
}

HANDLER(page_console)
{
    json_t *data = shown_page(app, request, "审核工作台", "console");

    if (app->settings->oidc_issuer[0] != '\0') {
        json_object_set_new(data, "sign_on", json_string(app->settings->oidc_name));
    }
    return shown_html(app, "console.html", data, 200, error);
}

/* /help, /privacy, /licence, /a11y: texts only. */
HANDLER(page_text)
{
    static const struct {
        const char *path;
        const char *template;
        const char *title;
    } TEXTS[] = {
        {"/help", "help.html", "帮助"},
        {"/privacy", "privacy.html", "隐私说明"},
        {"/licence", "licence.html", "作品展示许可"},
        {"/a11y", "a11y.html", "无障碍说明"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        if (strcmp(TEXTS[i].path, request_pattern(request)) == 0) {
            return shown_html(app, TEXTS[i].template, shown_page(app, request, TEXTS[i].title, "help"), 200, error);
        }
    }
    g_set_error(error, HTTP_ERROR, REASON_NOT_FOUND, "no such text");
    return NULL;
}

/* Large print without script: sets the cookie and goes back to a page of ours. */
HANDLER(page_elder)
{
    const char *back = request_query(request, "back");
    const bool on = g_strcmp0(request_query(request, "on"), "1") == 0;
    const bool ours = back != NULL && back[0] == '/' && back[1] != '/' && strpbrk(back, "\\\r\n") == NULL;

    (void)app;
    (void)error; /* nothing to fail */
    struct response *response = response_redirect(303, ours ? back : "/");
    response_headerf(response, "Set-Cookie", "elder=%d; Path=/; SameSite=Lax; Max-Age=31536000", on ? 1 : 0);
    return response;
}

/* Browsers get a page, programs problem+json. */
struct response *page_problem(struct app *app, struct request *request, const GError *error)
{
    const char *accept = request_header(request, "Accept");
    const enum reason reason = error_reason(error);
    const struct reason_rule *rule = reason_rule_of(reason);
    const int status = failure_rule_of(rule->failure)->http_status;
    const bool is_taken_down = reason == REASON_TAKEN_DOWN;
    const bool is_unknown = status == 404 && !is_taken_down;
    const bool is_form = g_strcmp0(request_path(request), "/api/v1/submissions/simple") == 0;
    g_autoptr(GError) second = NULL;

    if (accept == NULL || strstr(accept, "text/html") == NULL ||
        (g_str_has_prefix(request_path(request), "/api/") && !is_form) ||
        g_str_has_prefix(request_path(request), "/files")) {
        return NULL;
    }
    if (g_str_has_prefix(request_path(request), "/embed/")) {
        return shown_embed(app, request, NULL, is_unknown ? "这件作品已经下线了。" : rule->detail, status, &second);
    }
    const char *title = is_taken_down ? "已经下架"
                        : is_unknown  ? "没有找到这一页"
                        : is_form     ? "作品还没有交上"
                                      : "出了点问题";
    json_t *data = shown_page(app, request, title, "none");
    json_object_set_new(data, "error",
                        json_pack("{s:i, s:s, s:s, s:b}", "status", status, "title", title, "detail",
                                  is_unknown ? "它可能已经下线，或地址少了几个字。" : rule->detail, "is_form",
                                  (int)is_form));
    return shown_html(app, "error.html", data, status, &second);
}
