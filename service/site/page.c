/* Templates, asset names and facts of the site in one object. */
#include "service/site/page.h"

#include <string.h>

#include "common/failure.h"
#include "service/site/template.h"

struct site {
    struct template_set *templates;
    json_t *assets;
    json_t *facts;
};

static void add_asset(json_t *assets, const char *name, const char *file)
{
    const char *dot = strrchr(file, '.');
    g_autofree char *logical = g_strdup_printf("%s_%s", name, dot == NULL ? "" : dot + 1);

    (void)json_object_set_new(assets, logical, json_sprintf("/%s", file)); /* fails without memory only */
}

/* {"public/submit.ts": {"file": "assets/submit-Ab12.js", "name": "submit", "isEntry": true, "css":
 * [...]}, ...} */
static json_t *assets_of(const json_t *manifest)
{
    json_t *assets = json_object();
    const char *source = NULL;
    json_t *entry = NULL;

    json_object_foreach((json_t *)(gsize)manifest, source, entry) {
        const char *name = json_string_value(json_object_get(entry, "name"));
        const char *file = json_string_value(json_object_get(entry, "file"));
        size_t i = 0;
        json_t *style = NULL;

        if (!json_is_true(json_object_get(entry, "isEntry")) || name == NULL || file == NULL) {
            continue;
        }
        add_asset(assets, name, file);
        json_array_foreach(json_object_get(entry, "css"), i, style) {
            add_asset(assets, name, json_string_value(style));
        }
    }
    return assets;
}

static json_t *read_assets(const char *web, GError **error)
{
    g_autofree char *path = g_build_filename(web, "dist", ".vite", "manifest.json", NULL);
    json_error_t where;
    json_auto_t *manifest = json_load_file(path, JSON_REJECT_DUPLICATES, &where);

    if (!json_is_object(manifest)) {
        g_set_error(error, SITE_ERROR, REASON_INTERNAL, "%s: %s; is the front end built?", path, where.text);
        return NULL;
    }
    return assets_of(manifest);
}

struct site *site_open(const char *web, json_t *facts, GError **error)
{
    g_autofree char *folder = g_build_filename(web, "templates", NULL);
    g_autoptr(Site) site = g_new0(struct site, 1);

    site->templates = template_set_new();
    site->facts = json_incref(facts);
    if (!template_set_load(site->templates, folder, error)) {
        return NULL;
    }
    site->assets = read_assets(web, error);
    return site->assets == NULL ? NULL : g_steal_pointer(&site);
}

void site_free(struct site *site)
{
    if (site == NULL) {
        return;
    }
    template_set_free(site->templates);
    json_decref(site->assets);
    json_decref(site->facts);
    g_free(site);
}

GString *site_render(const struct site *site, const char *page, const json_t *data, GError **error)
{
    json_auto_t *all = data == NULL ? json_object() : json_copy((json_t *)(gsize)data);
    g_autoptr(GString) out = g_string_sized_new(16384);

    (void)json_object_set(all, "assets", site->assets); /* these fail without memory only */
    if (json_object_get(all, "site") == NULL) {
        (void)json_object_set(all, "site", site->facts);
    }
    if (!template_set_render(site->templates, page, all, PAGE_BYTES_MAX, out, error)) {
        return NULL;
    }
    return g_steal_pointer(&out);
}

const char *site_asset_find(const struct site *site, const char *name)
{
    return json_string_value(json_object_get(site->assets, name));
}

const json_t *site_facts(const struct site *site)
{
    return site->facts;
}
