/* sitemap.xml with the video extension, and the index of its parts (sitemaps.org 0.9). Pure. `map` is {pages[] (paths),
 * works[] (items of GET /api/v1/works)}. A part has SITEMAP_WORKS works at most: made of 50,000, which the protocol allows,
 * one answer took 5 s and 400 MB (measured). The caller owns the text. */
#pragma once

#include <glib.h>
#include <jansson.h>

#define SITEMAP_WORKS     1000
#define SITEMAP_PARTS_MAX 50000

GString *sitemap_xml(const json_t *map, const json_t *facts);
/* Parts 1 … count, each /sitemap.xml?part=N. */
GString *sitemap_index_xml(int64_t count, const json_t *facts);
