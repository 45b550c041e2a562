/* A small front end in a temporary folder, and the real templates with a work. */
#include "service/site/page.h"

#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "common/failure.h"
#include "service/site/structured.h"
#include "service/site/view.h"
#include "tests/unit/support/site.h"

static const char MANIFEST[] =
    "{\"public/submit.ts\":{\"file\":\"assets/submit-1.js\",\"name\":\"submit\",\"isEntry\":true},"
    "\"public/css/base.css\":{\"file\":\"assets/base-2.css\",\"name\":\"base\",\"isEntry\":true},"
    "\"_api.js\":{\"file\":\"assets/api-3.js\",\"name\":\"api\"},"
    "\"console/main.ts\":{\"file\":\"assets/console-4.js\",\"name\":\"console\",\"isEntry\":true,"
    "\"css\":[\"assets/console-5.css\"]}}";

/* templates/ is the real one; dist/.vite/manifest.json is ours. */
static char *web_folder(void)
{
    char *web = g_dir_make_tmp("xuepai-site-XXXXXX", NULL);
    g_autofree char *dist = g_build_filename(web, "dist", ".vite", NULL);
    g_autofree char *manifest = g_build_filename(dist, "manifest.json", NULL);
    g_autofree char *templates = g_build_filename(web, "templates", NULL);
    g_autofree char *here = g_get_current_dir();
    g_autofree char *real = g_build_filename(here, "web", "templates", NULL);

    g_assert_cmpint(g_mkdir_with_parents(dist, 0700), ==, 0);
    g_assert_true(g_file_set_contents(manifest, MANIFEST, -1, NULL));
    g_assert_cmpint(symlink(real, templates), ==, 0);
    return web;
}

static void remove_folder(const char *web)
{
    static const char *const PARTS[] = {"dist/.vite/manifest.json", "dist/.vite", "dist", "templates", ""};

    for (size_t i = 0; i < G_N_ELEMENTS(PARTS); i++) {
        g_autofree char *path = g_build_filename(web, PARTS[i], NULL);

        (void)g_remove(path); /* a rest in /tmp harms nothing */
    }
}

static void maps_logical_names(void)
{
    g_autofree char *web = web_folder();
    json_auto_t *facts = site_test_facts();
    g_autoptr(GError) error = NULL;
    g_autoptr(Site) site = site_open(web, facts, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(site_asset_find(site, "submit_js"), ==, "/assets/submit-1.js");
    g_assert_cmpstr(site_asset_find(site, "base_css"), ==, "/assets/base-2.css");
    g_assert_cmpstr(site_asset_find(site, "console_css"), ==, "/assets/console-5.css");
    g_assert_null(site_asset_find(site, "api_js"));
    remove_folder(web);
}

static void renders_a_hostile_work(void)
{
    g_autofree char *web = web_folder();
    json_auto_t *facts = site_test_facts();
    g_autoptr(GError) error = NULL;
    g_autoptr(Site) site = site_open(web, facts, &error);
    json_t *work = site_test_work(720, 1280);
    g_autoptr(GString) json_ld = structured_data(work, facts);
    json_auto_t *data =
        json_pack("{s:o, s:o, s:s}", "page", structured_page(work, facts), "work", work, "json_ld", json_ld->str);
    g_autoptr(GString) out = NULL;

    view_complete(work, facts);
    out = site_render(site, "work.html", data, &error);
    g_assert_no_error(error);
    g_assert_nonnull(strstr(out->str, "href=\"/assets/base-2.css\""));
    g_assert_nonnull(strstr(out->str, "<h1>&lt;/script&gt;"));
    g_assert_nonnull(
        strstr(out->str, "<source src=\"/media/w1/av1.webm\" type=\"video/webm; codecs=&quot;av01&quot;\">"));
    g_assert_null(strstr(out->str, "<b a="));
    g_assert_null(json_object_get(data, "assets"));
    remove_folder(web);
}

static void says_what_is_missing(void)
{
    g_autofree char *web = web_folder();
    json_auto_t *facts = site_test_facts();
    g_autoptr(GError) error = NULL;
    g_autoptr(Site) site = site_open("/nonexistent", facts, &error);

    g_assert_null(site);
    g_assert_error(error, SITE_ERROR, REASON_INTERNAL);
    g_clear_error(&error);
    site = site_open(web, facts, &error);
    g_assert_null(site_render(site, "none.html", NULL, &error));
    g_assert_error(error, SITE_ERROR, REASON_INTERNAL);
    remove_folder(web);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/page/maps_logical_names", maps_logical_names);
    g_test_add_func("/page/renders_a_hostile_work", renders_a_hostile_work);
    g_test_add_func("/page/says_what_is_missing", says_what_is_missing);
    return g_test_run();
}
