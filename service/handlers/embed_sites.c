/* Sites that show works in frames, as the administrator sees them. */
#include "common/failure.h"
#include "common/settings.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/model/embed_site.h"

struct call {
    struct app *app;
    const struct request *request;
    struct sql_rows *sites;
    struct sql_rows *others;
    const char *name;
    const json_t *origins;
    struct embed_site site;
};

static bool list(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const int64_t now_ms = request_now_ms(call->request);

    g_clear_pointer(&call->sites, sql_rows_free);
    g_clear_pointer(&call->others, sql_rows_free);
    call->sites = embed_site_list(sql, now_ms, error);
    call->others = call->sites == NULL ? NULL : embed_count_list(sql, now_ms, error);
    return call->others != NULL;
}

static json_t *site_json(const struct embed_site *site)
{
    json_t *origins = json_loads(site->origins, 0, NULL);
    json_t *revoked = site->revoked_ms == 0 ? json_null() : json_integer(site->revoked_ms);

    return json_pack("{s:s, s:s, s:o, s:s, s:I, s:o, s:I}", "id", site->id, "name", site->name, "origins",
                     origins == NULL ? json_array() : origins, "key", site->key, "created_ms",
                     (json_int_t)site->created_ms, "revoked_ms", revoked, "frames", (json_int_t)site->frames);
}

HANDLER(embed_site_index)
{
    struct call call = {.app = app, .request = request};
    struct response *response = NULL;

    if (database_read(app->database, "embed_site.list", list, &call, error)) {
        json_t *items = json_array();
        json_t *others = json_array();
        for (size_t i = 0; i < call.sites->count; i++) {
            json_array_append_new(items, site_json(sql_rows_at(call.sites, i)));
        }
        for (size_t i = 0; i < call.others->count; i++) {
            const struct embed_count *row = sql_rows_at(call.others, i);
            json_array_append_new(others,
                                  json_pack("{s:s, s:I}", "host", row->source, "frames", (json_int_t)row->frames));
        }
        response = response_json(200, json_pack("{s:o, s:o, s:b}", "items", items, "others", others, "open",
                                                g_strcmp0(app->settings->embed_access, "open") == 0));
        response_header(response, "Cache-Control", "no-store");
    }
    g_clear_pointer(&call.sites, sql_rows_free);
    g_clear_pointer(&call.others, sql_rows_free);
    return response;
}

static bool add(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return embed_site_add(sql, call->name, call->origins, &actor, request_now_ms(call->request), &call->site, error);
}

HANDLER(embed_site_post)
{
    struct call call = {.app = app, .request = request};
    struct response *response = NULL;
    json_error_t cause;

    if (json_unpack_ex(request_json(request), &cause, 0, "{s:s, s:o}", "name", &call.name, "origins", &call.origins) !=
        0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    if (database_transact(app->database, "embed_site.add", add, &call, error)) {
        response = response_json(201, site_json(&call.site));
    }
    embed_site_clear(&call.site);
    return response;
}

static bool take_back(struct sql *sql, void *context, GError **error)
{
    const struct request *request = context;
    const struct actor actor = request_actor(request);

    return embed_site_revoke(sql, request_param(request, "id"), &actor, request_now_ms(request), error);
}

HANDLER(embed_site_delete)
{
    return database_transact(app->database, "embed_site.revoke", take_back, request, error) ? response_empty(204)
                                                                                            : NULL;
}
