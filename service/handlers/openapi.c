/* /api/openapi.json: THE route table as OpenAPI 3.1, with what it takes and gives where other systems build on it. */
#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/http/routes.h"

/* Shapes that other systems read. Members that are added later do no harm: nothing says additionalProperties. */
static const char SCHEMAS[] =
    "{\"Problem\": {\"type\": \"object\", \"description\": \"RFC 9457; code is stable, detail can be shown as it is\","
    " \"required\": [\"status\", \"code\", \"detail\"], \"properties\": {\"type\": {\"type\": \"string\"}, \"title\":"
    " {\"type\": \"string\"}, \"status\": {\"type\": \"integer\"}, \"code\": {\"type\": \"string\"}, \"detail\":"
    " {\"type\": \"string\"}}},"
    " \"Source\": {\"type\": \"object\", \"required\": [\"src\", \"type\"], \"properties\": {\"src\": {\"type\": \"string\"},"
    " \"type\": {\"type\": \"string\"}, \"codecs\": {\"type\": \"string\"}, \"width\": {\"type\": \"integer\"}, \"height\":"
    " {\"type\": \"integer\"}, \"bytes\": {\"type\": \"integer\"}}},"
    " \"Work\": {\"type\": \"object\", \"required\": [\"id\", \"title\", \"region\", \"track\", \"url\", \"sources\"],"
    " \"properties\": {\"id\": {\"type\": \"string\"}, \"title\": {\"type\": \"string\"}, \"words\": {\"type\": \"string\"},"
    " \"region\": {\"type\": \"string\", \"description\": \"GB/T 2260\"}, \"region_name\": {\"type\": \"string\"},"
    " \"city_code\": {\"type\": \"string\"}, \"city_name\": {\"type\": \"string\"}, \"track\": {\"type\": \"string\"},"
    " \"track_name\": {\"type\": \"string\"}, \"duration_ms\": {\"type\": \"integer\"}, \"width\": {\"type\": \"integer\"},"
    " \"height\": {\"type\": \"integer\"}, \"poster\": {\"type\": [\"string\", \"null\"]},"
    " \"thumbnail\": {\"type\": [\"string\", \"null\"], \"description\": \"for lists, 720 px at most\"},"
    " \"thumbnail_webp\": {\"type\": [\"string\", \"null\"]}, \"share_card\": {\"type\":"
    " [\"string\", \"null\"]}, \"preview\": {\"type\": [\"string\", \"null\"]}, \"hls\": {\"type\": [\"string\", \"null\"]},"
    " \"published_at\": {\"type\": \"string\", \"format\": \"date-time\"}, \"url\": {\"type\": \"string\"}, \"embed_url\":"
    " {\"type\": [\"string\", \"null\"], \"description\": \"null: other sites may not show it\"}, \"is_ai\": {\"type\":"
    " \"boolean\"}, \"views\": {\"type\": \"integer\"}, \"sources\": {\"type\": \"array\", \"items\": {\"$ref\":"
    " \"#/components/schemas/Source\"}}, \"photos\": {\"type\": \"array\", \"items\": {\"type\": \"object\"}}, \"subtitles\":"
    " {\"type\": \"array\", \"items\": {\"type\": \"object\"}}}},"
    " \"WorkPage\": {\"type\": \"object\", \"required\": [\"items\", \"next\"], \"properties\": {\"items\": {\"type\": \"array\","
    " \"items\": {\"$ref\": \"#/components/schemas/Work\"}}, \"next\": {\"type\": [\"string\", \"null\"], \"description\":"
    " \"after= of the next page\"}}},"
    " \"Event\": {\"type\": \"object\", \"required\": [\"id\", \"seq\", \"kind\", \"at\", \"work\"], \"properties\": {\"id\":"
    " {\"type\": \"string\"}, \"seq\": {\"type\": \"integer\"}, \"kind\": {\"type\": \"string\"}, \"at\": {\"type\": \"string\","
    " \"format\": \"date-time\"}, \"work\": {\"type\": \"object\"}, \"paths\": {\"type\": \"array\", \"items\": {\"type\":"
    " \"string\"}}}},"
    " \"EventPage\": {\"type\": \"object\", \"required\": [\"items\", \"acked\", \"last\"], \"properties\": {\"items\": {\"type\":"
    " \"array\", \"items\": {\"$ref\": \"#/components/schemas/Event\"}}, \"acked\": {\"type\": \"integer\"}, \"last\": {\"type\":"
    " \"integer\"}}},"
    " \"Ack\": {\"type\": \"object\", \"required\": [\"seq\"], \"properties\": {\"seq\": {\"type\": \"integer\"}}},"
    " \"Cover\": {\"type\": \"object\", \"required\": [\"cover_ms\"], \"properties\": {\"cover_ms\": {\"type\": \"integer\","
    " \"minimum\": 0, \"description\": \"the moment of the clip whose picture is its cover from now on\"}, \"position\":"
    " {\"type\": \"integer\", \"minimum\": 1, \"default\": 1, \"description\": \"of the clip among the work's files\"}}},"
    " \"Edit\": {\"type\": \"object\", \"properties\": {\"title\": {\"type\": \"string\"}, \"words\": {\"type\": \"string\"},"
    " \"captions\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}}, \"cover_ms\": {\"type\": \"integer\","
    " \"minimum\": 0}, \"position\": {\"type\": \"integer\", \"minimum\": 1, \"default\": 1}}},"
    " \"Texts\": {\"type\": \"object\", \"properties\": {\"title\": {\"type\": \"string\"}, \"words\": {\"type\": \"string\"}}},"
    " \"Receiver\": {\"type\": \"object\", \"required\": [\"name\"], \"properties\": {\"name\": {\"type\": \"string\"}, \"url\":"
    " {\"type\": [\"string\", \"null\"]}, \"kinds\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}}}}}";

