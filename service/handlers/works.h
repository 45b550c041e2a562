/* Published works, for the handlers that show them. */
#pragma once

#include <jansson.h>

#include "service/app.h"
#include "service/model/publication.h"

/* {items, next}; the caller's. */
json_t *works_page(struct app *app, const char *base, const struct publication_query *query, GError **error);
/* The same, of each only what a tile shows (tile_json). */
json_t *works_tiles(struct app *app, const char *base, const struct publication_query *query, GError **error);
/* Tiles of what a query that found nothing may have meant; an array, the caller's. */
json_t *works_similar(struct app *app, const char *base, const char *words, GError **error);
/* One published work; REASON_NOT_FOUND for everything else, whatever its state. The caller's. */
json_t *works_get(struct app *app, const char *base, const char *id, GError **error);
/* Works on the list of a selection that the public may see, by place; an array of tiles, the caller's. */
json_t *works_listed(struct app *app, const char *base, const char *selection, GError **error);
