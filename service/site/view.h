/* A published work as pages want it: adds to an item of GET /api/v1/works what follows from it.
 * Names of places and tracks (region_name, city_name, city_code, track_name) are the caller's, who
 * knows the rules. */
#pragma once

#include <glib.h>
#include <jansson.h>

#define VIEW_LONG_MS       300000 /* longer clips are offered by segments too: few are watched to the end */
#define VIEW_SHORT_SIDE_PX 720

/* What parts/tile.html needs beyond tile_json(): duration_text, aspect_class; of each of an array. */
void view_tiles(json_t *works);

/* Adds duration_text, published_text, aspect_class, is_photo, embed_code, video_url, video_type,
 * oembed_json_url, oembed_xml_url. `facts` as in site_open. */
void view_complete(json_t *work, const json_t *facts);

/* The source for programs that take only one: the first MP4; NULL when there is none. Borrowed from
 * `work`. */
const json_t *view_source_find(const json_t *work);

/* What there is to be seen of a work, in the order of its files: each an object with `sources` (a clip, or the work itself
 * where it is one) or with `src` (a photo). Objects of `work`; the array is the caller's. */
json_t *view_files(const json_t *work);