static const char SECURITY[] =
    "{\"login\": {\"type\": \"apiKey\", \"in\": \"cookie\", \"name\": \"__Host-xuepai\", \"description\": \"staff; writes carry"
    " X-CSRF-Token too\"}, \"pin\": {\"type\": \"apiKey\", \"in\": \"header\", \"name\": \"X-Pin\"}, \"worker\": {\"type\":"
    " \"http\", \"scheme\": \"bearer\"}, \"receiver\": {\"type\": \"http\", \"scheme\": \"bearer\"}}";

/* What the table does not say: the shapes of body and answer. */
static const struct described {
    const char *method;
    const char *pattern;
    const char *body;   /* name of a schema; NULL: any object */
    const char *answer; /* likewise */
} DESCRIBED[] = {
    {"GET", "/api/v1/works", NULL, "WorkPage"},     {"GET", "/api/v1/works/:id", NULL, "Work"},
    {"GET", "/api/v1/events", NULL, "EventPage"},   {"POST", "/api/v1/events/ack", "Ack", NULL},
    {"POST", "/api/v1/webhooks", "Receiver", NULL}, {"PUT", "/api/v1/queue/:id/cover", "Cover", NULL},
    {"PATCH", "/api/v1/submissions/:code", "Edit", NULL}, {"PATCH", "/api/v1/queue/:id", "Texts", NULL},
};

static const struct described *described_find(const struct route *route)
{
    for (size_t i = 0; i < G_N_ELEMENTS(DESCRIBED); i++) {
        if (strcmp(DESCRIBED[i].method, route->method) == 0 && strcmp(DESCRIBED[i].pattern, route->pattern) == 0) {
            return &DESCRIBED[i];
        }
    }
    return NULL;
}

/* "/v/:id" -> "/v/{id}" */
static char *openapi_path(const char *pattern)
{
    g_autoptr(GString) path = g_string_new(NULL);
    g_auto(GStrv) segments = g_strsplit(pattern, "/", -1);

    for (char **segment = segments + 1; *segment != NULL; segment++) {
        if ((*segment)[0] == ':' || (*segment)[0] == '*') {
            g_string_append_printf(path, "/{%s}", *segment + 1);
        } else {
            g_string_append_printf(path, "/%s", *segment);
        }
    }
    return g_strdup(path->str);
}

static void add_parameter(json_t *parameters, const char *name, const char *in)
{
    json_array_append_new(parameters, json_pack("{s:s, s:s, s:b, s:{s:s}}", "name", name, "in", in, "required",
                                                (int)(strcmp(in, "path") == 0), "schema", "type", "string"));
}

