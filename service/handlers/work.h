/* The JSON of works, as API, templates and feeds share it. */
#pragma once

#include <jansson.h>

#include "service/app.h"
#include "service/model/publication.h"
#include "service/model/review.h"

struct request;

/* "https://host" as the visitor sees this service, without a final slash; the caller's. */
char *base_url(const struct app *app, const struct request *request);

/* A published work: {id, title, words, region, track, duration_ms, width, height, poster, thumbnail, thumbnail_webp, share_card, preview, sources,
 * photos[{position, caption, src, srcset, width, height}], hls, published_at, url, embed_url, is_ai, selected{name, url}} and names of places and track; addresses are absolute. */
json_t *work_json(const struct app *app, const char *base, const struct publication *work);
/* What a tile of a list shows of it: {id, title, region_name, track_name, duration_ms, width, height, is_photo, poster, thumbnail, thumbnail_webp,
 * selected, url}. */
json_t *tile_json(const struct app *app, const char *base, const struct publication *work);

/* A work for reviewers: signed preview addresses of this login. */
json_t *review_json(const struct app *app, const struct login *login, const struct submission *submission,
                    struct sql_rows *renditions, int64_t now_ms);
/* Its covers: {clips: [position], moments: {position: ms} that were chosen, pending: the pictures are not made yet}; null where
 * there is no clip, or none is prepared. The caller's. */
json_t *cover_json(const struct submission *submission);
/* Remarks as rows of remark_list. */
json_t *remarks_json(struct sql_rows *rows);
/* The submitter's contact as it is; only after its opening was recorded. */
json_t *contact_json(const struct app *app, const struct submission *submission);
/* Adds word_hits, and a line of checks for each: of the configuration's list and of the administrator's, `own`. */
void review_add_words(const struct app *app, json_t *json, const struct submission *submission,
                      const struct words *own);
/* Decisions as rows of review_history, their reasons by the labels of review_reason_list. */
json_t *history_json(const struct app *app, struct sql_rows *history, const struct sql_rows *reasons);

/* Is the signature of a preview address right and young enough? */
bool preview_is_signed(const struct app *app, const struct login *login, const char *path, const char *until,
                       const char *signature, int64_t now_ms);

/* ISO 8601 in China's time. */
char *time_text(int64_t ms);
