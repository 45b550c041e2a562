/* The screen in a hall: a page that shows the works of a region in a loop, what it shows, and a QR code for phones. */
#include <string.h>

#include "common/failure.h"
#include "service/handlers/handlers.h"
#include "service/handlers/shown.h"
#include "service/handlers/work.h"
#include "service/handlers/works.h"
#include "service/site/sheet.h"
#include "service/site/view.h"

#define PLAYLIST_WORKS 60 /* an hour of one-minute clips */

static const struct region *region_of(const struct app *app, const struct request *request, GError **error)
{
    const struct region *region = rules_region_find(app->rules, request_param(request, "region"));

    if (region == NULL) {
        g_set_error(error, HTTP_ERROR, REASON_NOT_FOUND, "no such region");
    }
    return region;
}

HANDLER(page_kiosk)
{
    const struct region *region = region_of(app, request, error);

    if (region == NULL) {
        return NULL;
    }
    json_t *data = shown_page(app, request, region->name, "none");
    json_object_set_new(data, "region", json_pack("{s:s, s:s}", "code", region->code, "name", region->name));
    return shown_html(app, "kiosk.html", data, 200, error);
}

static void take(json_t *into, const json_t *from, const char *const *names)
{
    for (; *names != NULL; names++) {
        json_object_set(into, *names, json_object_get(from, *names));
    }
}

/* What the screen needs of one work: its clips and photos, one after the other. */
static json_t *entry_json(const json_t *work)
{
    static const char *const OF_WORK[] = {"id", "title", "city_name", "region_name", "is_ai", NULL};
    static const char *const OF_FILE[] = {"src", "poster", "width", "height", NULL};
    json_auto_t *all = view_files(work);
    json_t *entry = json_object();
    json_t *files = json_array();
    const json_t *one;
    size_t index;

    take(entry, work, OF_WORK);
    json_array_foreach(all, index, one) {
        const json_t *source = view_source_find(one);
        json_t *file = json_pack("{s:b}", "is_clip", (int)(source != NULL));
        take(file, one, OF_FILE);
        if (source != NULL) {
            json_object_set(file, "src", json_object_get(source, "src"));
        }
        json_array_append_new(files, file);
    }
    json_object_set_new(entry, "files", files);
    return entry;
}

HANDLER(kiosk_playlist)
{
    const struct region *region = region_of(app, request, error);
    g_autofree char *base = base_url(app, request);

    if (region == NULL) {
        return NULL;
    }
    const struct publication_query query = {.region = region->code, .limit = PLAYLIST_WORKS, .is_exhibited = true};
    json_auto_t *page = works_page(app, base, &query, error);
    if (page == NULL) {
        return NULL;
    }
    json_t *items = json_array();
    json_t *work;
    size_t index;
    json_array_foreach(json_object_get(page, "items"), index, work) {
        json_array_append_new(items, entry_json(work));
    }
    struct response *response =
        response_json(200, json_pack("{s:s, s:s, s:o}", "region", region->code, "name", region->name, "items", items));
    response_header(response, "Cache-Control", "no-cache");
    return response;
}

HANDLER(kiosk_qr)
{
    g_autofree char *base = base_url(app, request);
    g_autofree char *address = g_strconcat(base, "/submit", NULL);
    GString *svg = region_of(app, request, error) == NULL ? NULL : sheet_qr_svg(address, error);

    if (svg == NULL) {
        return NULL;
    }
    struct response *response = response_text(200, "image/svg+xml", svg);
    response_profile(response, PROFILE_ASSET);
    return response;
}
