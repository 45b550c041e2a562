/* Collections as JSON and on pages. */
#pragma once

#include <jansson.h>

#include "service/app.h"
#include "service/http/request.h"
#include "service/model/collection.h"

/* {id, title, words, is_featured, is_public, works, url}; the caller's. */
json_t *collection_json(const struct collection *collection);
/* The public ones: [collection_json with its first work's poster]; the caller's. */
json_t *shown_collections(struct app *app, const struct request *request, GError **error);
/* The one that the home page shows, with works[]; JSON null when there is none. The caller's. */
json_t *shown_featured(struct app *app, const struct request *request, int64_t works_most, GError **error);
