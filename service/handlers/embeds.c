/* What other sites put into their pages: the frame, the element, oEmbed. */
#include <string.h>

#include "common/failure.h"
#include "service/handlers/handlers.h"
#include "service/handlers/shown.h"
#include "service/handlers/work.h"
#include "service/handlers/works.h"
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

struct response *shown_embed(struct app *app, struct request *request, json_t *work, const char *card, int status,
                             GError **error)
{
    g_autofree char *base = base_url(app, request);
    json_auto_t *facts = shown_facts(app, base);
    json_auto_t *data = json_pack("{s:O, s:O?, s:s?}", "site", facts, "work", work, "card", card);

    GString *text = site_render(app->site, "embed.html", data, error);
    if (text == NULL) {
        return NULL;
    }
    struct response *response = response_text(status, "text/html; charset=utf-8", text);
    response_profile(response, PROFILE_EMBED);
    response_header(response, "Cache-Control", "no-cache");
    return response;
}

HANDLER(embed_show)
{
    g_autofree char *base = base_url(app, request);
    json_auto_t *work = works_get(app, base, request_param(request, "id"), error);

    if (work == NULL || !may_embed(work, error)) {
        return NULL;
    }
    json_auto_t *facts = shown_facts(app, base);
    view_complete(work, facts);
    return shown_embed(app, request, work, NULL, 200, error);
}

/* A fixed address for other people's pages; the file behind it has a hash in its name. */
HANDLER(embed_script)
{
    const char *asset = site_asset_find(app->site, "embed_js");

    (void)request;
    if (asset == NULL) {
        g_set_error(error, HTTP_ERROR, REASON_NOT_FOUND, "the pages are not built");
        return NULL;
    }
    g_autofree char *path = g_build_filename(app->web, "dist", asset, NULL);
    g_autofree char *bytes = NULL;
    gsize length = 0;
    if (!g_file_get_contents(path, &bytes, &length, NULL)) {
        g_set_error(error, HTTP_ERROR, REASON_NOT_FOUND, "the pages are not built");
        return NULL;
    }
    struct response *response =
        response_text(200, "text/javascript; charset=utf-8", g_string_new_len(bytes, (gssize)length));
    response_profile(response, PROFILE_ASSET);
    response_header(response, "Cache-Control", "public, max-age=3600");
    response_header(response, "Access-Control-Allow-Origin", "*");
    response_header(response, "Cross-Origin-Resource-Policy", "cross-origin");
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
