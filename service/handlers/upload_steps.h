/* What both dialects of uploads (tus 1.0.0, RUFH) do with one upload. Disk threads. */
#pragma once

#include "service/http/router.h"
#include "service/model/upload.h"

/* Makes the file and the row, or adopts the upload that the same phone has just made and not heard of. */
bool step_create(struct app *app, struct upload *upload, GError **error);
/* The row of an upload that is still there; free with upload_clear. */
bool step_load(struct app *app, const char *id, struct upload *upload, GError **error);
/* True when the caller holds the upload of the route's :id and must release it. Otherwise *parked, or an error. */
bool step_hold(struct app *app, struct request *request, bool writes, handler *again, struct response **parked,
               GError **error);
/* REASON_UPLOAD_TYPE when the body is of another type. */
bool step_check_type(const struct request *request, const char *type, GError **error);
/* Are its bytes on this node? */
bool step_check_here(const struct app *app, const struct request *request, const struct upload *upload, GError **error);
/* All bytes came, but the store or the database did not take the file then: now it must, or this fails. */
bool step_complete_late(struct app *app, const struct request *request, const struct upload *upload, GError **error);
/* *changed: false when it was known already. */
bool step_set_length(struct app *app, const char *id, int64_t length, bool *changed, GError **error);
/* Gives the upload of the route's :id up: 204. */
struct response *step_abandon(struct app *app, const struct request *request, GError **error);
