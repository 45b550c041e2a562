/* The built files of the site: scripts, styles, pictures of ours. The build puts each text in its codings beside it. */
#include <string.h>

#include "common/failure.h"
#include "service/handlers/handlers.h"
#include "service/site/page.h"

static const struct {
    const char *suffix;
    const char *type;
} TYPES[] = {
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".json", "application/json"},
    {".woff2", "font/woff2"},
};

static const char *type_of(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(TYPES); i++) {
        if (g_str_has_suffix(name, TYPES[i].suffix)) {
            return TYPES[i].type;
        }
    }
    return NULL;
}

/* NULL: there is none. */
static GBytes *read_built(const struct app *app, const char *name, const char *suffix)
{
    g_autofree char *path = g_strconcat(app->web, "/dist/", name, suffix, NULL);
    char *bytes = NULL;
    gsize length = 0;

    return g_file_get_contents(path, &bytes, &length, NULL) ? g_bytes_new_take(bytes, length) : NULL;
}

/* `name`: below dist; NULL is not there. */
static struct response *answer(const struct app *app, const struct request *request, const char *name, GError **error)
{
    const char *type = name == NULL ? NULL : type_of(name);
    enum coding coding = response_coding(request);
    GBytes *bytes = type == NULL ? NULL : read_built(app, name, coding_suffix(coding));

    if (bytes == NULL && type != NULL) { /* too short to be worth a coding, or a picture */
        coding = CODING_NONE;
        bytes = read_built(app, name, "");
    }
    if (bytes == NULL) {
        g_set_error(error, HTTP_ERROR, REASON_NOT_FOUND, "no such asset");
        return NULL;
    }
    struct response *response = response_bytes(200, type, bytes);
    response_coded(response, coding);
    response_profile(response, PROFILE_ASSET);
    return response;
}

/* They carry a hash in their name, so they never change. */
HANDLER(asset_show)
{
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const char *name = request_param(request, "name");
    g_autofree char *file = strspn(name, LETTERS) == strlen(name) ? g_strconcat("assets/", name, NULL) : NULL;
    struct response *response = answer(app, request, file, error);

    if (response != NULL) {
        response_header(response, "Cache-Control", "public, max-age=31536000, immutable");
    }
    return response;
}

/* A fixed address for other people's pages; the file behind it has a hash in its name. */
HANDLER(embed_script)
{
    struct response *response = answer(app, request, site_asset_find(app->site, "embed_js"), error);

    if (response != NULL) {
        response_header(response, "Cache-Control", "public, max-age=3600");
        response_header(response, "Access-Control-Allow-Origin", "*");
    }
    return response;
}

/* At the root, so that it may keep pages below /kiosk/; the file behind it has a hash in its name. */
HANDLER(kiosk_script)
{
    struct response *response = answer(app, request, site_asset_find(app->site, "kiosk_worker_js"), error);

    if (response != NULL) {
        response_profile(response, PROFILE_PAGE); /* its fetches are the page's */
        response_header(response, "Cache-Control", "no-cache");
    }
    return response;
}