static json_t *parameters_json(const struct route *route)
{
    json_t *parameters = json_array();
    g_auto(GStrv) segments = g_strsplit(route->pattern, "/", -1);
    g_auto(GStrv) names = g_strsplit(route->query == NULL ? "" : route->query, " ", -1);

    for (char **segment = segments; *segment != NULL; segment++) {
        if ((*segment)[0] == ':' || (*segment)[0] == '*') {
            add_parameter(parameters, *segment + 1, "path");
        }
    }
    for (char **name = names; *name != NULL; name++) {
        add_parameter(parameters, *name, "query");
    }
    return parameters;
}

/* {"schema": a named one, or any object} */
static json_t *media_json(const char *schema)
{
    return schema == NULL ? json_pack("{s:{s:s}}", "schema", "type", "object")
                          : json_pack("{s:{s:o}}", "schema", "$ref", json_sprintf("#/components/schemas/%s", schema));
}

static json_t *responses_json(const struct described *described)
{
    json_t *good = json_pack("{s:s}", "description", "as the summary says");

    if (described != NULL && described->answer != NULL) {
        json_object_set_new(good, "content", json_pack("{s:o}", "application/json", media_json(described->answer)));
    }
    return json_pack("{s:o, s:{s:s, s:{s:o}}}", "2XX", good, "default", "description", "what was wrong", "content",
                     "application/problem+json", media_json("Problem"));
}

/* The scheme that a route's gate asks for; NULL: none. */
static const char *scheme_of(const struct route *route)
{
    switch (route->access) {
    case ACCESS_PUBLIC:
    case ACCESS_SHARED:
    case ACCESS_FORM:
        return NULL;
    case ACCESS_SUBMITTER:
        return "pin";
    case ACCESS_WORKER:
        return "worker";
    case ACCESS_RECEIVER:
        return "receiver";
    default:
        return "login";
    }
}

static json_t *operation_json(const struct route *route)
{
    const struct described *described = described_find(route);
    const char *scheme = scheme_of(route);
    json_t *operation = json_pack("{s:s, s:o, s:o}", "summary", route->summary, "parameters", parameters_json(route),
                                  "responses", responses_json(described));

    if (router_json_max(route->body) > 0) {
        json_object_set_new(operation, "requestBody",
                            json_pack("{s:b, s:{s:o}}", "required", 1, "content", "application/json",
                                      media_json(described == NULL ? NULL : described->body)));
    } else if (route->body == BODY_STREAM) {
        json_object_set_new(operation, "requestBody", json_pack("{s:{s:{}}}", "content", "application/octet-stream"));
    }
    if (scheme != NULL) {
        json_object_set_new(operation, "security", json_pack("[{s:[]}]", scheme));
    }
    return operation;
}

HANDLER(openapi_show)
{
    size_t route_count;
    const struct route *table = routes(&route_count);
    json_t *paths = json_object();

    (void)app;
    (void)request;
    (void)error; /* made from const tables */
    for (size_t i = 0; i < route_count; i++) {
        g_autofree char *path = openapi_path(table[i].pattern);
        g_autofree char *method = g_ascii_strdown(table[i].method, -1);
        json_t *item = json_object_get(paths, path);
        if (item == NULL) {
            item = json_object();
            json_object_set_new(paths, path, item);
        }
        json_object_set_new(item, method, operation_json(&table[i]));
    }
    json_t *schemas = json_loads(SCHEMAS, 0, NULL);
    json_t *security = json_loads(SECURITY, 0, NULL);
    struct response *response =
        response_json(200, json_pack("{s:s, s:{s:s, s:s, s:{s:s, s:s}}, s:o, s:{s:o, s:o}}", "openapi", "3.1.0", "info",
                                     "title", "Xuepai", "version", XUEPAI_VERSION, "license", "name",
                                     "AGPL-3.0-or-later", "identifier", "AGPL-3.0-or-later", "paths", paths,
                                     "components", "schemas", schemas, "securitySchemes", security));
    response_header(response, "Access-Control-Allow-Origin", "*");
    return response;
}
