/* What other sites put into their pages: the frame, the element, oEmbed. */
#include <string.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/embed_counts.h"
#include "service/handlers/handlers.h"
#include "service/handlers/shown.h"
#include "service/handlers/work.h"
#include "service/handlers/works.h"
#include "service/model/embed_site.h"
#include "service/site/oembed.h"
#include "service/site/page.h"
#include "service/site/view.h"

json_t *shown_facts(const struct app *app, const char *base)
{
    json_t *facts = json_copy((json_t *)(uintptr_t)site_facts(app->site));

    json_object_set_new(facts, "base_url", json_string(base));
    return facts;
}

/* A work whose submitter did not let other sites show it is as good as absent for them, but the person who asks is told. */
static bool may_embed(const json_t *work, GError **error)
{
    if (json_is_string(json_object_get(work, "embed_url"))) {
        return true;
    }
    g_set_error(error, HTTP_ERROR, REASON_CONSENT_EMBED, "no consent for other sites");
    return false;
}

/* "12.5" as it stands, within a day; NULL: no such number. The caller's. */
static char *seconds_of(const char *text)
{
    return text != NULL && g_regex_match_simple("^[0-9]{1,5}(\\.[0-9]{1,3})?$", text, 0, 0) ? g_strdup(text) : NULL;
}

/* What the address of a frame may say (docs/EMBEDDING.md). What is no such value is passed over, as players do. */
static json_t *frame_json(const struct request *request)
{
    static const char *const SWITCHES[] = {"loop", "muted", "autoplay"};
    const bool is_english = g_strcmp0(request_query(request, "lang"), "en") == 0;
    const char *color = request_query(request, "color");
    g_autofree char *start = seconds_of(request_query(request, "start"));
    g_autofree char *end = seconds_of(request_query(request, "end"));
    json_t *frame = json_pack("{s:s, s:b}", "lang", is_english ? "en" : "zh-CN", "is_english", (int)is_english);

    if (start != NULL || end != NULL) { /* Media Fragments 1.0 §4.2.1: works without script */
        g_autofree char *moment =
            g_strdup_printf("#t=%s%s%s", start == NULL ? "0" : start, end == NULL ? "" : ",", end == NULL ? "" : end);
        json_object_set_new(frame, "moment", json_string(moment));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(SWITCHES); i++) {
        json_object_set_new(frame, SWITCHES[i], json_boolean(g_strcmp0(request_query(request, SWITCHES[i]), "1") == 0));
    }
    if (json_is_true(json_object_get(frame, "autoplay"))) { /* no browser begins by itself with sound */
        json_object_set_new(frame, "muted", json_true());
    }
    json_object_set_new(frame, "bare", json_boolean(g_strcmp0(request_query(request, "controls"), "0") == 0));
    if (color != NULL && g_regex_match_simple("^[0-9a-fA-F]{6}$", color, 0, 0)) {
        json_object_set_new(frame, "color", json_string(color));
    }
    return frame;
}

struct response *shown_embed(struct app *app, struct request *request, json_t *work, const char *card, int status,
                             GError **error)
{
    g_autofree char *base = base_url(app, request);
    json_auto_t *facts = shown_facts(app, base);
    json_auto_t *data =
        json_pack("{s:O, s:O?, s:s?, s:o}", "site", facts, "work", work, "card", card, "frame", frame_json(request));

    GString *text = site_render(app->site, "embed.html", data, error);
    if (text == NULL) {
        return NULL;
    }
    struct response *response = response_text(status, "text/html; charset=utf-8", text);
    response_profile(response, PROFILE_EMBED);
    response_header(response, "Cache-Control", "no-cache");
    return response;
}

struct look {
    const char *key;
    struct embed_site site;
    bool found;
};

static bool look_site(struct sql *sql, void *context, GError **error)
{
    struct look *look = context;

    embed_site_clear(&look->site);
    return embed_site_find(sql, look->key, &look->site, &look->found, error);
}

