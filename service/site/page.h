/* The site's pages: every template and the names of the built assets, read once at the start and
 * never changed, so any thread may render. Nothing is cached here.
 *
 * An entry of the front end's build is offered to the templates as assets.NAME_js or
 * assets.NAME_css with its whole path ("/assets/submit-Ab12.js"); styles that belong to a script's
 * entry as NAME_css of that entry.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

#define PAGE_BYTES_MAX ((size_t)1024 * 1024)

struct site;

/* `web` holds templates/ and dist/. `facts` (borrowed, kept by reference) is what pages know as
 * `site`: name, theme, theme_lines[], base_url, year, organisers[], phone, icp, police. SITE_ERROR.
 */
struct site *site_open(const char *web, json_t *facts, GError **error);
void site_free(struct site *site);
typedef struct site Site;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Site, site_free)

/* Fills `page` ("work.html") with `data` (an object; may be NULL), `assets` and `site`. The caller
 * owns the text.
 * SITE_ERROR when the page does not exist or is longer than PAGE_BYTES_MAX. */
GString *site_render(const struct site *site, const char *page, const json_t *data, GError **error);

/* The path of a built asset by its logical name ("embed_js"); NULL when there is none. Lives as
 * long as the site. */
const char *site_asset_find(const struct site *site, const char *name);

/* The facts given at site_open. */
const json_t *site_facts(const struct site *site);
