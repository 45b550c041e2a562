/* The feeds of published works: RSS 2.0 with Media RSS, and JSON Feed 1.1. Pure.
 * `feed` is {title, description, url (the page), feed_url, next_url? (older works), works[]}; works are items of
 * GET /api/v1/works, `facts` those of site_open. Addresses may be paths. The caller owns the text.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

#define FEED_ITEMS_MAX 100

GString *feed_rss(const json_t *feed, const json_t *facts);
GString *feed_json(const json_t *feed, const json_t *facts);
