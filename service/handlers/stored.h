/* Bytes of the store as an answer by range: a folder's by descriptor, a remote store's piece by piece. */
#pragma once

#include <stdbool.h>

#include "service/app.h"
#include "service/http/request.h"
#include "service/http/response.h"
#include "service/http/transfer.h"

/* True when a handler that is going to ask the store must first move to a transfer thread (transfer.h). */
bool stored_must_move(const struct app *app, const struct request *request);
/* `etag` strong, with its quotes. On a transfer thread where the store is remote. */
struct response *stored_answer(const struct app *app, const struct request *request, const char *key, const char *type,
                               const char *etag, GError **error);
