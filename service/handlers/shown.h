/* What several page handlers show alike. */
#pragma once

#include <jansson.h>

#include "service/app.h"
#include "service/http/request.h"
#include "service/http/response.h"

/* The site's facts with base_url as this visitor sees it; the caller's. */
json_t *shown_facts(const struct app *app, const char *base);
/* Works sent with this phone's cookie: [{code, title, status_text}]; the caller's. */
json_t *shown_mine(struct app *app, struct request *request, GError **error);
/* The frame for other sites: a player, or a polite card with the sentence `card` when `work` is NULL. Both are borrowed. */
struct response *shown_embed(struct app *app, struct request *request, json_t *work, const char *card, int status,
                             GError **error);