/* The host-sources with a space between; they were checked when the site was added. The caller's. */
static char *origins_text(const char *origins)
{
    json_auto_t *list = json_loads(origins, 0, NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    const json_t *origin;
    size_t index;

    json_array_foreach(list, index, origin) {
        g_string_append_printf(text, "%s%s", index == 0 ? "" : " ", json_string_value(origin));
    }
    return g_strdup(text->str);
}

/* The host of the page around the frame, as far as its browser tells (Referrer-Policy); "" else. The caller's. */
static char *host_around(const struct request *request)
{
    const char *referer = request_header(request, "Referer");
    g_autoptr(GUri) uri = referer == NULL ? NULL : g_uri_parse(referer, G_URI_FLAGS_NONE, NULL);
    const char *host = uri == NULL ? NULL : g_uri_get_host(uri);

    return host == NULL || strlen(host) > 200 ? g_strdup("") : g_ascii_strdown(host, -1);
}

/* Who may show the frame that is asked for, and who is counted. */
struct frame_guest {
    const char *card; /* NULL: a player */
    char *origins;    /* NULL: everybody */
    char *source;     /* for the count */
};

static void frame_guest_clear(struct frame_guest *guest)
{
    g_free(guest->origins);
    g_free(guest->source);
}

static bool judge_guest(struct app *app, const struct request *request, struct frame_guest *guest, GError **error)
{
    struct look look = {.key = request_query(request, "key")};
    const bool is_open = strcmp(app->settings->embed_access, "open") == 0;
    const char *site = request_header(request, "Sec-Fetch-Site");

    if (look.key == NULL) {
        guest->source = host_around(request);
        guest->origins = is_open ? NULL : g_strdup("");
        guest->card = is_open || site == NULL || strcmp(site, "cross-site") != 0 ? NULL : "这个网站还没有播放许可。";
        return true;
    }
    if (!database_read(app->database, "embed_site.find", look_site, &look, error)) {
        return false;
    }
    if (!look.found || look.site.revoked_ms != 0) {
        guest->card = "这个网站的播放许可已经停止。";
    } else {
        guest->origins = origins_text(look.site.origins);
        guest->source = g_strdup(look.site.id);
    }
    embed_site_clear(&look.site);
    return true;
}

static struct response *show_player(struct app *app, struct request *request, const struct frame_guest *guest,
                                    GError **error)
{
    g_autofree char *base = base_url(app, request);
    json_auto_t *work = works_get(app, base, request_param(request, "id"), error);

    if (work == NULL || !may_embed(work, error)) {
        return NULL;
    }
    json_auto_t *facts = shown_facts(app, base);
    view_complete(work, facts);
    struct response *response = shown_embed(app, request, work, NULL, 200, error);
    if (response != NULL && guest->origins != NULL) {
        response_frame_ancestors(response, guest->origins);
    }
    embed_counts_add(app->embed_counts, guest->source);
    return response;
}

HANDLER(embed_show)
{
    struct frame_guest guest = {0};
    struct response *response = NULL;

    if (judge_guest(app, request, &guest, error)) {
        response = guest.card != NULL ? shown_embed(app, request, NULL, guest.card, 403, error)
                                      : show_player(app, request, &guest, error);
    }
    frame_guest_clear(&guest);
    return response;
}

/* The id in "https://host/v/ID" or ".../embed/ID" of this site; NULL for anything else. The caller's. */
static char *id_of_url(const char *url, const char *base)
{
    static const char *const PLACES[] = {"/v/", "/embed/"};

    if (url == NULL || !g_str_has_prefix(url, base)) {
        return NULL;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(PLACES); i++) {
        const char *path = url + strlen(base);
        if (g_str_has_prefix(path, PLACES[i])) {
            const char *id = path + strlen(PLACES[i]);
            return g_strndup(id, strcspn(id, "?#/"));
        }
    }
    return NULL;
}

HANDLER(oembed_show)
{
    const char *format = request_query(request, "format");
    const bool xml = g_strcmp0(format, "xml") == 0;
    struct oembed_size most = {0, 0};
    g_autofree char *base = base_url(app, request);

    if (format != NULL && !xml && strcmp(format, "json") != 0) {
        return response_json(501, json_pack("{s:s}", "error", "format")); /* oEmbed 1.0 §2.3.4 */
    }
    if (!request_query_int64(request, "maxwidth", 1, OEMBED_SIDE_PX_MAX, &most.width_px, error) ||
        !request_query_int64(request, "maxheight", 1, OEMBED_SIDE_PX_MAX, &most.height_px, error)) {
        return NULL;
    }
    g_autofree char *id = id_of_url(request_query(request, "url"), base);
    json_auto_t *work = works_get(app, base, id == NULL ? "" : id, error);
    if (work == NULL || !may_embed(work, error)) {
        return NULL;
    }
    json_auto_t *facts = shown_facts(app, base);
    view_complete(work, facts);
    struct response *response = xml ? response_text(200, "text/xml; charset=utf-8", oembed_xml(work, facts, most))
                                    : response_text(200, "application/json", oembed_json(work, facts, most));
    response_header(response, "Access-Control-Allow-Origin", "*");
    response_header(response, "Cache-Control", "no-cache");
    return response;
}
