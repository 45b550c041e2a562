/* sitemap.xml with the video extension. Pure. `map` is {pages[] (paths), works[] (items of GET
 * /api/v1/works)}; at most SITEMAP_URLS_MAX addresses are written (sitemaps.org). The caller owns
 * the text. */
#pragma once

#include <glib.h>
#include <jansson.h>

#define SITEMAP_URLS_MAX 50000

GString *sitemap_xml(const json_t *map, const json_t *facts);
